"""Limits in force, replaced and lifted."""

from datetime import timedelta
from pathlib import Path

from app.queries.limits import limits, one
from app.services import Services
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.snapshots import pin
from tests.app.decided_lake import FLEET
from tests.app.sample_lake import NEWEST


def test_the_newest_of_a_sensor_and_regime_holds_and_the_others_stay_told(
    decided: Services,
) -> None:
    known = limits(decided.pinned(), FLEET)
    assert [(limit.limit_id, limit.standing) for limit in known] == [
        ("l-now", "in force"), ("l-none", "lifted"), ("l-before", "replaced"),
        ("l-old", "replaced"),
    ]  # fmt: skip
    assert not limits(decided.pinned(), "FD002")


def test_limits_stand_as_they_stood_then(decided: Services) -> None:
    then = limits(decided.pinned(), FLEET, NEWEST - timedelta(days=1))
    assert [(limit.limit_id, limit.standing) for limit in then] == [
        ("l-before", "in force"), ("l-old", "in force"),
    ]  # fmt: skip


def test_a_limit_is_found_by_its_name(decided: Services) -> None:
    found = one(decided.pinned(), "l-now")
    assert found is not None
    assert found.reason == "too wide"
    assert one(decided.pinned(), "l-absent") is None


def test_before_the_first_limit_there_is_none(tmp_path: Path) -> None:
    assert limits(pin(Lake(tmp_path, LocalEngine())), FLEET) == ()
