"""What stands against one engine, and at which of its flights."""

from pathlib import Path

from app.queries.engine import Name, engine_view
from app.queries.engine_findings import marks
from app.services import Services
from lakehouse.clock import now
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.snapshots import pin
from tests.app.decided_lake import FLEET, anomaly, delivery, put, snapshot


def test_own_findings_come_at_their_flights_and_what_blocks_comes_first(
    decided: Services,
) -> None:
    found = marks(decided.pinned(), FLEET, "test-001", {})
    assert found[0].anomaly.anomaly_id == "a-unit"
    assert found[0].anomaly.blocks
    spans = {mark.anomaly.anomaly_id: mark.span for mark in found}
    assert spans["a-unit"] == (210, 240)
    assert spans["a-stuck"] == (10, 21)


def test_a_finding_of_several_engines_concerns_those_that_the_delivery_brought(
    decided: Services,
) -> None:
    pinned = decided.pinned()
    for engine, concerned in (("test-003", True), ("test-004", False)):
        names = {mark.anomaly.anomaly_id for mark in marks(pinned, FLEET, engine, {})}
        assert ("a-fleet" in names) is concerned


def test_a_finding_of_several_engines_is_cut_to_the_flights_of_this_one(tmp_path: Path) -> None:
    lake = Lake(tmp_path, LocalEngine())
    put(lake, "bronze/deliveries", [delivery("d-1", "accepted")])
    wide = {"delivery_id": "d-1", "column": "sensor_2"}
    rows = [
        anomaly("a-1", "warning", "spike", "reads 9", first_cycle=5, last_cycle=90, **wide),
        anomaly("a-2", "error", "spike", "reads 9", first_cycle=70, last_cycle=90, **wide),
    ]
    put(lake, "quality/anomalies", rows)
    snapshot(lake)
    found = marks(pin(lake), FLEET, "test-001", {"d-1": (20, 60)})
    assert {mark.anomaly.anomaly_id: mark.span for mark in found} == {"a-1": (20, 60), "a-2": None}
    # A person let it in: it is told, and blocks nothing.
    assert not any(mark.anomaly.blocks for mark in found)
    assert not marks(pin(lake), FLEET, "test-009", {})


def test_the_engine_page_knows_them(decided: Services) -> None:
    name = Name(FLEET, "test-002", decided.settings.serving)
    view = engine_view(decided.pinned(), decided.profile, name, now())
    assert view is not None
    assert {mark.anomaly.anomaly_id for mark in view.found} >= {"a-limit", "a-gap", "a-fleet"}
    assert view.life.brought == {f"service-{FLEET}": (1, int(view.life.cycle[-1]))}
