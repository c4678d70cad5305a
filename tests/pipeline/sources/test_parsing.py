"""Every fault of one file ends in one place, and no line is lost or doubled."""

import gzip
import io
import random
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lakehouse.profiles.turbofan import PROFILE
from pipeline.sources.faults import Limits, Reason
from pipeline.sources.parsing import parse
from tests.pipeline.sources.nasa_files import (
    SIGNALS,
    Give,
    as_csv,
    nasa_line,
    nasa_text,
    reasons,
    record,
    with_line,
)

GOOD = nasa_text([5, 4])
CSV = as_csv(GOOD)

# name, content, reason of the rejection, lines that are in quarantine all the same
REJECTED = {
    "empty file": ("train_FD001.txt", "", Reason.EMPTY, 0),
    "only blank lines": ("train_FD001.txt", " \n\n\t\n", Reason.EMPTY, 0),
    "binary junk": ("train_FD001.txt", random.Random(1).randbytes(9_000), Reason.NOT_TEXT, 0),
    "NUL bytes": ("train_FD001.txt", b"\0" * 5_000, Reason.NOT_TEXT, 0),
    "UTF-16": ("train_FD001.txt", GOOD.encode("utf-16"), Reason.NOT_TEXT, 0),
    "no gzip": ("train_FD001.txt.gz", "hello", Reason.BROKEN_ARCHIVE, 0),
    "truncated gzip": (
        "train_FD001.txt.gz",
        gzip.compress(GOOD.encode())[:-20],
        Reason.BROKEN_ARCHIVE,
        0,
    ),
    "flipped bits in gzip": (
        "train_FD001.txt.gz",
        bytes(b ^ (i == 60) for i, b in enumerate(gzip.compress(GOOD.encode()))),
        Reason.BROKEN_ARCHIVE,
        0,
    ),
    "prose": ("train_FD001.txt", "dear engine\nhow are you\n", Reason.NO_USABLE_LINE, 2),
    "25 columns": (
        "train_FD001.txt",
        "\n".join(line.rsplit(maxsplit=1)[0] for line in GOOD.splitlines()),
        Reason.NO_USABLE_LINE,
        9,
    ),
    "truth of words": ("RUL_FD001.txt", "twelve\nthirteen\n", Reason.NO_USABLE_LINE, 2),
}


@pytest.mark.parametrize("case", REJECTED)
def test_a_useless_file_is_rejected_as_a_whole(case: str, give: Give) -> None:
    """Nothing of it goes in; its lines go to quarantine only where they could be told apart."""
    name, content, reason, lines = REJECTED[case]
    parsed = parse(give(name, content), PROFILE)
    assert parsed.rejected is not None
    assert parsed.rejected.reason == reason
    assert parsed.records.is_empty()
    assert parsed.quarantine.height == lines


ONE_LINE = {
    "too few fields": (" ".join(record(1, 3)[:-1]), Reason.FIELD_COUNT),
    "too many fields": (nasa_line(1, 3) + " 7", Reason.FIELD_COUNT),
    "a million fields": ("7 " * 1_000_000, Reason.FIELD_COUNT),
    "text where a number is": (nasa_line(1, 3, "warm"), Reason.NOT_A_NUMBER),
    "a decimal comma": (nasa_line(1, 3, "1,5"), Reason.NOT_A_NUMBER),
    "an underscore": (nasa_line(1, 3, "1_000"), Reason.NOT_A_NUMBER),
    "no engine number": (nasa_line("E1", 3), Reason.BAD_ENGINE),
    "engine 0": (nasa_line(0, 3), Reason.BAD_ENGINE),
    "half a cycle": (nasa_line(1, 3.5), Reason.BAD_CYCLE),
    "cycle 0": (nasa_line(1, 0), Reason.BAD_CYCLE),
    "cycle nan": (nasa_line(1, "nan"), Reason.BAD_CYCLE),
    "an endless cycle": (nasa_line(1, "1e300"), Reason.BAD_CYCLE),
    "NUL bytes": ("\0\0\0", Reason.FIELD_COUNT),
    "latin-1": (nasa_line(1, 3, "h\xe9"), Reason.NOT_A_NUMBER),
}


@pytest.mark.parametrize("case", ONE_LINE)
def test_a_bad_line_costs_only_itself(case: str, give: Give) -> None:
    """That line goes to quarantine with its number and reason, the rest goes in."""
    line, reason = ONE_LINE[case]
    text = with_line(GOOD, 3, line).encode("latin-1")
    parsed = parse(give("train_FD001.txt", text), PROFILE)
    assert parsed.rejected is None
    assert reasons(parsed) == {3: reason}
    assert parsed.records["line"].to_list() == [1, 2, 4, 5, 6, 7, 8, 9]
    row = parsed.quarantine.row(0, named=True)
    assert row["detail"]
    assert len(row["raw"]) <= 2_000


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-Inf", "1e400"])
def test_values_that_are_no_use_are_records_all_the_same(value: str, give: Give) -> None:
    """NaN and infinity stand in bronze as they came."""
    text = with_line(GOOD, 3, nasa_line(1, 3, value))
    parsed = parse(give("train_FD001.txt", text), PROFILE)
    assert parsed.quarantine.is_empty()
    assert not parsed.records["setting_1"].is_finite()[2]


