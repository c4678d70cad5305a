"""The diff of two versions of a table, on real Delta tables."""

from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lakehouse.commits import DeltaLog
from lakehouse.diffs import DiffError, apply, table_diff
from lakehouse.engines import Engine
from lakehouse.engines.local import LocalEngine
from lakehouse.history import table_history
from lakehouse.lake import Lake
from tests.lakehouse.frames import part, rows, silver

NAME = "silver/readings"
Edit = tuple[str, str, int, int]


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, LocalEngine())


def edit(lake: Lake, number: int, what: Edit) -> None:
    """One random edit of silver/readings."""
    kind, engine, cycles, seed = what
    newest, work = lake.version(NAME) or 0, part(str(number))
    if kind == "append":  # keys may repeat: rows are then told apart as wholes
        lake.append(NAME, silver({engine: cycles}, seed=seed), work)
    elif kind == "replace":
        lake.replace(NAME, silver({engine: cycles}, seed=seed), {"engine": [engine]}, work)
    elif kind == "delete":
        lake.replace(NAME, silver({engine: 0}), {"engine": [engine]}, work)
    elif kind == "merge" and sound_keys(lake):
        lake.merge(NAME, silver({engine: cycles}, seed=seed), work)
    elif kind == "compact":
        pack(lake)
    elif kind == "restore" and newest:
        lake.restore(NAME, seed % newest, work)


def sound_keys(lake: Lake) -> bool:
    """Whether no key is there twice, as a merge needs it."""
    return not rows(lake.scan(NAME)).select("fleet", "engine", "cycle").is_duplicated().any()


def pack(lake: Lake) -> None:
    """A compaction whatever the number of files, as Delta writes it."""
    if lake.version(NAME) is not None:
        DeltaTable(lake.path(NAME)).optimize.z_order(["engine"])


