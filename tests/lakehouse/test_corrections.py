"""What cannot be corrected is said in words, the same for everybody who asks."""

from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from lakehouse.corrections import refusal, standing
from lakehouse.engines.local import no_rows
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.quality import CORRECTIONS
from lakehouse.requests import CorrectRequest

START = datetime(2026, 11, 1, tzinfo=UTC)
ABOUT = {"fleet": "F", "engine": "E", "reason": "borescope"}


def words(*said: dict[str, Any]) -> pl.DataFrame:
    """Rows of bronze/corrections, oldest first: c0, c1, …"""
    base = dict.fromkeys(CORRECTIONS.column_names) | {"fleet": "F", "engine": "E", "cycle": 1}
    rows = [
        base | {"correction_id": f"c{n}", "corrected_at": START + timedelta(hours=n)} | word
        for n, word in enumerate(said)
    ]
    return pl.DataFrame(rows, schema=no_rows(CORRECTIONS).schema)


def asked(action: str, **more: Any) -> CorrectRequest:
    return CorrectRequest.model_validate({"action": action, **ABOUT, **more})


def why_not(request: CorrectRequest, said: pl.DataFrame | None = None) -> str:
    """Of an engine that flew cycles 1 and 2, sensor_4 unusable in the second."""
    values = dict.fromkeys(PROFILE.signal_names, 1.0) | {"sensor_4": [1.0, None]}
    flights = pl.DataFrame({"fleet": "F", "engine": "E", "cycle": [1, 2]} | values)
    return refusal(request, flights, words() if said is None else said, PROFILE)


def correct(cycle: int, old: float | None, new: float, column: str = "sensor_4") -> str:
    changes = {column: {"old": old, "new": new}}
    return why_not(asked("correct", cycle=cycle, changes=changes))


def test_what_stands_as_it_was_seen_can_be_corrected() -> None:
    assert correct(1, 1.0, 2.0) == correct(2, None, 2.0) == ""
    assert why_not(asked("withdraw", cycle=2, until=9)) == ""


def test_what_somebody_changed_meanwhile_cannot() -> None:
    """Both values are named, and what to do."""
    told = correct(1, 3.0, 2.0)
    for word in ("sensor_4 of F/E@1", "reads 1 now, not 3", "meanwhile", "Look at it again"):
        assert word in told
    assert "reads 1 now, not nothing usable" in correct(1, None, 2.0)
    assert "reads nothing usable now, not 1" in correct(2, 1.0, 2.0)


def test_nothing_to_correct_is_said_so() -> None:
    assert correct(1, 1.0, 1.0) == "sensor_4 of F/E@1 reads 1 already"
    assert "no column 'sensor_99'. Known: setting_1" in correct(1, 1.0, 2.0, "sensor_99")
    assert "no flight F/E@3:" in correct(3, 1.0, 2.0)
    assert "no flight F/E@3-4:" in why_not(asked("withdraw", cycle=3, until=4))


def test_a_correction_is_taken_back_once_and_by_itself() -> None:
    """Not a retraction, not a restore, not what is unknown."""
    said = words(
        {"action": "correct", "column": "sensor_4", "new_value": 2.0},
        {"action": "withdraw"},
        {"action": "retract", "retracts": "c1"},
        {"action": "restore"},
    )
    told = [why_not(asked("retract", retracts=f"c{n}"), said) for n in range(5)]
    assert told[0] == ""
    for number, word in enumerate(
        ("taken back before", "a retraction", "restored", "no correct"), 1
    ):
        assert word in told[number]


def test_only_the_newest_of_a_value_stands() -> None:
    """Of a flight's withdrawal too; a value and its flight are two things."""
    value = {"action": "correct", "column": "sensor_4"}
    said = words(value, value, {"action": "withdraw"}, {"action": "withdraw"}, value | {"cycle": 2})
    assert sorted(standing(said)["correction_id"]) == ["c1", "c3", "c4"]


@pytest.mark.parametrize(
    "more",
    [
        {"action": "correct", "cycle": 1},
        {"action": "correct", "changes": {"sensor_4": {"old": 1.0, "new": 2.0}}},
        {"action": "correct", "cycle": 1, "changes": {"sensor_4": {"old": 1.0, "new": "nan"}}},
        {"action": "correct", "cycle": 1, "changes": {"; drop": {"old": 1.0, "new": 2.0}}},
        {"action": "withdraw", "cycle": 5, "until": 4},
        {"action": "withdraw", "cycle": 5},
        {"action": "withdraw", "cycle": 0, "until": 4},
        {"action": "retract"},
        {"action": "retract", "retracts": "c-1", "cycle": 1},
        {"action": "retract", "retracts": "c-1", "reason": " "},
        {"action": "delete", "cycle": 1},
    ],
)
def test_a_request_that_makes_no_sense_is_none(more: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        CorrectRequest.model_validate(ABOUT | more)
