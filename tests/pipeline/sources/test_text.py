"""Lines of text become fields: the fast way and the plain way say the same."""

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.sources import text
from pipeline.sources.text import Lines, split_blanks, split_separated

NAMES = ("a", "b", "c")
FIELD = st.text("xyz0.-é", min_size=1, max_size=4)
GAP = st.text(" \t", min_size=1, max_size=3)


@st.composite
def _ragged(draw: st.DrawFn) -> str:
    lines = []
    for _ in range(draw(st.integers(0, 12))):
        fields = draw(st.lists(FIELD, max_size=5))
        line = draw(st.sampled_from(["", " "])) + "".join(f + draw(GAP) for f in fields)
        lines.append(line + draw(st.sampled_from(["", "\r"])))
    return "\n".join(lines) + draw(st.sampled_from(["", "\n"]))


@settings(max_examples=200, deadline=None)
@given(_ragged())
def test_blanks_split_as_python_splits(content: str) -> None:
    """Every line is good, bad or blank, exactly as str.split tells."""
    split = split_blanks(Lines(content.encode()), NAMES)
    by_hand = [line.split() for line in content.split("\n")]
    good = [(i, *row) for i, row in enumerate(by_hand, 1) if len(row) == 3]
    bad = [i for i, row in enumerate(by_hand, 1) if row and len(row) != 3]
    assert split.fields.rows() == good
    assert split.broken["line"].to_list() == bad


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(st.text('x"é ', max_size=4), min_size=2, max_size=4), max_size=10))
def test_quoted_fields_are_what_was_written(rows: list[list[str]]) -> None:
    """A field may hold separators and quotes when it is quoted."""

    def quoted(field: str) -> str:
        return '"' + field.replace('"', '""') + ',"' if field else ""

    lines = ["a,b,c", *(",".join(quoted(field) for field in row) for row in rows)]
    split = split_separated(Lines("\n".join(lines).encode()), NAMES, ",")
    good = [
        (i, *(f"{field}," if field else None for field in row))
        for i, row in enumerate(rows, 2)
        if len(row) == 3
    ]
    assert split.fields.rows() == good
    assert split.fields.height + split.broken.height == len(rows)


def test_large_texts_are_cut_between_lines(monkeypatch) -> None:  # type: ignore[no-untyped-def]
    """Block by block, a text gives the same fields and line numbers."""
    content = "".join(f"{i} {i * 2} {i * 3}\n" + "odd\n" * (i % 7 == 0) for i in range(500))
    whole = split_blanks(Lines(content.encode()), NAMES)
    monkeypatch.setattr(text, "_BLOCK", 100)
    pieces = split_blanks(Lines(content.encode()), NAMES)
    assert pieces.fields.equals(whole.fields)
    assert pieces.broken.equals(whole.broken)
    assert whole.broken.height == 72


def test_a_peek_shows_what_cannot_be_printed() -> None:
    """Control characters and broken UTF-8 are escaped, long lines cut."""
    lines = Lines(b"a\x00\x1b\xff\r\n" + b"x" * 9_000)
    assert lines.peek(1) == "a\\x00\\x1b\\xff"
    assert lines.peek(2) == "x" * 2_000
