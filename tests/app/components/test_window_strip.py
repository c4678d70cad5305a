"""The window strip: one axis for all engines, near cycles wide, nothing outside of it."""

from hypothesis import given
from hypothesis import strategies as st

from app.components.window_strip import TICKS, place, strip, window_sentence, window_words

CYCLES = st.integers(-50, 500)


def test_every_tick_stands_a_quarter_further() -> None:
    assert [place(tick) for tick in TICKS] == [0, 25, 50, 75, 100]


@given(CYCLES, CYCLES)
def test_later_is_never_further_left_and_nothing_leaves_the_strip(one: int, other: int) -> None:
    first, second = sorted((one, other))
    assert 0 <= place(first) <= place(second) <= 100


def test_an_open_window_runs_to_the_end() -> None:
    bar = strip(60, None, 90.0, "normal")
    assert bar.style == {"--from": "62.5%", "--wide": "37.5%"}  # type: ignore[attr-defined]
    assert "open" in bar.className  # type: ignore[attr-defined]


def test_the_point_estimate_stays_inside_its_window() -> None:
    bar = strip(20, 40, 300.0, "watch")
    assert bar.style["--rul"] == "50.0%"  # type: ignore[attr-defined]


def test_windows_in_words() -> None:
    assert window_words(0, -3) == "passed"
    assert window_sentence(0, -3) == "has outlived its window"
    assert window_words(4, 8) == "4–8"
    assert window_words(4, 4) == "4"
    assert window_words(106, None) == "106+"
    assert window_sentence(4, 8) == "will probably fail in 4–8 cycles"
    assert window_sentence(0, 8) == "will probably fail within 8 cycles"
    assert window_sentence(106, None) == "will probably fly 106 cycles or more"
