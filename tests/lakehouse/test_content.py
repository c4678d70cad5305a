"""The hash of a table's content."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.content import Content, content_of

frames = st.lists(
    st.tuples(
        st.one_of(st.none(), st.text(max_size=8)),
        st.one_of(st.none(), st.floats(allow_nan=True)),
        st.one_of(st.none(), st.integers(-(2**62), 2**62)),
    ),
    max_size=20,
).map(
    lambda rows: pl.DataFrame(rows, {"t": pl.String, "x": pl.Float64, "n": pl.Int64}, orient="row")
)


@given(frames, st.randoms())
def test_the_order_of_rows_and_columns_does_not_matter(frame: pl.DataFrame, random: object) -> None:
    """A reordered table has the same content."""
    shuffled = frame.sample(fraction=1, shuffle=True, seed=random.randrange(2**31))  # type: ignore[attr-defined]
    assert content_of(shuffled.select("n", "t", "x")) == content_of(frame)


@given(frames, frames)
def test_content_is_kept_up_by_adding_and_subtracting(one: pl.DataFrame, two: pl.DataFrame) -> None:
    """What comes is added, what goes is subtracted."""
    both = content_of(pl.concat([one, two]))
    assert both == content_of(one) + content_of(two)
    assert both - content_of(two) == content_of(one)


@given(frames)
def test_content_taken_a_part_at_a_time_is_the_same(frame: pl.DataFrame) -> None:
    """However few rows are looked at together."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("lakehouse.content._ROWS_AT_ONCE", 3)
        parts = content_of(frame)
    assert parts == content_of(frame)


def test_null_empty_text_and_zero_differ() -> None:
    """Nothing, an empty text and a zero are not the same content."""
    texts = [
        content_of(pl.DataFrame({"t": [value]}, {"t": pl.String})) for value in (None, "", "0")
    ]
    numbers = [content_of(pl.DataFrame({"x": [value]}, {"x": pl.Float64})) for value in (None, 0.0)]
    assert len({content.sha256 for content in texts}) == 3
    assert len({content.sha256 for content in numbers}) == 2


def test_a_value_in_another_row_or_column_is_another_content() -> None:
    """Swapping two values changes the hash."""
    frame = pl.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    swapped = pl.DataFrame({"a": [1.0, 2.0], "b": [4.0, 3.0]})
    assert content_of(frame) != content_of(swapped)
    assert content_of(frame) != content_of(frame.rename({"a": "b", "b": "a"}))


def test_a_written_hash_reads_back() -> None:
    """The hexadecimal form names the same content."""
    content = content_of(pl.DataFrame({"a": [1, 2, 3]}))
    assert Content.parse(content.rows, content.sha256) == content