def same_rows(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    """Whether two frames hold the same rows, however often each."""
    names = sorted(other.columns)
    left, right = (frame.select(names).sort(names) for frame in (one, other))
    return left.equals(right, null_equal=True)


def leads_everywhere(lake: Lake) -> None:
    """From every version to every other one, both ways."""
    newest = lake.version(NAME)
    if newest is None:
        return
    held = [lake.scan(NAME, v).collect("polars").to_native() for v in range(newest + 1)]
    for before in range(newest + 1):
        for after in range(newest + 1):
            diff = table_diff(lake, NAME, before, after)
            assert same_rows(apply(diff, held[before]), held[after]), (before, after)
            assert diff.rows_added - diff.rows_removed == held[after].height - held[before].height


def history_counts_what_changed(lake: Lake) -> None:
    """Each version says of itself what its diff to the one before says."""
    for facts in table_history(lake, NAME)[:-1]:
        diff = table_diff(lake, NAME, facts.version - 1, facts.version)
        updated = facts.rows_updated
        told = (facts.rows_added - updated, facts.rows_removed - updated, updated)
        assert told == (diff.rows_added, diff.rows_removed, diff.rows_changed), facts


EDITS = st.lists(
    st.tuples(
        st.sampled_from(["append", "append", "replace", "delete", "merge", "compact", "restore"]),
        st.sampled_from("xyz"),
        st.integers(1, 3),
        st.integers(0, 3),
    ),
    min_size=1,
    max_size=6,
)


@hypothesis_settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
@given(EDITS)
def test_a_diff_applied_to_a_version_gives_the_other(
    tmp_path_factory: pytest.TempPathFactory, edits: list[Edit]
) -> None:
    """For any history of edits, between any two versions, in both directions."""
    lake = Lake(tmp_path_factory.mktemp("lake"), LocalEngine())
    for number, what in enumerate(edits):
        edit(lake, number, what)
    leads_everywhere(lake)
    history_counts_what_changed(lake)


@pytest.mark.spark
def test_the_same_holds_for_tables_that_spark_wrote(tmp_path: Path, spark_engine: "Engine") -> None:
    """Its files name types and times in their own way."""
    lake = Lake(tmp_path, spark_engine)

    def large(frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
        return lake.frame(rows(frame))

    lake.append(NAME, large(silver({"x": 3, "y": 2})), part("1"))
    lake.merge(NAME, large(silver({"x": 4}, seed=1)), part("2"))
    lake.replace(NAME, large(silver({"y": 1}, seed=2)), {"engine": ["y"]}, part("3"))
    lake.restore(NAME, 1, part("4"))
    leads_everywhere(Lake(tmp_path, LocalEngine()))


def test_a_changed_row_shows_its_old_and_new_values(lake: Lake) -> None:
    """Only the columns that differ; rows with the same values are no change."""
    lake.append(NAME, silver({"a": 3, "b": 2}), part("one"))
    warmer = silver({"a": 3, "b": 2}).with_columns(
        nw.when(nw.col("engine") == "a", nw.col("cycle") == 2)
        .then(nw.lit(9.0))
        .otherwise(nw.col("sensor_2"))
        .alias("sensor_2")
    )
    lake.replace(NAME, warmer, {"fleet": ["F"]}, part("two"))
    diff = table_diff(lake, NAME, 1, 2)
    assert (diff.rows_added, diff.rows_removed, diff.rows_changed) == (0, 0, 1)
    changed = diff.changed_rows()[0]
    before = rows(lake.scan(NAME, 1))["sensor_2"][1]
    assert changed.key == {"fleet": "F", "engine": "a", "cycle": 2}
    assert changed.values == {"sensor_2": (before, 9.0)}
    assert diff.engines == (("F", "a"),)
    assert [commit.version for commit in diff.commits] == [2]


def test_minus_zero_is_not_zero_and_nan_is_nan(lake: Lake) -> None:
    """The diff sees what the content hash sees."""
    base = silver({"a": 3}).with_columns(sensor_1=nw.lit(0.0), sensor_2=nw.lit(float("nan")))
    lake.append(NAME, base, part("one"))
    lake.replace(NAME, base.with_columns(sensor_1=nw.lit(-0.0)), {"fleet": ["F"]}, part("two"))
    assert table_diff(lake, NAME, 1, 2).rows_changed == 3
    lake.replace(NAME, base, {"fleet": ["F"]}, part("three"))
    assert table_diff(lake, NAME, 1, 3).is_empty


def test_a_compaction_is_read_by_nobody(lake: Lake) -> None:
    """Neither alone nor between appends: only the appended file is opened."""
    for number in range(4):
        lake.append(NAME, silver({f"e{number}": 50}), part(str(number)))
    pack(lake)
    lake.append(NAME, silver({"new": 2}), part("new"))
    alone, across = table_diff(lake, NAME, 4, 5), table_diff(lake, NAME, 4, 6)
    assert alone.is_empty and not alone.files_read
    assert (across.rows_added, across.files_read) == (2, 1)
    assert across.engines == (("F", "new"),)


def test_files_that_were_let_go_are_not_needed(lake: Lake) -> None:
    """Where the log's way leads over files that are gone, the versions' own files are read."""
    for number in range(4):
        lake.append(NAME, silver({f"e{number}": 50}), part(str(number)))
    small = DeltaLog(lake.path(NAME)).at(4).files.values()
    pack(lake)
    for file in small:
        (lake.path(NAME) / file.file).unlink()
    diff = table_diff(lake, NAME, 0, 5)
    assert (diff.rows_added, diff.files_read) == (200, 1)
    assert diff.added(3).height == 3


def test_rows_that_are_there_twice_are_counted_twice(lake: Lake) -> None:
    """A table without unique rows is a multiset."""
    lake.append(NAME, silver({"a": 1}), part("one"))
    lake.append(NAME, silver({"a": 1}), part("two"))
    assert table_diff(lake, NAME, 1, 2).rows_added == 1
    assert table_diff(lake, NAME, 2, 0).rows_removed == 2


def test_a_column_that_came_is_told_and_filled(lake: Lake) -> None:
    """Schema and rows; on the way back the column goes again."""
    key = {"fleet": ["F"], "engine": ["a"], "cycle": [1]}
    one = pl.LazyFrame(key | {"transform_id": ["t1"], "regime": [0], "x": [1.0]})
    two = pl.LazyFrame(key | {"transform_id": ["t2"], "regime": [0], "x": [3.0], "y": [2.0]})
    lake.append("gold/features", nw.from_native(one), part("one"))
    lake.append("gold/features", nw.from_native(two), part("two"))
    there, back = (table_diff(lake, "gold/features", *pair) for pair in ((1, 2), (2, 1)))
    assert [(c.column, c.before, c.after) for c in there.schema] == [("y", None, "float")]
    assert there.added()["transform_id"].to_list() == ["t2"]
    for diff in (there, back):
        old, new = (lake.scan("gold/features", v).collect("polars").to_native()
                    for v in (diff.before, diff.after))  # fmt: skip
        assert same_rows(apply(diff, old), new)


def test_the_column_that_moved_most_comes_first(lake: Lake) -> None:
    """Bounded samples of what went and what came, by TFX's measures."""
    lake.append(NAME, silver({"a": 200}), part("one"))
    hot = silver({"a": 200}).with_columns((nw.col("sensor_3") + 5).alias("sensor_3"))
    lake.replace(NAME, hot, {"fleet": ["F"]}, part("two"))
    lake.append(NAME, silver({"b": 200}).with_columns(sensor_7=nw.lit(8.0)), part("three"))
    replaced, appended = table_diff(lake, NAME, 1, 2), table_diff(lake, NAME, 2, 3)
    assert replaced.shifts()[0].column == "sensor_3"
    assert replaced.shifts()[0].distance == 1.0
    assert all(shift.distance == 0 for shift in replaced.shifts()[1:])
    assert appended.shifts(rows=100)[0].column == "sensor_3"
    assert "sensor_7" in [shift.column for shift in appended.shifts()[:2]]


def test_what_concerns_one_engine_leaves_nothing_of_it_out(lake: Lake) -> None:
    rows = silver({"a": 4, "b": 3})
    moved = nw.when(nw.col("engine") == "a").then(nw.lit(1.0)).otherwise(nw.col("sensor_4"))
    lake.append(NAME, rows, part("one"))
    lake.merge(NAME, rows.with_columns(sensor_4=moved), part("two"))
    lake.append(NAME, silver({"c": 2}), part("three"))
    whole = table_diff(lake, NAME, 1, 3)
    mine, other = whole.of_engine("F", "a"), whole.of_engine("F", "c")
    assert (mine.rows_changed, mine.rows_added, mine.engines) == (4, 0, (("F", "a"),))
    assert (other.rows_changed, other.rows_added) == (0, 2)
    assert {row.key["engine"] for row in mine.changed_rows()} == {"a"}
    assert whole.of_engine("F", "b").is_empty and whole.of_engine("F", "b").engines == ()


def test_a_row_that_went_from_one_engine_to_another_concerns_both(lake: Lake) -> None:
    """Where the key does not name the engine; a table without engines concerns none."""
    name = "bronze/readings"
    for engine in ("a", "b"):
        row = {"delivery_id": ["d"], "line": [1], "fleet": ["F"], "engine": [engine]}
        lake.merge(name, nw.from_native(pl.LazyFrame(row)), part(engine))
    whole = table_diff(lake, name, 1, 2)
    assert [whole.of_engine("F", engine).rows_changed for engine in "abc"] == [1, 1, 0]
    lake.append(
        "bronze/deliveries", nw.from_native(pl.LazyFrame({"delivery_id": ["d"]})), part("d")
    )
    with pytest.raises(DiffError, match="tells of no engines"):
        table_diff(lake, "bronze/deliveries", 0, 1).of_engine("F", "a")
