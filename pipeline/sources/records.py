"""Fields into typed records: what is no number where one belongs sets its line aside."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import polars as pl

from lakehouse.profiles import Profile
from pipeline.sources import nasa
from pipeline.sources.delivered import Delivered
from pipeline.sources.faults import Fault, Reason
from pipeline.sources.text import BROKEN

QUARANTINE = {
    "line": pl.Int64,
    "raw": pl.String,
    "reason": pl.String,
    "detail": pl.String,
    "engine": pl.String,
    "cycle": pl.Int64,
}
LONGEST_NAME = 128
_MOST = 2**53
_SHOWN = 60


@dataclass(frozen=True)
class Fields:
    """A delivery split into columns, before any type was looked at.

    Attributes:
        frame: ``line``, then the known columns: text without outer blanks (null where nothing is
            left), or the numbers of a columnar file.
        broken: ``line``, ``reason``, ``detail`` of lines that could not be split.
        raw: what stood on a line, cut to 2,000 characters.
        peek: engine and cycle of a line that goes to quarantine, as far as they can be read.
        extra: the unknown columns of each line as one JSON object, None when there are none.
        unknown: names of these columns.
    """

    frame: pl.DataFrame
    broken: pl.DataFrame
    raw: Callable[[int], str]
    peek: Callable[[int], tuple[str | None, str | None]]
    extra: pl.Series | None = None
    unknown: tuple[str, ...] = ()


@dataclass(frozen=True)
class Parsed:
    """What one delivery holds.

    Attributes:
        records: ``line``, ``engine``, ``cycle``, settings and sensors (float64, null where empty,
            NaN and infinity as they came), ``extra`` (JSON); of a truth file ``line``, ``engine``
            (null where only the order says it), ``remaining``.
        quarantine: ``line``, ``raw``, ``reason``, ``detail``, and ``engine`` and ``cycle`` where
            they can still be read.
        rejected: why nothing of it is taken, else None.
        unknown_columns: columns that no contract knows.
    """

    records: pl.DataFrame
    quarantine: pl.DataFrame
    rejected: Fault | None = None
    unknown_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Check:
    """One column, its value per line, and which lines it spoils."""

    value: pl.Expr
    bad: pl.Expr
    reason: Reason
    detail: str


def readings(fields: Fields, delivered: Delivered, profile: Profile) -> Parsed:
    """Records of a history or in-service delivery."""
    checks = [
        _engine(fields.frame, delivered),
        _whole("cycle", fields.frame, 1, Reason.BAD_CYCLE),
        *_same_fleet(fields.frame, delivered.fleet),
        *(_number(name, fields.frame) for name in profile.signal_names),
    ]
    extra = pl.lit(None, pl.String) if fields.extra is None else fields.extra
    typed, quarantine = _checked(fields, checks, delivered, extra.alias("extra"))
    names = ("line", "engine", "cycle", *profile.signal_names, "extra")
    return Parsed(typed.select(names), quarantine, unknown_columns=fields.unknown)


def remainders(fields: Fields, delivered: Delivered) -> Parsed:
    """Records of a truth delivery: one whole number a line, or columns engine and remaining."""
    checks = [
        _whole("remaining", fields.frame, 0, Reason.BAD_REMAINING),
        *_same_fleet(fields.frame, delivered.fleet),
    ]
    nameless = "engine" not in fields.frame.columns
    if not nameless:
        checks.append(_engine(fields.frame, delivered))
    also = [pl.lit(None, pl.String).alias("engine")] if nameless else []
    typed, quarantine = _checked(fields, checks, delivered, *also)
    return Parsed(typed.select("line", "engine", "remaining"), quarantine)


def _checked(
    fields: Fields, checks: Sequence[_Check], delivered: Delivered, *also: pl.Expr | pl.Series
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The good lines with typed columns, and the quarantine rows of the others."""
    flags = [f"_bad_{i}" for i in range(len(checks))]
    typed = (
        fields.frame.lazy()
        .select(
            "line",
            *(check.value for check in checks),
            *(c.bad.fill_null(False).alias(f) for c, f in zip(checks, flags, strict=True)),
            *also,
        )
        .with_columns(pl.any_horizontal(flags).alias("_bad"))
        .collect()
    )
    spoiled = _spoiled(fields.frame, typed.select("_bad", *flags), checks)
    lines = pl.concat([fields.broken, spoiled]).sort("line")
    return typed.filter(~pl.col("_bad")), _quarantine(fields, lines, delivered)