def test_empty_values_are_null(give: Give) -> None:
    """An empty field of a CSV is a record with a null."""
    text = CSV.replace("1.003,", ",")
    parsed = parse(give("a.csv", text, "F", "history"), PROFILE)
    assert parsed.records["setting_1"].null_count() == 1
    assert parsed.quarantine.is_empty()


def test_named_columns_bring_the_same_records(give: Give) -> None:
    """NASA's text, CSV, JSON lines and Parquet of one content differ in engine names only."""
    plain = parse(give("train_FD001.txt", GOOD), PROFILE).records.drop("engine", "line", "extra")
    frame = pl.read_csv(CSV.encode())
    jsonl, parquet = frame.write_ndjson(), give("x.parquet", _parquet(frame), "F", "history")
    for delivered in (
        give("a.csv", CSV, "F", "history"),
        give("b.csv", as_csv(GOOD, ";"), "F", "history"),
        give("c.csv.gz", gzip.compress(CSV.encode()), "F", "history"),
        give("d.jsonl", jsonl, "F", "history"),
        parquet,
    ):
        parsed = parse(delivered, PROFILE)
        assert parsed.records.drop("engine", "line", "extra").equals(plain), delivered.source
        assert parsed.records["engine"].to_list() == ["1"] * 5 + ["2"] * 4


def test_engines_get_their_set_and_three_digits(give: Give) -> None:
    """Numbers of one file never change the names in another one."""
    text = nasa_line(7, 1) + "\n" + nasa_line(1234, 1)
    for name, prefix in (
        ("train_FD001.txt", "train"),
        ("test_FD001.txt", "test"),
        ("final_test.txt", "final"),
    ):
        engines = parse(give(name, text), PROFILE).records["engine"].to_list()
        assert engines == [f"{prefix}-007", f"{prefix}-1234"]


@pytest.mark.parametrize("change", [("sensor_3,", ""), ("sensor_3,", "sensor_three,")])
def test_a_missing_or_renamed_column_rejects_the_file(change: tuple[str, str], give: Give) -> None:
    """The message names the column that is missing; no line is blamed."""
    parsed = parse(give("a.csv", CSV.replace(*change), "F", "history"), PROFILE)
    assert parsed.rejected is not None
    assert parsed.rejected.reason == Reason.MISSING_COLUMN
    assert "missing: sensor_3;" in parsed.rejected.detail
    assert parsed.quarantine.is_empty()


def test_a_header_without_lines_is_rejected(give: Give) -> None:
    """There is no usable line."""
    parsed = parse(give("a.csv", CSV.splitlines()[0], "F", "history"), PROFILE)
    assert parsed.rejected is not None
    assert parsed.rejected.reason == Reason.NO_USABLE_LINE


def test_truth_lines_keep_their_place(give: Give) -> None:
    """One whole number a line; a bad line keeps its number, blank lines at the end are none."""
    parsed = parse(give("RUL_FD001.txt", "112 \n-3 \n0 \n\n\n"), PROFILE)
    assert parsed.records["remaining"].to_list() == [112, 0]
    assert parsed.records["line"].to_list() == [1, 3]
    assert reasons(parsed) == {2: Reason.BAD_REMAINING}


def test_a_file_that_changes_after_it_was_found_is_rejected(give: Give) -> None:
    """The content that was announced is the content that goes in."""
    delivered = give("train_FD001.txt", GOOD)
    give("train_FD001.txt", GOOD + nasa_line(2, 5))
    parsed = parse(delivered, PROFILE)
    assert parsed.rejected is not None
    assert parsed.rejected.reason == Reason.CHANGED


def test_a_byte_order_mark_and_windows_line_ends_do_no_harm(give: Give) -> None:
    """Neither becomes part of a value or of a name."""
    text = "\ufeff" + CSV.replace("\n", "\r\n")
    parsed = parse(give("a.csv", text, "F", "history"), PROFILE)
    assert parsed.records.height == 9
    assert parsed.quarantine.is_empty()


def test_limits_hold(give: Give) -> None:
    """Lines, columns and cells over the limit are refused before they cost anything."""
    tight = Limits(line_bytes=100, columns=20, cells=50)
    long = parse(give("train_FD001.txt", GOOD), PROFILE, tight)
    assert set(reasons(long).values()) == {Reason.LINE_TOO_LONG}
    wide = parse(give("a.csv", CSV, "F", "history"), PROFILE, Limits(columns=20))
    assert wide.rejected is not None
    assert wide.rejected.reason == Reason.TOO_LARGE
    parquet = _parquet(pl.read_csv(CSV.encode()))
    many = parse(give("a.parquet", parquet, "F", "history"), PROFILE, Limits(cells=50))
    assert many.rejected is not None
    assert many.rejected.reason == Reason.TOO_LARGE


