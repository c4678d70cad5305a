"""What is issued, what is backfilled, and where an engine stands."""

from datetime import UTC, datetime

import narwhals as nw
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from lakehouse.profiles.turbofan import PROFILE
from pipeline.components.bulk_inferrer import (
    changed_engines,
    data_status,
    engine_status,
    input_digests,
    mark,
    newest_rows,
    reasons,
    standing,
    to_issue,
    trends,
)
from tests.lakehouse.frames import rows, silver

NOW = datetime(2026, 1, 1, tzinfo=UTC)
ARRIVED = pl.DataFrame({"delivery_id": ["d"], "received_at": [NOW], "simulated": [False]})


def flights(engines: dict[str, int], seed: int = 0) -> pl.DataFrame:
    frame = rows(silver(engines, seed))
    return frame.with_columns(flags=pl.lit(""), delivery_id=pl.lit("d"))


def said(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.select(
        "fleet", "engine", "cycle", probability=pl.col("cycle") / 100,
        window_from=pl.col("cycle"), window_to=pl.col("cycle") + 9, coverage=pl.lit(0.9),
        rul=pl.lit(5.0),
    )  # fmt: skip


@given(st.integers(0, 4), st.sampled_from(PROFILE.sensor_names), st.booleans())
def test_a_digest_changes_with_any_value_and_with_nothing_else(
    row: int, sensor: str, as_null: bool
) -> None:
    """The digest of an engine is that of its own values up to the newest cycle."""
    frame = flights({"a": 5, "b": 3})
    before = input_digests(frame, PROFILE)
    shuffled = frame.sample(fraction=1, shuffle=True, seed=row).with_columns(
        delivery_id=pl.lit("x")
    )
    assert input_digests(shuffled, PROFILE).equals(before)
    here = (pl.col("engine") == "a") & (pl.col("cycle") == row + 1)
    value = pl.lit(None) if as_null else pl.col(sensor) + 1
    changed = frame.with_columns(pl.when(here).then(value).otherwise(pl.col(sensor)).alias(sensor))
    after = input_digests(changed, PROFILE)
    differs = (after["input_digest"] != before["input_digest"]).to_list()
    assert after["engine"].to_list() == ["a", "b"]
    assert differs == [True, False]


def test_the_same_prediction_is_issued_once() -> None:
    """A second look at unchanged data issues nothing; a new model or a new cycle does."""
    frame = flights({"a": 5, "b": 3})
    newest = said(newest_rows(frame))
    digests = input_digests(frame, PROFILE)
    nothing = pl.DataFrame(
        schema={"fleet": pl.String, "engine": pl.String, "cycle": pl.Int64, "model_id": pl.String,
                "input_digest": pl.String}
    )  # fmt: skip
    first = to_issue(newest, digests, "m1", nothing)
    assert first["cycle"].to_list() == [5, 3]
    assert to_issue(newest, digests, "m1", first).is_empty()
    assert to_issue(newest, digests, "m2", first).height == 2
    longer = flights({"a": 6, "b": 3})
    again = to_issue(said(newest_rows(longer)), input_digests(longer, PROFILE), "m1", first)
    assert again.select("engine", "cycle").rows()[0] == ("a", 6)


def test_rows_that_were_given_back_say_what_they_said_first() -> None:
    """Not what was issued last; engines of which nothing changed keep what was said of them."""
    stamps = {"model_id": pl.lit("m"), "run_id": pl.lit("r"), "predicted_at": pl.lit(NOW)}
    frame = flights({"a": 5, "b": 3})
    one = pl.col("engine") == "a"
    corrected = frame.with_columns(sensor_4=pl.when(one).then(0.0).otherwise("sensor_4"))
    shorter = frame.filter(~one | (pl.col("cycle") < 5))
    nothing = said(frame).clear().with_columns(**stamps)
    issued, told = nothing.with_columns(input_digest=pl.lit("")), nothing
    for rows_now, cycle in ((frame, 5), (corrected, 5), (frame, 5), (shorter, 4), (frame, 5)):
        digests = input_digests(rows_now, PROFILE)
        newest = said(newest_rows(rows_now)).with_columns(
            rul=pl.lit(float(issued.height)), **stamps
        )
        new = to_issue(newest, digests, "m", issued)
        issued = pl.concat([issued, new.select(issued.columns)])
        told = standing(issued, digests.filter(one) if told.height else digests, "m", told)
        row = told.row(by_predicate=one, named=True)
        assert row["cycle"] == cycle
        here = issued.join(digests.filter(one), on=["engine", "cycle", "input_digest"])
        assert row["rul"] == here["rul"][0]
        assert told.row(by_predicate=~one, named=True)["rul"] == 0.0
    assert issued.height == 4


def test_backfill_leaves_out_the_newest_cycle_of_engines_in_service() -> None:
    """Issued and backfilled are never the same flight; taught engines are marked."""
    frame = flights({"old": 3, "new": 2})
    in_service = pl.DataFrame({"fleet": ["F"], "engine": ["new"], "cycle": [2]})
    taught = pl.DataFrame({"fleet": ["F"], "engine": ["old"]})
    found = mark(said(frame), in_service, taught)
    backfill = found.filter(~pl.col("newest"))
    marks = set(backfill.select("engine", "cycle", "in_training").iter_rows())
    assert marks == {("new", 1, False), ("old", 1, True), ("old", 2, True), ("old", 3, True)}
    assert found.filter("newest").select("engine", "cycle").rows() == [("new", 2)]


def test_changed_engines_are_those_of_which_any_row_changed() -> None:
    """Rows that came, went or changed their value, or became null."""
    before = flights({"a": 3, "b": 3, "c": 3, "d": 3})
    here = (pl.col("engine") == "b") & (pl.col("cycle") == 2)
    after = before.filter((pl.col("engine") != "a") | (pl.col("cycle") < 3)).with_columns(
        pl.when(here).then(None).otherwise(pl.col("sensor_4")).alias("sensor_4"),
        delivery_id=pl.lit("other"),
    )
    after = pl.concat([after, flights({"e": 1})])
    found = changed_engines(nw.from_native(before.lazy()), nw.from_native(after.lazy()))
    assert sorted(found.collect("polars")["engine"].to_list()) == ["a", "b", "e"]


def test_gaps_and_unusable_values_are_a_warning() -> None:
    """An operator sees that an engine's data are not whole; a corrected value is no fault."""
    flags = {"c": "corrected:sensor_1,sensor_2", "d": "corrected:sensor_1"}
    frame = flights({"a": 4, "b": 4, "c": 4, "d": 4})
    frame = frame.filter((pl.col("engine") != "b") | (pl.col("cycle") != 2)).with_columns(
        flags=pl.col("engine").replace_strict(flags, default="")
    )
    status = data_status(frame, ARRIVED, engines("a")[:0])
    assert dict(status.select("engine", "data_status").iter_rows()) == {
        "a": "ok", "b": "warning", "c": "warning", "d": "ok",
    }  # fmt: skip
    assert dict(status.select("engine", "cycles_seen").iter_rows()) == {
        "a": 4,
        "b": 3,
        "c": 4,
        "d": 4,
    }


def test_an_engine_whose_newer_records_wait_for_a_decision_is_blocked() -> None:
    """What is shown of it is the last good state, and that is said."""
    status = data_status(flights({"a": 4, "b": 4}), ARRIVED, engines("b", "unknown"))
    assert dict(status.select("engine", "data_status").iter_rows()) == {"a": "ok", "b": "blocked"}


def engines(*names: str) -> pl.DataFrame:
    return pl.DataFrame({"fleet": ["F"] * len(names), "engine": names})


def test_a_trend_has_as_many_points_as_there_are_up_to_24() -> None:
    """Percentages from first to last."""
    found = trends(said(flights({"a": 50, "b": 2})))
    points = {engine: text.split(",") for _, engine, text in found.iter_rows()}
    assert len(points["a"]) == 24
    assert points["b"] == ["1", "2"]
    assert points["a"][-1] == "50"


def test_the_reason_names_the_sensors_that_lie_far_from_the_fleet() -> None:
    """At most two, the furthest first, with direction and size."""
    flown = pl.DataFrame({"fleet": "F", "engine": "a", "cycle": list(range(1, 13))})
    features = flown.with_columns(
        norm_sensor_4=pl.lit(2.5), norm_sensor_7=pl.lit(-3.0), norm_sensor_2=pl.lit(0.2),
        norm_sensor_3=pl.lit(1.5),
    )  # fmt: skip
    sensors = ("sensor_2", "sensor_3", "sensor_4", "sensor_7")
    band = pl.DataFrame(
        [(s, c, 0.0) for s in sensors for c in range(1, 6)], ["sensor", "cycle", "norm_p50"],
        orient="row",
    )  # fmt: skip
    assert reasons(features, band, PROFILE)["why"].to_list() == ["P30 ↓ 3.0σ, T50 ↑ 2.5σ"]


def test_a_failed_engine_keeps_what_was_said_of_it() -> None:
    """Its state changes, its last issued prediction stays."""
    frame = flights({"a": 5, "b": 3})
    issued = said(newest_rows(frame)).with_columns(
        model_id=pl.lit("m"), run_id=pl.lit("r"), predicted_at=pl.lit(NOW)
    )
    failed = pl.DataFrame({"fleet": ["F"], "engine": ["b"], "failure_cycle": [3]})
    status = engine_status(data_status(frame, ARRIVED, engines("a")[:0]), failed, issued, [])
    by_engine = {row["engine"]: row for row in status.iter_rows(named=True)}
    assert by_engine["a"]["state"] == "in_service"
    assert (by_engine["b"]["state"], by_engine["b"]["failed_at"]) == ("failed", 3)
    assert by_engine["b"]["window_to"] == 12
    assert by_engine["b"]["said_at"] == 3
