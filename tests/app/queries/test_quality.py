"""The data quality page's read model: verdicts, filters, pages, the overview."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.queries import anomalies, deliveries
from app.queries.deliveries import file_name
from app.queries.quality import ANOMALIES_SHOWN, COLUMNS_SHOWN, Ask, quality_page
from app.services import Services
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.snapshots import pin
from tests.app.decided_lake import FLEET, UNIT, WHY, anomaly, delivery, put, snapshot


def names(page_of: tuple[anomalies.Anomaly, ...]) -> set[str]:
    return {each.anomaly_id for each in page_of}


def test_deliveries_come_newest_first_with_verdict_and_findings(decided: Services) -> None:
    page = quality_page(decided.pinned(), Ask())
    times = [each.received_at for each in page.deliveries if each.received_at]
    assert len(times) == len(page.deliveries)
    assert times == sorted(times, reverse=True)
    told = {each.delivery_id: each for each in page.deliveries}
    blocked = told["d-blocked"]
    assert (blocked.state, blocked.errors, blocked.warnings) == ("blocked", 1, 2)
    assert (blocked.name, blocked.reason) == ("d-blocked.txt", WHY)
    assert (told["d-warned"].errors, told["d-warned"].warnings) == (0, 3)
    assert page.states == {
        "accepted": 6, "blocked": 1, "rejected": 1, "duplicate": 1, "withdrawn": 1,
    }  # fmt: skip


def test_a_file_is_called_by_its_name_and_its_member() -> None:
    assert file_name("/data/landing/odd.csv") == file_name("odd.csv", None) == "odd.csv"
    assert file_name("/data/set.zip", "inner/train_FD001.txt") == "set.zip/inner/train_FD001.txt"
    assert file_name("/data/odd.csv.gz", "odd.csv.gz") == "odd.csv.gz"
    assert file_name(None, "") == ""


def test_deliveries_are_narrowed_by_state_and_fleet(decided: Services) -> None:
    pinned = decided.pinned()
    page = quality_page(pinned, Ask(state="blocked"))
    assert [each.delivery_id for each in page.deliveries] == ["d-blocked"]
    assert page.states["accepted"] == 6
    other = quality_page(pinned, Ask(fleet="FD002"))
    assert {each.fleet for each in other.deliveries} == {"FD002"}
    assert not other.anomalies


@pytest.mark.parametrize(
    ("ask", "found"),
    [
        (Ask(severity="error"), {"a-unit", "a-gone"}),
        (Ask(type="stuck"), {"a-stuck"}),
        (Ask(column="sensor_2"), {"a-unit", "a-fleet", "a-gone"}),
        (Ask(column="-"), {"a-gap"}),
        (Ask(engine="test-002"), {"a-limit", "a-gap"}),
        (Ask(engine="TEST-00"), {"a-unit", "a-gone", "a-limit", "a-gap", "a-stuck"}),
        (Ask(delivery="d-blocked"), {"a-unit", "a-fleet", "a-hostile"}),
        (Ask(delivery="d-blocked", severity="warning"), {"a-fleet", "a-hostile"}),
        (Ask(engine="no such engine"), set()),
        (Ask(type="' OR 1=1"), set()),
    ],
)
def test_anomalies_are_narrowed(decided: Services, ask: Ask, found: set[str]) -> None:
    page = quality_page(decided.pinned(), ask)
    assert names(page.anomalies) == found
    assert page.found == len(found)


def test_errors_come_before_warnings(decided: Services) -> None:
    found = quality_page(decided.pinned(), Ask()).anomalies
    assert [each.severity for each in found] == ["error"] * 2 + ["warning"] * 5


def test_the_overview_counts_what_the_filter_leaves_whatever_cell_is_chosen(
    decided: Services,
) -> None:
    page = quality_page(decided.pinned(), Ask(type="stuck", column="sensor_11"))
    assert page.found == 1
    assert page.overview.counts["unit_change", "sensor_2"] == (2, 0)
    assert page.overview.counts["gap", None] == (0, 1)
    assert page.overview.columns[1:] == ("sensor_2", "sensor_3", "sensor_11", None)
    assert page.overview.types[0] == "unit_change"


def test_what_a_url_says_is_taken_as_far_as_it_makes_sense() -> None:
    query = {"engine": " test-001 ", "page": "-1", "deliveries": "3", "type": "x" * 500, "z": "1"}
    ask = Ask.of(query)
    assert (ask.engine, ask.page, ask.deliveries, len(ask.type)) == ("test-001", 1, 3, 200)
    assert Ask.of(ask.to(page=2, deliveries=3)) == replace(ask, page=2)
    assert Ask().to() == {}


def test_engines_are_told_of_what_stands_and_not_of_what_was_taken_out(decided: Services) -> None:
    pinned = decided.pinned()
    counts = anomalies.by_engine(pinned, FLEET)
    assert {name: (c.errors, c.warnings) for name, c in counts.items()} == {
        "test-001": (1, 1), "test-002": (0, 2),
    }  # fmt: skip
    assert counts["test-001"].worst == UNIT
    found = names(anomalies.of_engine(pinned, FLEET, "test-001"))
    assert found == {"a-unit", "a-stuck", "a-fleet", "a-hostile"}
    assert not anomalies.by_engine(pinned, "FD002")


def test_what_is_blocked_of_a_fleet(decided: Services) -> None:
    blocked = deliveries.blocked(decided.pinned(), FLEET)
    assert blocked is not None
    assert (blocked.count, blocked.newest.delivery_id) == (1, "d-blocked")
    assert deliveries.blocked(decided.pinned(), "FD002") is None


def test_an_empty_lake_has_no_verdicts(tmp_path: Path) -> None:
    page = quality_page(pin(Lake(tmp_path, LocalEngine())), Ask(engine="x"))
    assert not page.any_at_all
    assert (page.deliveries, page.anomalies, page.found) == ((), (), 0)


def test_an_older_snapshot_knows_nothing_of_later_findings(decided: Services) -> None:
    page = quality_page(decided.pinned(1), Ask())
    assert not page.anomalies
    assert {each.state for each in page.deliveries} == {"accepted"}


def test_pages_and_columns_are_bounded(tmp_path: Path) -> None:
    lake = Lake(tmp_path, LocalEngine())
    put(lake, "bronze/deliveries", [delivery("d-1", "accepted")])
    rows = [
        anomaly(f"a-{n:03d}", "warning", "SCHEMA_NEW_COLUMN", "new", column=f"c{n}",
                delivery_id="d-1")
        for n in range(60)
    ]  # fmt: skip
    put(lake, "quality/anomalies", rows)
    snapshot(lake)
    first, last = (quality_page(pin(lake), Ask(page=page)) for page in (1, 999))
    assert (len(first.anomalies), len(last.anomalies)) == (ANOMALIES_SHOWN, 10)
    assert len(first.overview.columns) == COLUMNS_SHOWN
    assert first.overview.left_out == 60 - COLUMNS_SHOWN
