"""What the checks do at the edges, and on NASA's files as they are."""

import pickle
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import polars as pl
import pytest

from lakehouse.profiles.turbofan import PROFILE
from lakehouse.validation.series import check as checks
from lakehouse.validation.series.check import Known, check, inspect, union, usual
from lakehouse.validation.series.flights import HITS
from lakehouse.validation.series.ground import ground, newest
from lakehouse.validation.series.reference import portrait
from lakehouse.validation.series.summary import ENGINES, SPANS
from tests.lakehouse.validation.series.faults import at, put
from tests.lakehouse.validation.series.fleets import SIGNALS, made, nasa_records

NASA = (
    "cmapss/train_FD001.txt.gz",
    "cmapss/test_FD001.txt.gz",
    "cmapss/train_FD002.txt.gz",
    "cmapss/test_FD002.txt.gz",
    "phm08/train_5digits.txt.gz",
    "phm08/test_truncated.txt.gz",
    "phm08/train_unit216_fullprecision.txt.gz",
)
AFTER = {
    "cmapss/test_FD001.txt.gz": "cmapss/train_FD001.txt.gz",
    "cmapss/test_FD002.txt.gz": "cmapss/train_FD002.txt.gz",
    "phm08/test_truncated.txt.gz": "phm08/train_5digits.txt.gz",
}


@pytest.mark.nasa
@pytest.mark.parametrize("name", NASA)
def test_nasas_files_have_no_finding(nasa: Path, name: str) -> None:
    """As a first delivery, and after the history of the same fleet."""
    records = nasa_records(nasa / name)
    assert check(records, Known(), PROFILE) == ()
    if name in AFTER:
        fleet = usual(nasa_records(nasa / AFTER[name]), PROFILE)
        records = records.with_columns(engine="test-" + pl.col("engine"))
        assert check(records, Known(None, fleet), PROFILE) == ()


@pytest.mark.nasa
@pytest.mark.parametrize("name", NASA)
def test_nasas_files_lie_inside_the_ranges(nasa: Path, name: str) -> None:
    """With a margin, for there are engines that nobody has seen yet."""
    records = nasa_records(nasa / name)
    for signal in PROFILE.signals:
        margin = 0.02 * (signal.high - signal.low)
        low, high = records[signal.name].min(), records[signal.name].max()
        assert signal.low + margin <= low <= high <= signal.high - margin, signal.name  # type: ignore[operator]


def test_no_records() -> None:
    """Nothing to say about nothing."""
    assert check(made(1).clear(), Known(), PROFILE) == ()


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), -0.0, 1e308, -1e308])
@pytest.mark.parametrize("flights", [1, 2, 30])
def test_strange_numbers_raise_nothing(value: float | None, flights: int) -> None:
    """In all signals, of one engine or of all."""
    records = made(6).filter(pl.col("cycle") <= flights)
    strange = records.with_columns(pl.lit(value, pl.Float64).alias(name) for name in SIGNALS)
    known = Known(None, usual(made(6, seed=1), PROFILE))
    for rows in (strange, strange.filter(pl.col("engine") == "e-000")):
        for before in (Known(), known):
            assert len(check(rows, before, PROFILE)) < 60


def test_the_next_flights_of_known_engines_are_no_news() -> None:
    """A delivery goes on where silver ends."""
    records = made(6)
    old = records.filter(pl.col("cycle") <= 40).drop("line").with_columns(fleet=pl.lit("F"))
    new = records.filter(pl.col("cycle") > 40)
    assert check(new, Known(old, usual(old, PROFILE)), PROFILE) == ()


def test_what_goes_on_is_seen_across_deliveries() -> None:
    """Each delivery brings one flight; a sensor is stuck, values are missing, a flight too."""
    records = made(1)
    records = put(records, at("e-000", 30, 45), "sensor_3", pl.lit(1600.25))
    records = put(records, at("e-001", 30, 45), "sensor_4", pl.lit(None))
    records = records.filter(~at("e-002", 44, 44))
    old = records.filter(pl.col("cycle") < 45).drop("line")
    new = records.filter(pl.col("cycle") == 45)
    found = {f.type: f for f in check(new, Known(old, usual(old, PROFILE)), PROFILE)}
    # The only flight of a delivery is all of it: flat there.
    assert (found["flat_line"].first_cycle, found["flat_line"].last_cycle) == (30, 45)
    assert (found["missing_value"].first_cycle, found["missing_value"].last_cycle) == (30, 45)
    assert (found["gap"].first_cycle, found["gap"].last_cycle) == (44, 44)
    assert len(found) == 3


