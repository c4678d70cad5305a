"""Files with named columns: CSV, JSON lines and Parquet, split into columns."""

import io
import json
from collections.abc import Collection, Sequence
from typing import Any

import orjson
import polars as pl

from pipeline.sources.faults import LIMITS, Limits, Reason, UnreadableError
from pipeline.sources.records import Fields
from pipeline.sources.text import (
    BROKEN,
    RAW_CHARACTERS,
    Lines,
    broken,
    parse_row,
    split_separated,
)

OPTIONAL = ("fleet", "engine")
_SEPARATORS = (",", ";", "\t", "|")


def separated(content: bytes, required: Sequence[str], limits: Limits = LIMITS) -> Fields:
    """A CSV with a header line; the separator is the one that splits the header best.

    Raises:
        UnreadableError: no usable header, or a required column is missing.
    """
    lines = Lines(content)
    separator, header = _header(lines, limits)
    _check_columns(header, required, limits)
    split = split_separated(lines, header, separator, limits)

    def peek(line: int) -> tuple[str | None, str | None]:
        try:
            fields = dict(zip(header, parse_row(lines, line, separator, limits), strict=False))
        except UnreadableError:
            return None, None
        return fields.get("engine"), fields.get("cycle")

    padded = b" " in content or b"\t" in content
    frame, extra, unknown = _apart(_stripped(split.fields) if padded else split.fields, required)
    return Fields(frame, split.broken, lines.peek, peek, extra, unknown)


def parquet(content: bytes, required: Sequence[str], limits: Limits = LIMITS) -> Fields:
    """A Parquet file; its rows are counted from 1.

    Raises:
        UnreadableError: broken, too large as its footer declares it, or a column is missing.
    """
    try:
        lazy = pl.scan_parquet(io.BytesIO(content))
        header = lazy.collect_schema().names()
        _check_columns(header, required, limits)
        rows = lazy.select(pl.len()).collect().item()
        if rows * len(header) > limits.cells:
            raise UnreadableError(
                Reason.TOO_LARGE, f"{rows:,} rows of {len(header)} columns are declared"
            )
        frame = lazy.collect()
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, OSError) as error:
        detail = str(error).partition("\n")[0][:300]
        raise UnreadableError(Reason.BROKEN_FILE, f"no readable Parquet: {detail}") from None
    numbered = frame.with_row_index("line", offset=1).with_columns(pl.col("line").cast(pl.Int64))

    def raw(line: int) -> str:
        return json.dumps(frame.row(line - 1, named=True), default=str)[:RAW_CHARACTERS]

    def peek(line: int) -> tuple[str | None, str | None]:
        row = frame.row(line - 1, named=True)
        return _text(row.get("engine")), _text(row.get("cycle"))

    known, extra, unknown = _apart(_stripped(numbered), required)
    return Fields(known, pl.DataFrame(schema=BROKEN), raw, peek, extra, unknown)


def json_lines(content: bytes, required: Sequence[str], limits: Limits = LIMITS) -> Fields:
    """One JSON object a line; a key that a line lacks is an empty value.

    Raises:
        UnreadableError: no line holds an object, or a required key stands on none of them.
    """
    lines = Lines(content)
    rows, wrong = _objects(lines, limits)
    header = list(dict.fromkeys(name for row in rows.values() for name in row))
    if rows:
        _check_columns(header, required, limits)
    known = [name for name in header if name in required or name in OPTIONAL]
    unknown = tuple(name for name in header if name not in known)
    columns = {name: _column(name, [row.get(name) for row in rows.values()]) for name in known}
    frame = pl.DataFrame({"line": pl.Series(list(rows), dtype=pl.Int64), **columns})
    extra = pl.Series([_extra_of(row, unknown) for row in rows.values()], dtype=pl.String)

    def peek(line: int) -> tuple[str | None, str | None]:
        row = rows.get(line, {})
        return _text(row.get("engine")), _text(row.get("cycle"))

    empty = pl.DataFrame(schema={"line": pl.Int64, **dict.fromkeys(required, pl.String)})
    return Fields(
        _stripped(frame) if rows else empty,
        wrong,
        lines.peek,
        peek,
        extra if unknown else None,
        unknown,
    )


