"""The fleet's ranking, counts, filters and states, worked out on reading."""

from datetime import timedelta
from pathlib import Path

import pytest

from app.queries import pins
from app.queries.fleet import ROWS, Ask, engine_row, fleet_page, fleets, neighbours
from app.queries.held import held
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.snapshots import Pinned
from tests.app.sample_lake import NEWEST, FleetPlan, write_lake

AT = NEWEST + timedelta(hours=1)
LATER = NEWEST + PROFILE.stale_after + timedelta(seconds=1)


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Pinned:
    plans = (
        FleetPlan(failed=4, in_service=ROWS + 20),
        FleetPlan("FD003", failed=0, in_service=3, scored=False),
    )
    lake, _ = write_lake(tmp_path_factory.mktemp("lake"), plans)
    return pins.pinned(lake)


def test_engines_stand_in_the_order_in_which_their_windows_open(pinned: Pinned) -> None:
    page = fleet_page(pinned, PROFILE, Ask("FD001"), AT)
    opens = [row.opens for row in page.rows]
    assert opens == sorted(opens, key=lambda value: value if value is not None else 10**9)
    assert page.next_engine == page.rows[0]


def test_only_one_page_of_rows_leaves_the_query_and_every_engine_is_on_one(
    pinned: Pinned,
) -> None:
    pages = [fleet_page(pinned, PROFILE, Ask("FD001", page=number), AT) for number in (1, 2)]
    assert [len(page.rows) for page in pages] == [ROWS, 20]
    names = [row.engine for page in pages for row in page.rows]
    assert len(set(names)) == ROWS + 20 == pages[0].found == pages[0].in_service


@pytest.mark.parametrize("number", [-3, 0, 3, 10**8])
def test_a_page_that_does_not_exist_is_the_nearest_one(pinned: Pinned, number: int) -> None:
    nearest = 1 if number < 1 else 2
    wanted = fleet_page(pinned, PROFILE, Ask("FD001", page=nearest), AT)
    assert fleet_page(pinned, PROFILE, Ask("FD001", page=number), AT).rows == wanted.rows


def test_states_follow_the_profile(pinned: Pinned) -> None:
    page = fleet_page(pinned, PROFILE, Ask("FD001"), AT)
    for row in page.rows:
        assert row.probability is not None
        assert row.opens is not None
        wanted = "watch" if row.opens <= PROFILE.watch_cycles else "normal"
        wanted = "act" if row.probability >= PROFILE.act_probability else wanted
        assert row.state == wanted
    assert {"act", "watch", "normal"} <= {row.state for row in page.rows}


def test_old_data_hides_a_normal_but_never_an_alarm_or_a_failure(pinned: Pinned) -> None:
    fresh = fleet_page(pinned, PROFILE, Ask("FD001"), AT)
    stale = fleet_page(pinned, PROFILE, Ask("FD001"), LATER)
    assert (fresh.stale, stale.stale) == (False, True)
    assert stale.counts["stale"] == fresh.counts["normal"]
    assert stale.counts["act"] == fresh.counts["act"]
    assert stale.counts["failed"] == fresh.counts["failed"] == 4
    found = fleet_page(pinned, PROFILE, Ask("FD001", state="stale"), LATER)
    assert {row.state for row in found.rows} == {"stale"}
    assert not fleet_page(pinned, PROFILE, Ask("FD001", state="normal"), LATER).rows


def test_a_state_and_a_text_narrow_the_rows(pinned: Pinned) -> None:
    failed = fleet_page(pinned, PROFILE, Ask("FD001", state="failed"), AT)
    assert [row.engine for row in failed.rows] == [f"train-00{n}" for n in range(1, 5)]
    found = fleet_page(pinned, PROFILE, Ask("FD001", text="TEST-10"), AT)
    assert found.found == len(found.rows) == 10
    assert not fleet_page(pinned, PROFILE, Ask("FD001", text="test.10"), AT).rows


def test_before_a_model_engines_are_listed_without_windows(pinned: Pinned) -> None:
    page = fleet_page(pinned, PROFILE, Ask("FD003"), AT)
    assert len(page.rows) == 3
    assert {(row.state, row.opens, row.probability) for row in page.rows} == {
        ("unscored", None, None)
    }
    assert page.next_engine is None
    assert page.model_id is None


def test_an_empty_lake_has_no_fleet_and_no_engine(tmp_path: Path) -> None:
    nothing = pins.pinned(Lake(tmp_path, LocalEngine()))
    assert fleets(nothing) == ()
    assert fleet_page(nothing, PROFILE, Ask("FD001"), AT).rows == ()
    assert engine_row(nothing, PROFILE, "FD001", "test-001", AT) is None
    assert held(nothing, "FD001").share is None


def test_neighbours_are_the_rows_above_and_below(pinned: Pinned) -> None:
    rows = fleet_page(pinned, PROFILE, Ask("FD001"), AT).rows
    assert neighbours(pinned, PROFILE, "FD001", rows[0].engine) == (None, rows[1].engine)
    assert neighbours(pinned, PROFILE, "FD001", rows[5].engine) == (
        rows[4].engine,
        rows[6].engine,
    )
    assert neighbours(pinned, PROFILE, "FD001", "nobody") == (None, None)


def test_windows_that_held_are_counted_over_engines_that_failed(pinned: Pinned) -> None:
    found = held(pinned, "FD001")
    rows = pinned.scan("gold/predictions").collect("polars").rows(named=True)
    status = pinned.scan("gold/engine_status").collect("polars").rows(named=True)
    failed = {row["engine"]: row["failed_at"] for row in status if row["fleet"] == "FD001"}
    windows = [row for row in rows if row["fleet"] == "FD001" and failed[row["engine"]]]
    held_ = [
        row["window_from"] <= failed[row["engine"]]
        and (row["window_to"] is None or failed[row["engine"]] <= row["window_to"])
        for row in windows
    ]
    assert (found.windows, found.held, found.engines) == (len(windows), sum(held_), 2)
    assert found.windows > found.held > 0 or found.windows == found.held


def test_fleets_are_named_in_order(pinned: Pinned) -> None:
    assert fleets(pinned) == ("FD001", "FD003")
