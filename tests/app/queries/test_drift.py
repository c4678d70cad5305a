"""Drift from exactly what the live model learnt from."""

from itertools import pairwise

import pytest

from app.queries import drift
from app.queries.drift import Arrived, arrived, candidates, feature_drift, live_model, raw_drift
from app.queries.taught import Taught
from app.services import Services
from lakehouse.snapshots import Pinned
from lakehouse.validation.files import published_statistics
from lakehouse.validation.in_memory import statistics_in_memory
from tests.app.taught_home import FLEET, TaughtHome


@pytest.fixture
def pinned(taught_services: Services) -> Pinned:
    return taught_services.pinned()


@pytest.fixture
def model(taught_services: Services, pinned: Pinned) -> Taught:
    found = live_model(taught_services, pinned, FLEET)
    assert found is not None
    return found


def test_the_model_is_the_one_that_was_live_at_the_snapshot(
    taught_services: Services, pinned: Pinned, model: Taught
) -> None:
    """None before the first."""
    assert model.model_id == pinned.snapshot.live[FLEET]
    assert live_model(taught_services, taught_services.pinned(1), FLEET) is None


def test_deliveries_are_held_against_the_flights_that_taught_it(
    taught_services: Services, pinned: Pinned, model: Taught, taught_home: TaughtHome
) -> None:
    """With the skew limits of the schema in force; keys and cycles are meant to move."""
    odd, clean, history = candidates(taught_services, pinned, FLEET)
    assert odd.name == taught_home.delivery and history.kind == "history"
    found = raw_drift(pinned, model, odd)
    names = [each.name for each in found.columns]
    assert "engine" not in names and "cycle" not in names and "sensor_4" in names
    assert found.allowed["sensor_4"] == pytest.approx(0.3)
    assert found.flights == odd.rows
    distance = {each.name: each.distance or 0 for each in found.columns}
    before = {each.name: each.distance or 0 for each in raw_drift(pinned, model, clean).columns}
    assert distance["sensor_4"] > before["sensor_4"]


def test_without_a_side_it_says_which(pinned: Pinned, model: Taught) -> None:
    untold = Taught(model.model_id, FLEET, "t-0", 0, 0, None, None)
    assert raw_drift(pinned, untold, None).problem == "no_training"
    assert feature_drift(pinned, untold).problem == "no_training"
    assert raw_drift(pinned, model, None).problem == "no_delivery"


def test_only_what_came_since_the_training_counts(
    taught_services: Services, pinned: Pinned, model: Taught, taught_home: TaughtHome
) -> None:
    """Nothing had, right after it."""
    came = arrived(pinned, FLEET, model.silver_version)
    accepted = [
        told["deliveries"][0]["accepted"]
        for told in (taught_home.came, taught_home.odd)
        if told["deliveries"][0]["state"] == "accepted"
    ]
    assert came.flights == sum(accepted)
    assert set(came.engines.values()) == {0}
    after = taught_services.pinned(2)
    assert feature_drift(after, model).problem == "nothing_new"


def test_features_of_new_flights_are_held_against_those_of_the_training(
    pinned: Pinned, model: Taught
) -> None:
    """Every input of the model, of all flights while they are few."""
    found = feature_drift(pinned, model)
    assert model.features is not None
    learnt = published_statistics(model.features.folder)
    assert len(found.columns) == len(learnt.datasets[0].features)
    assert found.flights == arrived(pinned, FLEET, model.silver_version).flights
    assert all(each.left and each.right for each in found.columns)
    assert found.allowed[found.columns[0].name] == drift.LOOK


def test_of_many_flights_a_few_blocks_of_engines_are_read(
    pinned: Pinned, model: Taught, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Enough, and far from all."""
    monkeypatch.setattr(drift, "MOST_FLIGHTS", 500)
    came = arrived(pinned, FLEET, model.silver_version)
    rows = drift._sample(pinned, model, came, ["regime", "lost"])
    assert 100 < rows.height < came.flights
    assert rows["lost"].null_count() == rows.height
    assert statistics_in_memory(rows.select("regime")).datasets[0].num_examples == rows.height


def test_blocks_lie_apart_and_inside() -> None:
    engines = {f"e-{number:03d}": 0 for number in range(400)}
    blocks = drift._blocks(Arrived(engines, 80_000))
    assert len(blocks) == drift.BLOCKS
    firsts = [first for first, _ in blocks]
    assert firsts == sorted(firsts)
    for (_, last), (first, _) in pairwise(blocks):
        assert last < first
    assert drift._blocks(Arrived(engines, 800)) == [("e-000", "e-399")]
