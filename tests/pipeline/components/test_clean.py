"""Silver is a function of the accepted deliveries, however they arrived."""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import narwhals as nw
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from lakehouse.cleaning import by_flight, clean
from lakehouse.corrections import standing
from lakehouse.engines.local import no_rows
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.quality import CORRECTIONS
from lakehouse.tables import SILVER
from pipeline.components.clean import change, overtaken

START = datetime(2026, 11, 1, tzinfo=UTC)
SIGNALS = PROFILE.signal_names
KEY = ["fleet", "engine", "cycle"]
Row = tuple[str, int, float | None]
Rows = Sequence[Row]


def bronze(deliveries: Mapping[str, Rows]) -> pl.DataFrame:
    """Records of (engine, cycle, value of the first sensor) by delivery."""
    rows = [
        {"delivery_id": name, "line": line, "fleet": "F", "engine": engine, "cycle": cycle}
        | dict.fromkeys(SIGNALS, 1.0)
        | {"sensor_1": value}
        for name, records in deliveries.items()
        for line, (engine, cycle, value) in enumerate(records, 1)
    ]
    schema = {"delivery_id": pl.String, "line": pl.Int64, "fleet": pl.String, "engine": pl.String}
    return pl.DataFrame(
        rows, schema={**schema, "cycle": pl.Int64, **dict.fromkeys(SIGNALS, pl.Float64)}
    )


def arrived(order: Sequence[str], states: Mapping[str, str] | None = None) -> pl.DataFrame:
    """The deliveries in the order in which they were taken in."""
    return pl.DataFrame(
        {
            "delivery_id": list(order),
            "state": [(states or {}).get(name, "accepted") for name in order],
            "received_at": [START + timedelta(minutes=i) for i in range(len(order))],
        },
        schema={
            "delivery_id": pl.String,
            "state": pl.String,
            "received_at": pl.Datetime("us", "UTC"),
        },
    )


def silver(
    rows: pl.DataFrame, deliveries: pl.DataFrame, words: Sequence[Mapping[str, Any]] = ()
) -> pl.DataFrame:
    said = by_flight(standing(corrections(words)))
    cleaned = clean(lazy(rows), lazy(deliveries), PROFILE, None if said is None else lazy(said))
    rows_: pl.DataFrame = cleaned.collect("polars").to_native()
    return rows_.sort(KEY)