def _header(lines: Lines, limits: Limits) -> tuple[str, list[str]]:
    first = lines.peek(1, limits.line_bytes)
    separator = max(_SEPARATORS, key=first.count)
    return separator, [name.strip() for name in parse_row(lines, 1, separator, limits)]


def _check_columns(header: Sequence[str], required: Collection[str], limits: Limits) -> None:
    if len(header) > limits.columns:
        raise UnreadableError(
            Reason.TOO_LARGE, f"{len(header):,} columns, at most {limits.columns:,} are read"
        )
    if missing := [name for name in required if name not in header]:
        there = ", ".join(repr(name) for name in header[:30])
        raise UnreadableError(
            Reason.MISSING_COLUMN, f"missing: {', '.join(missing)}; there: {there[:500]}"
        )
    reserved = {"line"} & set(header)
    if twice := sorted({name for name in header if header.count(name) > 1} | reserved):
        raise UnreadableError(
            Reason.REPEATED_COLUMN, f"twice in the header, or reserved: {', '.join(twice)[:300]}"
        )


def _stripped(frame: pl.DataFrame) -> pl.DataFrame:
    """Text without blanks around it; null where nothing is left."""
    text = pl.col(pl.String).str.strip_chars()
    return frame.with_columns(pl.when(text != "").then(text).name.keep())


def _apart(
    frame: pl.DataFrame, required: Collection[str]
) -> tuple[pl.DataFrame, pl.Series | None, tuple[str, ...]]:
    """The known columns, the others as one JSON object a row, and the names of these."""
    kept = {"line", *OPTIONAL, *required}
    unknown = tuple(name for name in frame.columns if name not in kept)
    known = frame.select(name for name in frame.columns if name in kept)
    if not unknown:
        return known, None, ()
    shown = [_plain(frame[name]) for name in unknown]
    return known, pl.select(pl.struct(shown).struct.json_encode()).to_series(), unknown


def _plain(column: pl.Series) -> pl.Series:
    """A column that the JSON writer can encode."""
    dtype = column.dtype
    if dtype.is_numeric() or dtype.is_temporal() or dtype in (pl.String, pl.Boolean, pl.Null):
        return column
    texts = [None if value is None else str(value) for value in column.to_list()]
    return pl.Series(column.name, texts, dtype=pl.String)


def _objects(lines: Lines, limits: Limits) -> tuple[dict[int, dict[str, Any]], pl.DataFrame]:
    """Line to object, and the lines that hold none."""
    rows: dict[int, dict[str, Any]] = {}
    wrong = [pl.DataFrame(schema=BROKEN)]
    for line in range(1, len(lines) + 1):
        start, end = int(lines.starts[line - 1]), int(lines.ends[line - 1])
        if end - start > limits.line_bytes:
            detail = f"a line of {end - start:,} bytes, at most {limits.line_bytes:,} are read"
            wrong.append(broken([line], Reason.LINE_TOO_LONG, [detail]))
            continue
        text = lines.content[start:end].strip()
        row = _object(text) if text else {}
        if row is None:
            wrong.append(broken([line], Reason.NOT_JSON, ["no JSON object"]))
        elif text:
            rows[line] = row
    return rows, pl.concat(wrong)


def _object(text: bytes) -> dict[str, Any] | None:
    try:
        row = orjson.loads(text)
    except orjson.JSONDecodeError:
        # Python writes NaN and Infinity, which strict JSON does not know.
        try:
            row = json.loads(text)
        except (ValueError, RecursionError):
            return None
    return row if isinstance(row, dict) else None


def _column(name: str, values: list[Any]) -> pl.Series:
    if name not in OPTIONAL and all(
        value is None or type(value) in (int, float) for value in values
    ):
        return pl.Series(values, dtype=pl.Float64, strict=False)
    return pl.Series([_text(value) for value in values], dtype=pl.String)


def _extra_of(row: dict[str, Any], unknown: Collection[str]) -> str | None:
    extra = {name: row[name] for name in unknown if name in row}
    return json.dumps(extra) if extra else None


def _text(value: object) -> str | None:
    return None if value is None else str(value)