FAULTS = st.sampled_from(
    [
        ("drop", Reason.FIELD_COUNT),
        ("add", Reason.FIELD_COUNT),
        ("word", Reason.NOT_A_NUMBER),
        ("cycle", Reason.BAD_CYCLE),
        ("engine", Reason.BAD_ENGINE),
    ]
)


def _spoil(fields: list[str], fault: str) -> list[str]:
    match fault:
        case "drop":
            return fields[:-1]
        case "add":
            return [*fields, "1"]
        case "word":
            return [*fields[:5], "x1", *fields[6:]]
        case "cycle":
            return [fields[0], "-2", *fields[2:]]
        case _:
            return ["", *fields[1:]]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    values=st.lists(
        st.floats(allow_nan=False, allow_infinity=False, width=64), min_size=1, max_size=40
    ),
    planted=st.dictionaries(st.integers(0, 39), FAULTS, max_size=10),
    blanks=st.integers(1, 3),
    named=st.booleans(),
)
def test_nothing_is_lost_or_doubled(
    values: list[float],
    planted: dict[int, tuple[str, Reason]],
    blanks: int,
    named: bool,
    give: Give,
) -> None:
    """Wherever faults are planted: each is found there, and every other line arrives exactly."""
    rows = [record(1, cycle, repr(value)) for cycle, value in enumerate(values, 1)]
    faults = {i: fault for i, fault in planted.items() if i < len(rows)}
    if not named:  # an empty field is no field between blanks
        faults = {i: fault for i, fault in faults.items() if fault[0] != "engine"}
    spoiled = [_spoil(row, faults[i][0]) if i in faults else row for i, row in enumerate(rows)]
    separator = "," if named else " " * blanks
    lines = [separator.join(row) for row in spoiled]
    if named:
        lines.insert(0, ",".join(("engine", "cycle", *SIGNALS)))
        delivered = give("a.csv", "\n".join(lines), "F", "history")
    else:
        delivered = give("train_FD001.txt", "\n".join(lines) + "\n")
    parsed = parse(delivered, PROFILE)
    offset = 2 if named else 1
    assert reasons(parsed) == {i + offset: reason for i, (_, reason) in faults.items()}
    kept = [i for i in range(len(rows)) if i not in faults]
    assert parsed.records["line"].to_list() == [i + offset for i in kept]
    assert parsed.records["setting_1"].to_list() == [values[i] for i in kept]
    assert (parsed.rejected is not None) == (not kept)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.one_of(st.binary(max_size=600), st.text(max_size=300).map(str.encode)),
    name=st.sampled_from(["train_FD001.txt", "RUL_FD001.txt", "a.csv", "a.jsonl", "a.parquet"]),
)
def test_no_content_raises(content: bytes, name: str, give: Give) -> None:
    """Whatever a file holds, the answer is a record of it, not an exception."""
    header = b",".join(name.encode() for name in ("engine", "cycle", *SIGNALS)) + b"\n"
    for body in (content, header + content):
        parsed = parse(give(name, body, "F", "truth" if "RUL" in name else "history"), PROFILE)
        assert parsed.records.height == 0 or parsed.rejected is None


# rows, engines, longest life
REAL = {
    "cmapss/train_FD001.txt.gz": (20_631, 100, 362),
    "cmapss/test_FD001.txt.gz": (13_096, 100, 303),
    "cmapss/train_FD002.txt.gz": (53_759, 260, 378),
    "cmapss/test_FD002.txt.gz": (33_991, 259, 367),
    "phm08/train_5digits.txt.gz": (45_918, 218, 357),
    "phm08/test_truncated.txt.gz": (15_996, 218, 321),
}


@pytest.mark.nasa
@pytest.mark.parametrize("name", REAL)
def test_real_files_arrive_whole(name: str, give: Give, nasa: Path) -> None:
    """Rows, engines and cycles as NASA's data README counts them; every value a number."""
    content = (nasa / name).read_bytes()
    parsed = parse(give(name.rpartition("/")[2], content), PROFILE)
    records = parsed.records
    assert parsed.quarantine.is_empty()
    assert (records.height, records["engine"].n_unique(), records["cycle"].max()) == REAL[name]
    values = records.select(SIGNALS).to_numpy()
    expected = [[float(x) for x in line.split()[2:]] for line in _lines(content, 200)]
    assert (values[:200] == expected).all()


@pytest.mark.nasa
def test_real_truth_arrives_whole(give: Give, nasa: Path) -> None:
    """FD002's truth: 259 numbers, 6 to 194."""
    content = (nasa / "cmapss/RUL_FD002.txt.gz").read_bytes()
    remaining = parse(give("RUL_FD002.txt.gz", content), PROFILE).records["remaining"]
    assert (remaining.len(), remaining.min(), remaining.max()) == (259, 6, 194)


def _lines(content: bytes, count: int) -> list[str]:
    return gzip.decompress(content).decode().splitlines()[:count]


def _parquet(frame: pl.DataFrame) -> bytes:
    target = io.BytesIO()
    frame.write_parquet(target)
    return target.getvalue()
