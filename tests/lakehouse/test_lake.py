"""The lake on real Delta tables."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import narwhals as nw
import polars as pl
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from lakehouse.engines import ContractError
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.tables import TABLES
from tests.lakehouse.frames import part, rows, silver

NAME = "silver/readings"


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path, LocalEngine())


def sound(lake: Lake, name: str = NAME) -> bool:
    """Whether every version's noted content is what its rows say."""
    newest = lake.version(name) or 0
    return all(lake.content(name, v) == lake.recount(name, v) for v in range(newest + 1))


def test_a_table_that_does_not_exist_is_empty(lake: Lake) -> None:
    """A page can read any table before the first run."""
    for name, table in TABLES.items():
        frame = lake.scan(name).collect("polars").to_native()
        assert frame.is_empty()
        assert tuple(frame.columns) == table.column_names


def test_the_same_work_done_again_writes_nothing(lake: Lake) -> None:
    """A repeated commit answers with the version that holds it."""
    first = lake.append(NAME, silver({"a": 3}), part("one"))
    lake.append(NAME, silver({"b": 3}), part("two"))
    assert lake.append(NAME, silver({"a": 3}), part("one")) == first
    assert lake.version(NAME) == 2
    assert rows(lake.scan(NAME)).height == 6


def test_an_old_version_reads_as_it_was(lake: Lake) -> None:
    """Later writes do not change what a version holds."""
    lake.append(NAME, silver({"a": 3}), part("one"))
    before = rows(lake.scan(NAME, 1))
    lake.replace(NAME, silver({"a": 5}, seed=1), {"fleet": ["F"], "engine": ["a"]}, part("two"))
    assert rows(lake.scan(NAME, 1)).equals(before)
    assert rows(lake.scan(NAME)).height == 5


def test_replace_touches_only_the_rows_that_match(lake: Lake) -> None:
    """Names with quotes are names, not SQL."""
    lake.append(NAME, silver({"a'b": 2, "c": 2}), part("one"))
    lake.replace(NAME, silver({"a'b": 4}), {"fleet": ["F"], "engine": ["a'b"]}, part("two"))
    counts = dict(rows(lake.scan(NAME)).group_by("engine").len().iter_rows())
    assert counts == {"a'b": 4, "c": 2}
    lake.replace(NAME, lake.empty(NAME), {"engine": ["c"]}, part("three"))
    assert set(rows(lake.scan(NAME))["engine"]) == {"a'b"}
    assert sound(lake)


def test_a_function_of_whole_machines_never_sees_half_of_one(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor half of a fleet's age, however few rows are worked on at a time."""
    monkeypatch.setattr("lakehouse.engines.local.CHUNK_ROWS", 4)
    lake.append(NAME, silver({"a": 3, "b": 7, "c": 1, "d": 2}), part("one"))
    taken: list[list[tuple[str, int]]] = []

    def look(flights: pl.DataFrame) -> pl.DataFrame:
        taken.append(flights.select("engine", "cycle").rows())
        return flights

    made = lake.by_unit(lake.scan(NAME), look).collect("polars").to_native()
    assert made.sort("engine", "cycle").equals(rows(lake.scan(NAME)).sort("engine", "cycle"))
    assert len(taken) > 1
    engines = [{engine for engine, _ in chunk} for chunk in taken]
    assert sum(map(len, engines)) == len(set().union(*engines)) == 4
    taken.clear()
    lake.by_age(lake.scan(NAME), look)
    ages = [{cycle for _, cycle in chunk} for chunk in taken]
    assert sum(map(len, ages)) == len(set().union(*ages)) == 7


def test_merge_updates_known_keys_and_inserts_the_others(lake: Lake) -> None:
    """One row a key, the newest values."""
    lake.append(NAME, silver({"a": 3}), part("one"))
    lake.merge(NAME, silver({"a": 5}, seed=1), part("two"))
    expected = rows(silver({"a": 5}, seed=1))
    found = rows(lake.scan(NAME))
    assert found.select(expected.columns).equals(expected)
    assert sound(lake)


@hypothesis_settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(st.sampled_from("arm"), st.sampled_from("xyz"), st.integers(1, 4)), max_size=6
    )
)
def test_the_noted_content_is_that_of_the_rows(
    tmp_path_factory: pytest.TempPathFactory, edits: list[tuple[str, str, int]]
) -> None:
    """After any history of edits every version's hash is the hash of its rows."""
    lake = Lake(tmp_path_factory.mktemp("lake"), LocalEngine())
    for index, (kind, engine, cycles) in enumerate(edits):
        frame, work = silver({engine: cycles}, seed=index), part(str(index))
        if kind == "a":
            lake.append(NAME, silver({f"{engine}{index}": cycles}), work)
        elif kind == "r":
            lake.replace(NAME, frame, {"engine": [engine]}, work)
        else:
            lake.merge(NAME, frame, work)
    assert sound(lake) if edits else lake.version(NAME) is None