def test_one_reading_in_another_unit_is_no_error_but_a_fleet_of_them_is() -> None:
    """A stream brings one flight of each engine."""
    records = made(1)
    old = records.filter(pl.col("cycle") < 50).drop("line")
    new = records.filter(pl.col("cycle") == 50)
    known = Known(old, usual(old, PROFILE))
    kelvin = pl.col("sensor_2") / 1.8
    (one,) = check(put(new, pl.col("engine") == "e-003", "sensor_2", kelvin), known, PROFILE)
    assert (one.severity, one.type, one.engine) == ("warning", "out_of_range", "e-003")
    (all_of_them,) = check(put(new, pl.lit(True), "sensor_2", kelvin), known, PROFILE)
    assert (all_of_them.severity, all_of_them.type) == ("error", "unit_change")
    assert all_of_them.engine is None
    assert "reads like K where °R is expected" in all_of_them.detail


@pytest.mark.parametrize("unit", ["ft", "m", "10 times the unit", "0.001 times the unit"])
def test_altitude_in_another_unit(unit: str) -> None:
    """Of a fleet whose regimes are known."""
    from lakehouse.validation.series.conversions import conversions

    (kind,) = (k for k in conversions("kft") if k.name == unit)
    records = made(6)
    known = Known(None, usual(made(6, seed=1), PROFILE))
    wrong = records.with_columns(pl.col("setting_1") * kind.factor)
    errors = [f for f in check(wrong, known, PROFILE) if f.severity == "error"]
    assert {(f.type, f.column) for f in errors} == {("unit_change", "setting_1")}


def test_another_kind_of_machine_is_told_once() -> None:
    """Ranges of turbofans say nothing about pumps."""
    records = made(1).with_columns(pl.col(name) * 37 for name in SIGNALS[3:])
    (one,) = check(records, Known(), PROFILE)
    assert (one.severity, one.type, one.column) == ("warning", "out_of_range", None)


def test_a_flood_becomes_one_finding() -> None:
    """Many gaps of one engine, then one gap in many engines."""
    records = made(1, engines=ENGINES + 4)
    holes = at("e-000", 3, 60) & (pl.col("cycle") % 4 == 0)
    (one,) = check(records.filter(~holes), Known(), PROFILE)
    assert one.engine == "e-000"
    assert one.detail.startswith("15 times, 15 flights in all")
    assert SPANS < 15
    (many,) = check(records.filter(pl.col("cycle") != 20), Known(), PROFILE)
    assert many.engine is None
    assert many.detail.startswith(f"{ENGINES + 4} of {ENGINES + 4} engines (e-000, e-001")


def test_many_columns_become_one_finding() -> None:
    """An engine whose readings are all missing for a while."""
    records = made(1)
    for name in SIGNALS:
        records = put(records, at("e-002", 10, 19), name, pl.lit(None))
    (one,) = check(records, Known(), PROFILE)
    assert (one.type, one.column, one.first_cycle, one.last_cycle) == (
        "missing_value",
        None,
        10,
        19,
    )


def test_of_two_limits_the_newer_one_holds() -> None:
    """And one without numbers lifts it."""
    day = partial(datetime, 2026, 11, tzinfo=UTC)
    limits = pl.DataFrame(
        {
            "limit_id": ["new", "old", "regime"],
            "fleet": "F",
            "regime": [None, None, "35/0.85/100"],
            "sensor": "sensor_2",
            "low": [None, 600.0, None],
            "high": [None, 640.0, 500.0],
            "valid_from": [day(2), day(1), day(1)],
        }
    )
    assert newest(limits)["limit_id"].to_list() == ["regime", "new"]
    found = check(made(6), Known(), PROFILE, limits)
    assert {f.limit_id for f in found} == {"regime"}
    assert check(made(1), Known(), PROFILE, limits) == ()


def test_engines_come_out_the_same_whichever_others_come_with_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """So a cluster may look at them anywhere, with a ground that travels."""
    records = put(made(6), at("e-002", 10, 30), "sensor_3", pl.lit(1500.0))
    known = usual(made(6, seed=1), PROFILE)
    sent = pickle.dumps(ground(usual(records, PROFILE), known, PROFILE))
    base = pickle.loads(sent)  # noqa: S301  our own bytes, as Spark sends them
    rows = union(records, None, PROFILE)
    whole = inspect(rows, base)
    assert whole.height
    apart = [inspect(rows.filter(pl.col("engine") == e), base) for e in records["engine"].unique()]
    assert pl.concat(apart).equals(whole)
    monkeypatch.setattr(checks, "CHUNK_ROWS", 100)
    assert inspect(rows, base).equals(whole)


def test_the_shape_of_the_answer_needs_no_rows() -> None:
    """A cluster asks for the columns with an empty frame."""
    base = ground(usual(made(1), PROFILE), None, PROFILE)
    empty = union(made(1), None, PROFILE).clear()
    assert inspect(empty, base).schema == pl.Schema(HITS)
    full = portrait(made(1).with_columns(fleet=pl.lit("F")), PROFILE)
    assert portrait(made(1).clear(), PROFILE).schema == full.schema
    assert full["fleet"].unique().to_list() == ["F"]
