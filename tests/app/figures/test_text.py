"""Text that plotly draws as it is written."""

from app.figures.text import LONGEST, plain, shortened


def test_markup_and_entities_stay_what_they_are() -> None:
    assert plain("<b>1 & 2</b>") == "&lt;b&gt;1 &amp; 2&lt;/b&gt;"
    assert plain("&lt;") == "&amp;lt;"
    assert plain("train_FD001.txt") == "train_FD001.txt"


def test_a_long_text_keeps_its_beginning_and_its_end() -> None:
    text = "abcdefghijklmnopqrstuvwxyz"
    assert shortened(text) == "abcdefghijkl…pqrstuvwxyz"
    assert len(shortened("x" * 999)) == LONGEST
    assert shortened(text[:LONGEST]) == text[:LONGEST]