def _spoiled(frame: pl.DataFrame, flags: pl.DataFrame, checks: Sequence[_Check]) -> pl.DataFrame:
    """The first fault of each spoiled line."""
    rows, marks = frame.filter(flags["_bad"]), flags.filter("_bad").drop("_bad")
    found = []
    for row, mark in zip(rows.iter_rows(named=True), marks.iter_rows(), strict=True):
        check = checks[mark.index(True)]
        name = check.value.meta.output_name()
        shown = "empty" if row[name] is None else repr(row[name])[:_SHOWN]
        found.append((row["line"], check.reason.value, f"{name} is {shown}, {check.detail}"))
    return pl.DataFrame(found, schema=BROKEN, orient="row")


def _quarantine(fields: Fields, lines: pl.DataFrame, delivered: Delivered) -> pl.DataFrame:
    if lines.is_empty():
        return pl.DataFrame(schema=QUARANTINE)
    numbers = lines["line"].to_list()
    placed = [_place(*fields.peek(line), delivered) for line in numbers]
    return lines.with_columns(
        raw=pl.Series([fields.raw(line) for line in numbers], dtype=pl.String),
        engine=pl.Series([engine for engine, _ in placed], dtype=pl.String),
        cycle=pl.Series([cycle for _, cycle in placed], dtype=pl.Int64),
    ).select(*QUARANTINE)


def _place(
    engine: str | None, cycle: str | None, delivered: Delivered
) -> tuple[str | None, int | None]:
    """Engine and cycle of a line that went to quarantine, where both still make sense."""
    at = _whole_text(cycle)
    if delivered.layout == "numbered":
        number = _whole_text(engine)
        named = None if number is None else nasa.engine_name(delivered.prefix, number)
        return (named, at) if named and at else (None, None)
    return (engine, at) if engine and at else (None, None)


def _whole_text(text: str | None) -> int | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return int(value) if value.is_integer() and 1 <= value <= _MOST else None


def _engine(frame: pl.DataFrame, delivered: Delivered) -> _Check:
    if delivered.layout == "numbered":
        check = _whole("engine", frame, 1, Reason.BAD_ENGINE)
        digits = check.value.cast(pl.String).str.zfill(3)
        named = pl.concat_str(pl.lit(f"{delivered.prefix}-"), digits).alias("engine")
        return _Check(named, check.bad, check.reason, check.detail)
    name = pl.col("engine").cast(pl.String, strict=False)
    empty = name.is_null() | (name == "")
    odd = (name.str.len_chars() > LONGEST_NAME) | name.str.contains(r"[\p{C}/@]")
    detail = f"a name of 1 to {LONGEST_NAME} visible characters without / and @ expected"
    return _Check(name.alias("engine"), empty | odd, Reason.BAD_ENGINE, detail)


def _same_fleet(frame: pl.DataFrame, fleet: str) -> list[_Check]:
    if "fleet" not in frame.columns:
        return []
    name = pl.col("fleet").cast(pl.String, strict=False)
    detail = f"{fleet!r} or nothing expected"
    return [_Check(name.alias("fleet"), name != fleet, Reason.OTHER_FLEET, detail)]


def _whole(name: str, frame: pl.DataFrame, least: int, reason: Reason) -> _Check:
    number, _ = _as_float(name, frame)
    whole = (number == number.floor()) & number.is_between(least, _MOST)
    return _Check(
        pl.when(whole).then(number).cast(pl.Int64).alias(name),
        ~whole.fill_null(False),
        reason,
        f"a whole number from {least} on expected",
    )


def _number(name: str, frame: pl.DataFrame) -> _Check:
    number, bad = _as_float(name, frame)
    return _Check(number.alias(name), bad, Reason.NOT_A_NUMBER, "a number expected")


def _as_float(name: str, frame: pl.DataFrame) -> tuple[pl.Expr, pl.Expr]:
    """A column as float64, and the lines where something stands that is none."""
    column, dtype = pl.col(name), frame.schema[name]
    if dtype == pl.String:
        number = column.cast(pl.Float64, strict=False)
        return number, number.is_null() & column.is_not_null()
    if dtype.is_numeric() or dtype == pl.Null:
        return column.cast(pl.Float64), pl.lit(False)
    return pl.lit(None, pl.Float64), column.is_not_null()