def corrections(words: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    """What people said, in that order: rows of bronze/corrections."""
    base = dict.fromkeys(CORRECTIONS.column_names) | {"fleet": "F", "engine": "E"}
    rows = [
        base | {"correction_id": f"c{n}", "corrected_at": START + timedelta(hours=n)} | dict(word)
        for n, word in enumerate(words)
    ]
    return pl.DataFrame(rows, schema=no_rows(CORRECTIONS).schema)


def correct(cycle: int, value: float, column: str = "sensor_1", **more: Any) -> dict[str, Any]:
    return {"action": "correct", "cycle": cycle, "column": column, "new_value": value} | more


def withdraw(cycle: int, **more: Any) -> dict[str, Any]:
    return {"action": "withdraw", "cycle": cycle} | more


def retract(name: str, **more: Any) -> dict[str, Any]:
    return {"action": "retract", "retracts": name} | more


class Collected(NamedTuple):
    """A change with its rows in memory."""

    append: pl.DataFrame
    rewrite: pl.DataFrame
    replaced: tuple[tuple[str, str], ...]


def lazy(frame: pl.DataFrame) -> nw.LazyFrame[Any]:
    return nw.from_native(frame.lazy())


def diff(current: pl.DataFrame, wanted: pl.DataFrame) -> Collected:
    made = change(lazy(current), lazy(wanted))
    append, rewrite = (frame.collect("polars").to_native() for frame in (made.append, made.rewrite))
    return Collected(append, rewrite, made.replaced)


def test_columns_are_those_of_the_contract() -> None:
    made = silver(bronze({"d": [("E", 1, 1.0)]}), arrived(["d"]))
    assert made.columns == list(SILVER.column_names)


def test_unusable_values_are_null_and_flagged() -> None:
    """NaN, infinity and empty alike; good rows have no flag."""
    rows = bronze({"d": [("E", i, v) for i, v in enumerate((1.0, math.nan, -math.inf, None), 1)]})
    rows = rows.with_columns(sensor_9=pl.when(pl.col("cycle") < 4).then("sensor_9"))
    made = silver(rows, arrived(["d"]))
    assert made["sensor_1"].to_list() == [1.0, None, None, None]
    assert made["flags"].to_list() == ["", "sensor_1", "sensor_1", "sensor_1,sensor_9"]


def test_the_earliest_accepted_delivery_wins() -> None:
    """By arrival, then by line; whatever state but accepted has no say."""
    rows = bronze(
        {"late": [("E", 1, 3.0)], "early": [("E", 1, 1.0), ("E", 1, 2.0)], "out": [("E", 1, 0.0)]}
    )
    for state in ("received", "blocked", "rejected", "withdrawn"):
        deliveries = arrived(["out", "early", "late"], {"out": state})
        made = silver(rows, deliveries)
        assert made.select("sensor_1", "delivery_id").rows() == [(1.0, "early")]


def test_a_withdrawn_delivery_brings_back_what_another_one_brought() -> None:
    rows = bronze({"a": [("E", 1, 1.0), ("E", 2, 1.0)], "b": [("E", 1, 5.0)]})
    made = silver(rows, arrived(["a", "b"], {"a": "withdrawn"}))
    assert made.select("cycle", "sensor_1", "delivery_id").rows() == [(1, 5.0, "b")]


FLOWN = {"d": [("E", 1, 1.0), ("E", 2, math.nan), ("E", 3, 1.0), ("G", 1, 1.0)]}


def test_a_corrected_value_stands_in_place_of_the_delivered_one_and_is_flagged() -> None:
    """Also where none could be used; other flights, columns and engines stay as they are."""
    words = [correct(1, 5.0), correct(2, 6.0), correct(3, 7.0, "sensor_9")]
    made = silver(bronze(FLOWN), arrived(["d"]), words)
    assert made["sensor_1"].to_list() == [5.0, 6.0, 1.0, 1.0]
    assert made["sensor_9"].to_list() == [1.0, 1.0, 7.0, 1.0]
    flags = ["corrected:sensor_1", "corrected:sensor_1", "corrected:sensor_9", ""]
    assert made["flags"].to_list() == flags
    assert made.columns == list(SILVER.column_names)


def test_a_withdrawn_flight_is_not_in_silver_whichever_delivery_brings_it() -> None:
    rows = bronze({**FLOWN, "again": [("E", 2, 4.0), ("E", 4, 4.0)]})
    made = silver(rows, arrived(["d", "again"]), [withdraw(2), correct(2, 9.0)])
    assert made.select("engine", "cycle").rows() == [("E", 1), ("E", 3), ("E", 4), ("G", 1)]


def test_the_newest_word_on_a_value_holds_and_a_retraction_gives_it_back() -> None:
    """To the word before it, and then to what was delivered."""
    words: list[dict[str, Any]] = [correct(1, 5.0), correct(1, 6.0)]
    for more, value in (([], 6.0), ([retract("c1")], 5.0), ([retract("c0")], 1.0)):
        words += more
        assert silver(bronze(FLOWN), arrived(["d"]), words)["sensor_1"][0] == value
    assert_frame_equal(
        silver(bronze(FLOWN), arrived(["d"]), words), silver(bronze(FLOWN), arrived(["d"]))
    )


CYCLES = st.tuples(st.sampled_from(["E1", "E2", "E3"]), st.integers(1, 6))
PARTS = st.lists(st.lists(CYCLES, max_size=8), min_size=1, max_size=4)


@settings(max_examples=60, deadline=None)
@given(PARTS, st.randoms(use_true_random=False))
def test_the_order_of_equal_rows_does_not_matter(
    parts: list[list[tuple[str, int]]], random: Any
) -> None:
    """Deliveries and lines in any order give the same values."""
    content = {
        f"d{i}": [(engine, cycle, cycle / 7) for engine, cycle in part]
        for i, part in enumerate(parts)
    }
    shuffled = {name: random.sample(rows, len(rows)) for name, rows in content.items()}
    order = random.sample(list(content), len(content))
    first = silver(bronze(content), arrived(list(content))).drop("delivery_id")
    second = silver(bronze(shuffled), arrived(order)).drop("delivery_id")
    assert_frame_equal(first, second)


VALUES = st.tuples(
    st.sampled_from(["E1", "E2", "E3"]), st.integers(1, 6), st.sampled_from([1.0, 2.0, math.nan])
)
STATES = st.sampled_from(["accepted", "blocked", "withdrawn"])


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.lists(VALUES, max_size=8), min_size=1, max_size=4),
    st.lists(st.lists(STATES, min_size=4, max_size=4), min_size=1, max_size=4),
)
def test_a_change_always_leads_to_the_same_silver(
    parts: list[list[Row]], history: list[list[str]]
) -> None:
    """However people accept, block and withdraw: silver, changed step by step, equals a rebuild."""
    names = [f"d{i}" for i in range(len(parts))]
    rows = bronze(dict(zip(names, parts, strict=True)))
    current = silver(rows.clear(), arrived([]))
    for states in history:
        wanted = silver(rows, arrived(names, dict(zip(names, states, strict=False))))
        step = diff(current, wanted)
        current = _applied(current, step)
        assert_frame_equal(current, wanted)
        again = diff(current, wanted)
        assert (len(again.append), len(again.rewrite), again.replaced) == (0, 0, ())


