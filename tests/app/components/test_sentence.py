"""The sentence says what is known and no more."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from app.components.sentence import sentence
from app.queries.fleet import EngineRow
from app.queries.forecasts import Forecasts, Said
from lakehouse.profiles.turbofan import PROFILE

ROW = EngineRow(
    engine="test-034",
    state="act",
    cycle=175,
    probability=0.5,
    window_from=184,
    window_to=202,
    coverage=0.9,
    said_at=175,
    rul=18.0,
    model_id="fd001-7c1e",
    data_status="ok",
    predicted_at=None,
    failed_at=None,
    received_at=None,
    run_id="r",
    cycles_seen=175,
    trend=(),
    why="",
    simulated=False,
)


def said(*windows: tuple[int, int, int | None]) -> Forecasts:
    """Issued windows as (said at, from, to)."""
    cycle = np.array([at for at, _, _ in windows], dtype=np.int64)
    start = np.array([float(start) for _, start, _ in windows])
    end = np.array([np.nan if end is None else float(end) for _, _, end in windows])
    issued = Said(cycle, np.zeros(len(cycle)), start, end, ("m",) * len(cycle))
    none = Said(cycle[:0], start[:0], start[:0], start[:0], ())
    return Forecasts(issued, none, False, None)


def text(part: Any) -> str:
    if isinstance(part, str):
        return part
    children = part.children if isinstance(part.children, list) else [part.children]
    return "".join(text(child) for child in children)


def says(row: EngineRow, forecasts: Forecasts | None = None) -> str:
    return text(sentence(row, forecasts or said(), PROFILE))


def test_a_closed_window() -> None:
    assert says(ROW) == "Will probably fail in 9 to 27 cycles (cycles 184–202, 90 % window)"


@pytest.mark.parametrize(
    ("start", "end", "words"),
    [
        (175, 180, "within 5 cycles"),
        (175, 176, "within 1 cycle"),
        (175, 175, "in this cycle"),
        (179, 179, "in 4 cycles"),
        (176, 177, "in 1 to 2 cycles"),
    ],
)
def test_a_window_that_is_near(start: int, end: int, words: str) -> None:
    found = says(replace(ROW, window_from=start, window_to=end))
    assert found.startswith(f"Will probably fail {words} (")


def test_an_open_window_promises_no_end() -> None:
    found = says(replace(ROW, window_from=237, window_to=None))
    assert found.startswith("Will probably fly 62 cycles or more (90 % window opens at cycle 237")
    assert "fail in" not in found


def test_one_flight_is_said_to_be_one_flight() -> None:
    row = replace(ROW, cycle=1, cycles_seen=1, window_from=106, window_to=None)
    assert says(row).endswith("Said after only one cycle")
    assert says(replace(row, window_from=1)).startswith("After 1 cycle nothing useful can be said")


def test_an_engine_that_flies_on_behind_its_window_is_said_to_have_outlived_it() -> None:
    found = says(replace(ROW, cycle=210))
    assert found == "Has outlived its window: cycles 184–202 (90 % window, said at cycle 175)"


def test_without_a_model_nothing_is_foretold() -> None:
    row = replace(ROW, model_id=None, probability=None, window_from=None, window_to=None)
    assert says(row) == "No forecast yet: no model is live for this fleet"
    assert "blocked" in says(replace(row, data_status="blocked"))


def test_a_failed_engine_says_what_its_windows_were_worth() -> None:
    row = replace(ROW, state="failed", failed_at=190)
    assert says(row) == "Failed at cycle 190 (no window was issued before)"
    assert says(row, said((100, 150, 170))).endswith("(the one issued window did not contain it)")
    four = said((100, 180, None), (120, 185, 200), (140, 191, 199), (150, 190, 190))
    assert says(row, four) == "Failed at cycle 190 (3 of 4 issued windows contained it)"