def test_a_restored_version_is_the_newest_again(lake: Lake) -> None:
    """Restoring adds a version with the old content."""
    lake.append(NAME, silver({"a": 3}), part("one"))
    lake.append(NAME, silver({"b": 3}), part("two"))
    version = lake.restore(NAME, 1, part("back"))
    assert version is not None and lake.content(NAME, version) == lake.content(NAME, 1)
    assert sound(lake)


def test_compaction_changes_files_but_not_content(lake: Lake) -> None:
    """Many small files become few sorted ones with the same rows."""
    for index in range(18):
        lake.append(NAME, silver({"a": 1, "b": 1}, seed=index, first=index + 1), part(str(index)))
    before = rows(lake.scan(NAME))
    assert lake.compact(NAME, part("compact"))
    newest = lake.version(NAME)
    assert newest is not None
    assert rows(lake.scan(NAME)).equals(before)
    assert sound(lake)
    assert len(lake.added(NAME, newest - 1, newest)) == 1
    assert not lake.compact(NAME, part("again"))


def test_a_compaction_that_had_to_wait_notes_what_the_table_then_holds(lake: Lake) -> None:
    """Another step of the process may write while it waits."""
    for index in range(18):
        lake.append(NAME, silver({"a": 1}, first=index + 1), part(str(index)))
    with ThreadPoolExecutor() as pool:
        with lake.alone():
            waiting = pool.submit(lake.compact, NAME, part("compact"))
            with pytest.raises(TimeoutError):
                waiting.result(0.3)
            lake.append(NAME, silver({"b": 1}), part("meanwhile"))
        assert waiting.result()
    assert sound(lake)


def test_a_commit_says_who_wrote_it_and_from_what(lake: Lake) -> None:
    """History carries run, step, person, inputs and code version."""
    lake.append(NAME, silver({"a": 3}), part("one"))
    entry = lake.history(NAME, limit=1)[0]
    assert entry.metadata["run_id"] == "run"
    assert entry.metadata["node"] == "Clean"
    assert entry.metadata["who"] == "somebody"
    assert entry.metadata["inputs"] == {"bronze/readings": 1}
    assert entry.metadata["rows_added"] == 3
    assert [e.version for e in lake.history(NAME)] == [1, 0]


def test_columns_carry_description_and_unit(lake: Lake) -> None:
    """The catalogue is the table itself."""
    lake.append(NAME, silver({"a": 1}), part("one"))
    log = (lake.path(NAME) / "_delta_log" / f"{0:020d}.json").read_text()
    assert "HPC outlet temperature" in log
    assert "°R" in log


def test_a_frame_that_does_not_fit_is_refused(lake: Lake) -> None:
    """An unknown column or a missing key names itself."""
    with pytest.raises(ContractError, match="surprise"):
        lake.append(NAME, silver({"a": 1}).with_columns(nw.lit(1).alias("surprise")), part("x"))
    with pytest.raises(ContractError, match="cycle"):
        lake.append(NAME, silver({"a": 1}).drop("cycle"), part("y"))
    assert rows(lake.scan(NAME)).is_empty()


def test_an_open_table_takes_new_feature_columns(lake: Lake) -> None:
    """Features of a later recipe stand beside those of an earlier one."""
    key = {"fleet": ["F"], "engine": ["a"], "cycle": [1]}
    one = pl.LazyFrame(key | {"transform_id": ["t1"], "regime": [0], "x": [1.0]})
    two = pl.LazyFrame(key | {"transform_id": ["t2"], "regime": [0], "y": [2.0]})
    lake.append("gold/features", nw.from_native(one), part("one"))
    lake.append("gold/features", nw.from_native(two), part("two"))
    found = lake.scan("gold/features").collect("polars").to_native().sort("transform_id")
    assert found["x"].to_list() == [1.0, None]
    assert found["y"].to_list() == [None, 2.0]
    newest = lake.version("gold/features") or 0
    assert lake.content("gold/features", newest) == lake.recount("gold/features", newest)


def test_a_write_that_changes_nothing_makes_no_version(lake: Lake) -> None:
    """No rows came and none went: there is nothing to commit."""
    lake.append(NAME, silver({"a": 3}), part("one"))
    assert lake.append(NAME, lake.empty(NAME), part("two")) is None
    assert lake.replace(NAME, lake.empty(NAME), {"engine": ["z"]}, part("three")) is None
    assert lake.version(NAME) == 1
