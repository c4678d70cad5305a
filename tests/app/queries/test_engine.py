"""One engine's read model: its own rows, the fleet's band, everything that was said of it."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from app.queries import pins
from app.queries.band import fleet_band, transform_of
from app.queries.engine import EngineView, Name, deviation, engine_view
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.snapshots import Pinned
from tests.app.sample_lake import NEWEST, FleetPlan, write_lake

AT = NEWEST + timedelta(hours=1)
View = Callable[[str, str], EngineView | None]


@pytest.fixture(scope="module")
def pinned(tmp_path_factory: pytest.TempPathFactory) -> Pinned:
    plans = (
        FleetPlan(failed=8, in_service=6),
        FleetPlan("FD002", failed=4, in_service=4, regimes=6),
        FleetPlan("FD003", failed=0, in_service=3, scored=False),
    )
    lake, _ = write_lake(tmp_path_factory.mktemp("lake"), plans)
    return pins.pinned(lake)


@pytest.fixture(scope="module")
def view(pinned: Pinned) -> View:
    def of(fleet: str, engine: str) -> EngineView | None:
        return engine_view(pinned, PROFILE, Name(fleet, engine, Path("nowhere")), AT)

    return of


def seen(view: View, fleet: str, engine: str) -> EngineView:
    found = view(fleet, engine)
    assert found is not None
    return found


def test_values_are_the_engines_own_rows_to_the_last_bit(pinned: Pinned, view: View) -> None:
    life = seen(view, "FD001", "test-003").life
    rows = pinned.scan("silver/readings").collect("polars").to_native()
    own = rows.filter(fleet="FD001", engine="test-003").sort("cycle")
    assert life.cycle.tolist() == own["cycle"].to_list()
    for place, name in enumerate(PROFILE.signal_names):
        np.testing.assert_array_equal(life.raw[place], own[name].to_numpy())


def test_an_unusable_value_is_missing_and_not_made_up(view: View) -> None:
    found = seen(view, "FD001", "test-003").life
    place = PROFILE.signal_names.index("sensor_4")
    assert np.isnan(found.raw[place][(found.cycle >= 20) & (found.cycle <= 26)]).all()


def test_missing_cycles_are_missing(view: View) -> None:
    cycle = seen(view, "FD001", "test-002").life.cycle
    assert not set(range(60, 76)) & set(cycle.tolist())


def test_normalised_values_stand_at_their_own_cycles(pinned: Pinned, view: View) -> None:
    life = seen(view, "FD001", "test-002").life
    rows = pinned.scan("gold/features").collect("polars").to_native()
    own = rows.filter(fleet="FD001", engine="test-002").sort("cycle")
    place = PROFILE.signal_names.index("sensor_11")
    np.testing.assert_allclose(life.norm[place], own["norm_sensor_11"].to_numpy())
    assert np.isnan(life.norm[: len(PROFILE.settings)]).all()


def test_the_band_is_the_fleets_at_the_same_age(pinned: Pinned) -> None:
    band = fleet_band(pinned, PROFILE, "FD001", "fd001-t1")
    rows = pinned.scan("gold/fleet_band").collect("polars").to_native()
    one = rows.filter(fleet="FD001", sensor="sensor_4", cycle=17).row(0, named=True)
    place = PROFILE.signal_names.index("sensor_4")
    assert band.raw[:, place, 16].tolist() == [one["p05"], one["p50"], one["p95"]]
    assert band.norm[1, place, 16] == one["norm_p50"]


def test_sensors_that_say_nothing_are_constant_in_one_regime_and_in_six(pinned: Pinned) -> None:
    for fleet in ("FD001", "FD002"):
        band = fleet_band(pinned, PROFILE, fleet, f"{fleet.lower()}-t1")
        constant = {n for n, c in zip(PROFILE.signal_names, band.constant, strict=True) if c}
        assert {"sensor_1", "sensor_5", "sensor_18", "sensor_19"} <= constant
        assert not {"sensor_4", "sensor_11"} & constant


def test_the_four_that_deviate_most_are_chosen(view: View) -> None:
    found = seen(view, "FD001", "test-001")
    far = deviation(found.life, found.band)
    chosen = found.chosen()
    assert len(chosen) == 4
    assert min(far[list(chosen)]) >= max(np.delete(far, list(chosen)))
    assert not found.band.constant[list(chosen)].any()


def test_raw_values_are_the_default_unless_the_regime_changes(view: View) -> None:
    assert not seen(view, "FD001", "test-001").default_norm
    assert seen(view, "FD002", "test-001").default_norm


def test_what_was_issued_and_what_was_worked_out_later_stay_apart(view: View) -> None:
    said = seen(view, "FD001", "test-001").forecasts
    row = seen(view, "FD001", "test-001").row
    assert said.issued.cycle[-1] == row.cycle
    assert row.cycle not in said.backfill.cycle
    assert not said.in_training
    assert seen(view, "FD001", "train-001").forecasts.in_training


def test_a_window_holds_when_it_contains_the_failure_and_an_open_one_from_where_it_opens(
    view: View,
) -> None:
    found = seen(view, "FD001", "train-001")
    assert found.row.failed_at is not None
    issued = found.forecasts.issued
    held = issued.held(found.row.failed_at)
    for ok, start, end in zip(held, issued.start, issued.end, strict=True):
        inside = start <= found.row.failed_at and (np.isnan(end) or found.row.failed_at <= end)
        assert ok == inside


def test_one_flight_and_no_model_are_enough_to_draw(view: View) -> None:
    one = seen(view, "FD001", "test-006")
    assert one.life.cycle.tolist() == [1]
    assert len(one.chosen()) == 4
    bare = seen(view, "FD003", "test-001")
    assert not len(bare.forecasts.issued)
    assert bare.band.ages == 0
    assert np.isnan(bare.life.norm).all()
    assert PROFILE.signal_names.index("sensor_16") not in bare.chosen()


def test_there_is_no_engine_that_is_not_in_the_fleet(view: View) -> None:
    assert view("FD001", "test-999") is None
    assert view("FD009", "test-001") is None
    assert view("FD001", "' OR 1=1 --") is None


def test_every_link_of_the_chain_is_named(pinned: Pinned, view: View) -> None:
    found = seen(view, "FD001", "test-001")
    chain = found.provenance
    issued = pinned.scan("gold/predictions").collect("polars").to_native()
    row = issued.filter(fleet="FD001", engine="test-001", cycle=found.row.cycle).row(0, named=True)
    assert chain.model == row["model_id"]
    assert chain.run_id == row["run_id"]
    assert chain.features is not None
    assert chain.features.label == f"v{row['features_version']}"
    assert chain.silver is not None
    assert chain.silver.label == "v1"
    assert chain.delivery is not None
    assert chain.delivery.label == "test_FD001.txt"


def test_the_live_models_transform_is_the_one_that_counts(pinned: Pinned) -> None:
    assert transform_of(pinned, "FD001", Path("nowhere")) == "fd001-t1"
    assert transform_of(pinned, "FD003", Path("nowhere")) is None