def _applied(current: pl.DataFrame, step: Collected) -> pl.DataFrame:
    replaced = pl.DataFrame(step.replaced, schema=dict.fromkeys(KEY[:2], pl.String), orient="row")
    kept = current.join(replaced, on=KEY[:2], how="anti")
    added = [frame.select(current.columns) for frame in (step.append, step.rewrite)]
    return pl.concat([kept, *added]).sort(KEY)


WORDS = st.one_of(
    st.builds(
        lambda engine, cycle, value, column: correct(cycle, value, column, engine=engine),
        st.sampled_from(["E1", "E2", "E3"]),
        st.integers(1, 6),
        st.sampled_from([1.0, 2.0, 3.0]),
        st.sampled_from(["sensor_1", "sensor_2"]),
    ),
    st.builds(
        lambda engine, cycle: withdraw(cycle, engine=engine),
        st.sampled_from(["E1", "E2", "E3"]),
        st.integers(1, 6),
    ),
    st.integers(0, 5).map(lambda number: retract(f"c{number}")),
)
DELIVERED = st.lists(VALUES, max_size=6)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.one_of(DELIVERED, WORDS), min_size=1, max_size=12))
def test_however_people_correct_silver_step_by_step_equals_a_rebuild(happened: list[Any]) -> None:
    """Deliveries, corrections, withdrawals and retractions in any order."""
    delivered: dict[str, Rows] = {}
    words: list[dict[str, Any]] = []
    current = silver(bronze({}), arrived([]))
    for number, event in enumerate(happened):
        fresh: Rows = ()
        if isinstance(event, list):
            delivered[f"d{number}"] = fresh = event
        else:
            words.append(event)
        rows, order = bronze(delivered), arrived(list(delivered))
        # As the step does: of engines that only gained newer cycles just what is new is cleaned.
        new = rows.filter(pl.col("delivery_id") == f"d{number}") if fresh else rows.clear()
        late = overtaken(lazy(new), lazy(current)) if fresh else _engines_of(event, words)
        newer = silver(new.filter(~pl.col("engine").is_in(late)), order, words)
        whole = silver(rows.filter(pl.col("engine").is_in(late)), order, words)
        step = diff(current.filter(pl.col("engine").is_in(late)), whole)
        current = pl.concat([_applied(current, step), newer.select(current.columns)]).sort(KEY)
        assert_frame_equal(current, silver(rows, order, words))


def _engines_of(event: dict[str, Any] | Rows, words: list[dict[str, Any]]) -> tuple[str, ...]:
    """The engine that a person's word is about; a retraction is about that of its correction."""
    if not isinstance(event, dict):
        return ()
    if event["action"] == "retract":
        return tuple(w["engine"] for n, w in enumerate(words)
                     if event["retracts"] == f"c{n}" and "engine" in w)  # fmt: skip
    return (event["engine"],)


def test_newer_cycles_are_appended_and_late_ones_rewrite_their_engine_only() -> None:
    """An engine that nothing concerns is in neither."""
    first = {"a": [("E1", 1, 1.0), ("E1", 3, 1.0), ("E2", 1, 1.0), ("E3", 1, 1.0)]}
    second = {"b": [("E1", 2, 1.0), ("E2", 2, 1.0), ("E4", 1, 1.0), ("E3", 1, 1.0)]}
    current = silver(bronze(first), arrived(["a"]))
    step = diff(current, silver(bronze({**first, **second}), arrived(["a", "b"])))
    assert step.replaced == (("F", "E1"),)
    assert sorted(step.rewrite["cycle"].to_list()) == [1, 2, 3]
    assert sorted(step.append.select("engine", "cycle").rows()) == [("E2", 2), ("E4", 1)]


def test_only_engines_with_cycles_up_to_the_newest_need_a_look() -> None:
    """The others can be appended without reading what they were."""
    rows = [("F", "E1", 4), ("F", "E2", 4), ("F", "E2", 5), ("F", "E3", 1)]
    fresh = pl.DataFrame(rows, schema=KEY, orient="row")
    current = pl.DataFrame([("F", "E1", 4), ("F", "E2", 3)], schema=KEY, orient="row")
    assert overtaken(lazy(fresh), lazy(current)) == ("E1",)


def test_nothing_given_is_changed() -> None:
    """Neither frame that goes in is touched."""
    rows, deliveries = bronze({"d": [("E", 1, math.nan)]}), arrived(["d"])
    before = rows.clone()
    silver(rows, deliveries)
    assert_frame_equal(rows, before)
