"""Rows as files that spreadsheets and programs open."""

import csv
import io

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.row_files import csv_chunks


@given(st.lists(st.text(max_size=12), min_size=1, max_size=5), st.floats(allow_nan=False))
def test_no_cell_of_a_csv_is_a_formula(texts: list[str], number: float) -> None:
    """Text comes back as it was, or with one apostrophe in front; numbers stay numbers."""
    texts = [text.replace("\0", "") for text in texts]
    frame = pl.LazyFrame({"text": texts, "number": [number] * len(texts)})
    told = b"".join(csv_chunks(frame)).decode()
    found = list(csv.reader(io.StringIO(told, newline="")))[1:]
    for text, (cell, value) in zip(texts, found, strict=True):
        assert cell in (text, f"'{text}")
        assert float(value) == number
        if cell and cell[0] in "=+-@\t\r\n":
            float(cell)  # only a plain number may begin with a sign


def test_formulas_are_disarmed_and_numbers_are_not() -> None:
    """The classic ones."""
    texts = ["=1+1", "+SUM(A1)", "-2+3", "@cmd", "\t=x", "-5.2", "plain", "", None]
    lines = b"".join(csv_chunks(pl.LazyFrame({"reason": texts}))).decode().splitlines()
    assert lines[0] == "reason"
    assert lines[1:5] == ['"\'=1+1"', '"\'+SUM(A1)"', '"\'-2+3"', '"\'@cmd"']
    assert lines[5:] == ['"\'\t=x"', '"-5.2"', '"plain"', '""', ""]


def test_no_rows_are_a_head() -> None:
    """Also where a filter leaves none."""
    none = pl.LazyFrame({"engine": ["a"], "cycle": [1]}).filter(pl.col("cycle") > 1)
    assert b"".join(csv_chunks(none)) == b"engine,cycle\n"
