"""A fault planted at random is found where it is, and nothing else is."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import settings as tried
from hypothesis import strategies as st

from lakehouse.profiles.turbofan import PROFILE
from lakehouse.validation.finding import Finding
from lakehouse.validation.series.check import Known, check
from lakehouse.validation.series.conversions import Conversion, conversions
from tests.lakehouse.validation.series.faults import (
    appended,
    at,
    flown_at,
    put,
    second_life,
)
from tests.lakehouse.validation.series.fleets import LIVELY, Data

Found = tuple[str, str, str | None, str | None, int | None, int | None]
few = tried(max_examples=8, derandomize=True)
both = pytest.mark.parametrize("first", [True, False], ids=["first delivery", "known fleet"])


def found(records: pl.DataFrame, known: Known) -> list[Found]:
    """What the checks say, without the words."""
    return [short(finding) for finding in check(records, known, PROFILE)]


def short(one: Finding) -> Found:
    return one.severity, one.type, one.column, one.engine, one.first_cycle, one.last_cycle


def before(data: Data, first: bool) -> Known:
    return Known() if first else data.known


@st.composite
def places(draw: st.DrawFn, data: Data, least: int = 1, most: int = 30) -> tuple[str, int, int]:
    """An engine and some flights in the middle of its life."""
    engine = draw(st.sampled_from(data.engines))
    start = draw(st.integers(3, data.life(engine) - most - 3))
    return engine, start, start + draw(st.integers(least, most)) - 1


@both
def test_a_clean_delivery_has_no_finding(data: Data, first: bool) -> None:
    """Neither the first one nor a later one."""
    assert found(data.records, before(data, first)) == []


@few
@given(st.data())
def test_a_gap(data: Data, draw: st.DataObject) -> None:
    """Flights are missing."""
    place = draw.draw(places(data))
    records = data.records.filter(~at(*place))
    assert found(records, data.known) == [("warning", "gap", None, *place)]


@few
@given(st.data())
def test_repeated_rows(data: Data, draw: st.DataObject) -> None:
    """The same rows again at the end of the file."""
    place = draw.draw(places(data))
    records = appended(data.records, data.records.filter(at(*place)))
    assert found(records, data.known) == [("warning", "duplicate_row", None, *place)]


@few
@given(st.data(), st.sampled_from(LIVELY))
def test_conflicting_rows(data: Data, draw: st.DataObject, column: str) -> None:
    """The same flights again with another value."""
    place = draw.draw(places(data))
    other = data.records.filter(at(*place)).with_columns(pl.col(column) * 1.001)
    records = appended(data.records, other)
    assert found(records, data.known) == [("warning", "conflicting_row", None, *place)]


@few
@given(st.data())
def test_rows_out_of_order(data: Data, draw: st.DataObject) -> None:
    """Some lines stand at the end of the file."""
    place = draw.draw(places(data))
    records = appended(data.records.filter(~at(*place)), data.records.filter(at(*place)))
    assert found(records, data.known) == [("warning", "out_of_order", None, *place)]


@few
@given(st.data())
def test_a_second_life(data: Data, draw: st.DataObject) -> None:
    """An engine starts again at 1: in the same file, or in a later one."""
    engine, other = draw.draw(st.permutations(data.engines))[:2]
    whole = second_life(data.records, engine, other)
    last = min(data.life(engine), data.life(other))
    expected = ("error", "unit_restart", None, engine, 1, last)
    assert expected in found(whole, data.known)
    later = whole.tail(data.life(other))
    silver = data.records.with_columns(fleet=pl.lit("F")).drop("line")
    assert expected in found(later, Known(silver, data.known.fleet))
    assert [f for f in found(whole, data.known) if f[0] == "error"] == [expected]


@few
@given(st.data(), st.sampled_from(LIVELY))
def test_a_stuck_sensor(data: Data, draw: st.DataObject, column: str) -> None:
    """A sensor repeats one reading for a while."""
    engine, first, last = draw.draw(places(data, least=15))
    value = data.records.filter(at(engine, first, first))[column][0] + 1e-7
    records = put(data.records, at(engine, first, last), column, pl.lit(value))
    assert found(records, data.known) == [("warning", "stuck_sensor", column, engine, first, last)]


@both
@few
@given(st.data(), st.sampled_from(LIVELY))
def test_a_flat_line(data: Data, first: bool, draw: st.DataObject, column: str) -> None:
    """A sensor reads the same in all flights of an engine, and of all engines."""
    engine = draw.draw(st.sampled_from(data.engines))
    life = data.life(engine)
    value = data.records[column][0]
    records = put(data.records, pl.col("engine") == engine, column, pl.lit(value))
    expected = ("warning", "flat_line", column, engine, 1, life)
    assert found(records, before(data, first)) == [expected]
    if not first:
        records = put(data.records, pl.lit(True), column, pl.lit(value))
        longest = data.records["cycle"].max()
        assert found(records, data.known) == [("warning", "flat_line", column, None, 1, longest)]


@both
@few
@given(st.data(), st.sampled_from(LIVELY), st.sampled_from([0.5, 0.7, 1.4, 3.0, 1000.0]))
def test_a_spike(data: Data, first: bool, draw: st.DataObject, column: str, factor: float) -> None:
    """One reading is far off."""
    engine = draw.draw(st.sampled_from(data.engines))
    cycle = draw.draw(st.integers(1, data.life(engine)))
    where = at(engine, cycle, cycle)
    records = put(data.records, where, column, pl.col(column) * factor)
    assert found(records, before(data, first)) == [
        ("warning", "spike", column, engine, cycle, cycle)
    ]


def visible(first: bool) -> list[tuple[str, Conversion]]:
    """Changes of unit that can be seen: before a fleet is known, those that leave the range."""
    pairs = [(s, kind) for s in PROFILE.sensors for kind in conversions(s.unit)]
    # 15 psi of 550 are within what engines differ by.
    pairs = [(s, k) for s, k in pairs if "gauge" not in k.name]
    if not first:
        return [(s.name, kind) for s, kind in pairs]
    kept = [(s, k) for s, k in pairs if "kg/s" not in k.name]
    return [(s.name, kind) for s, kind in kept]


@both
@few
@given(st.data())
def test_a_change_of_unit(data: Data, first: bool, draw: st.DataObject) -> None:
    """Of a whole column, and for a while of one engine."""
    column, kind = draw.draw(st.sampled_from(visible(first)))
    wrong = pl.col(column) * kind.factor + kind.offset
    longest = data.records["cycle"].max()
    records = put(data.records, pl.lit(True), column, wrong)
    assert found(records, before(data, first)) == [
        ("error", "unit_change", column, None, 1, longest)
    ]
    place = draw.draw(places(data, least=5))
    records = put(data.records, at(*place), column, wrong)
    assert found(records, before(data, first)) == [("error", "unit_change", column, *place)]


@few
@given(st.data(), st.sampled_from([0.2, 5.0, 7.0]))
def test_a_change_to_no_known_unit(data: Data, draw: st.DataObject, factor: float) -> None:
    """The fleet has read otherwise in the same regime."""
    column = draw.draw(st.sampled_from(LIVELY))
    place = draw.draw(places(data, least=5))
    records = put(data.records, at(*place), column, pl.col(column) * factor)
    assert found(records, data.known) == [("error", "unit_change", column, *place)]


@few
@given(st.data())
def test_a_regime_that_nobody_flew(data: Data, draw: st.DataObject) -> None:
    """Settings far from all that the fleet has flown."""
    place = draw.draw(places(data))
    records = flown_at(data.records, at(*place), (15.0, 0.45, 80.0))
    assert found(records, data.known) == [("warning", "regime_unseen", None, *place)]


@few
@given(st.data(), st.sampled_from(PROFILE.signal_names), st.sampled_from([None, "nan", "inf"]))
def test_missing_values(data: Data, draw: st.DataObject, column: str, value: str | None) -> None:
    """Null, NaN or infinity, for at least five flights."""
    place = draw.draw(places(data, least=5))
    nothing = pl.lit(value, pl.String).cast(pl.Float64)
    records = put(data.records, at(*place), column, nothing)
    assert found(records, data.known) == [("warning", "missing_value", column, *place)]


@few
@given(st.data())
def test_late_flights(data: Data, draw: st.DataObject) -> None:
    """Flights that come long after newer ones."""
    engine = draw.draw(st.sampled_from(data.engines))
    life = data.life(engine)
    last = draw.draw(st.integers(3, life - PROFILE.series.late_cycles - 1))
    first = draw.draw(st.integers(2, last))
    silver = data.records.filter(~at(engine, first, last)).drop("line")
    late = data.records.filter(at(engine, first, last))
    known = Known(silver, data.known.fleet)
    assert found(late, known) == [("warning", "late", None, engine, first, last)]


@few
@given(st.data(), st.sampled_from(LIVELY))
def test_a_broken_limit(data: Data, draw: st.DataObject, column: str) -> None:
    """The highest reading of all breaks a limit just below it."""
    rows = data.records.sort(column)
    highest, second = rows.row(-1, named=True), rows.row(-2, named=True)
    if highest[column] == second[column]:
        return
    high = (highest[column] + second[column]) / 2
    limits = pl.DataFrame(
        {"limit_id": ["l-1"], "regime": [None], "sensor": [column], "low": [None], "high": [high]},
        schema_overrides={"regime": pl.String, "low": pl.Float64},
    )
    (one,) = check(data.records, data.known, PROFILE, limits)
    cycle = highest["cycle"]
    assert short(one) == ("warning", "limit", column, highest["engine"], cycle, cycle)
    assert one.limit_id == "l-1"
