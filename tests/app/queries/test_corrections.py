"""What was said of an engine's rows, what of it holds, and which forecasts it outdates."""

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from app.components.corrections_card import correction_words
from app.queries import pins
from app.queries.corrections import corrections, reading
from app.queries.engine import Name, engine_view
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.snapshots import Pinned
from tests.app.corrected_lake import ENGINE, FLEET, write_corrected
from tests.app.sample_lake import NEWEST


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Pinned:
    lake, _ = write_corrected(tmp_path_factory.mktemp("lake"))
    return pins.pinned(lake)


def test_each_decision_says_whether_it_holds(pinned: Pinned) -> None:
    """The newest first; what was replaced can still be taken back, what was taken back cannot."""
    said = corrections(pinned, FLEET, ENGINE)
    told = [(one.correction_id, one.standing, one.can_be_taken_back) for one in said]
    assert told == [
        ("c-back", "said", False),
        ("c-gone", "taken back", False),
        ("c-second", "holds", True),
        ("c-first", "replaced", True),
    ]
    assert [correction_words(one, PROFILE) for one in said] == [
        "c-gone taken back",
        "cycles 3–4 withdrawn",
        "T50 at cycle 9: 1300 → 1310.5 °R",
        "T50 at cycle 9: 1400 → 1300 °R",
    ]
    assert corrections(pinned, FLEET, "test-002") == ()


def test_a_value_is_read_as_silver_says_it(pinned: Pinned) -> None:
    rows = pinned.scan("silver/readings").collect("polars").to_native()
    found = reading(pinned, (FLEET, ENGINE, 9), "sensor_4")
    assert found is not None
    one = rows.filter(fleet=FLEET, engine=ENGINE, cycle=9)
    assert (found.value, found.corrected) == (one["sensor_4"][0], False)
    unusable = reading(pinned, (FLEET, "test-003", 20), "sensor_4")
    assert unusable is not None
    assert unusable.value is None
    assert reading(pinned, (FLEET, ENGINE, 9999), "sensor_4") is None


def test_forecasts_from_rows_that_are_no_more_name_the_decisions(pinned: Pinned) -> None:
    """Those of the engine whose rows changed up to their cycle; before the decisions none was."""
    view = engine_view(pinned, PROFILE, Name(FLEET, ENGINE, Path("no")), NEWEST + timedelta(1))
    assert view is not None
    issued = view.forecasts.issued
    assert issued.is_outdated.all()
    assert set(issued.outdated) == {("c-first", "c-second", "c-gone", "c-back")}
    assert view.forecasts.newest is not None
    assert view.forecasts.newest.outdated_by == issued.outdated[-1]
    other = engine_view(pinned, PROFILE, Name(FLEET, "test-002", Path("no")), NEWEST)
    before = engine_view(
        pins.pinned(pinned.lake, 1), PROFILE, Name(FLEET, ENGINE, Path("no")), NEWEST
    )
    for one in (other, before):
        assert one is not None
        assert not np.any(one.forecasts.issued.is_outdated)
        assert one.corrections == ()
