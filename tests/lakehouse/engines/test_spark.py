"""The Spark engine on real tables: each engine writes what the other reads."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pytest

from lakehouse.engines import ContractError, EngineLostError, JobCancelledError
from lakehouse.engines.local import LocalEngine
from lakehouse.engines.spark import SparkEngine
from lakehouse.history import table_history
from lakehouse.lake import Lake
from lakehouse.tables import FEATURES
from tests.lakehouse.frames import part, rows, silver

pytestmark = pytest.mark.spark
NAME = "silver/readings"
WHERE = {"fleet": ["F"], "engine": ["a"]}


@pytest.fixture
def lakes(tmp_path: Path, spark_engine: SparkEngine) -> tuple[Lake, Lake]:
    """The same tables through the local engine and through Spark."""
    return Lake(tmp_path, LocalEngine()), Lake(tmp_path, spark_engine)


def sent(lake: Lake, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Rows as a Spark frame."""
    return lake.frame(frame.collect("polars").to_native())


def test_each_engine_appends_merges_and_travels_in_what_the_other_wrote(
    lakes: tuple[Lake, Lake],
) -> None:
    """Every version reads the same through both, and both work out the noted content."""
    local, spark = lakes
    local.append(NAME, silver({"a": 3, "b": 2}), part("one"))
    spark.append(NAME, sent(spark, silver({"c": 4}, seed=1)), part("two"))
    spark.merge(NAME, sent(spark, silver({"a": 5}, seed=2)), part("three"))
    local.merge(NAME, silver({"c": 2}, seed=3), part("four"))
    spark.replace(NAME, sent(spark, silver({"a": 2}, seed=4)), WHERE, part("five"))
    local.replace(NAME, silver({"a": 1}, seed=5), WHERE, part("six"))
    spark.restore(NAME, 5, part("seven"))
    assert local.version(NAME) == spark.version(NAME) == 7
    for version in range(8):
        assert rows(local.scan(NAME, version)).equals(rows(spark.scan(NAME, version)))
        noted = local.content(NAME, version)
        assert noted == local.recount(NAME, version) == spark.recount(NAME, version), version


def test_both_engines_count_the_rows_that_a_write_really_changed(
    lakes: tuple[Lake, Lake], tmp_path: Path
) -> None:
    """Values that stay, odd ones too, that change, come and go; by replace, merge and restore."""
    _, spark = lakes
    values = [None, float("nan"), float("inf"), 4.0]
    first = rows(silver({"a": 4})).with_columns(sensor_2=pl.Series(values))
    second = first.filter(pl.col("cycle") < 4).with_columns(sensor_3=pl.lit(0.5))
    mended = first.with_columns(sensor_2=pl.when(cycle=1).then(1.0).otherwise("sensor_2"))
    counts = []
    for lake in (spark, Lake(tmp_path / "alone", LocalEngine())):
        lake.append(NAME, lake.frame(first), part("one"))
        lake.replace(NAME, lake.frame(mended), WHERE, part("mended"))
        lake.merge(NAME, lake.frame(first), part("merged"))
        lake.replace(NAME, lake.frame(second), WHERE, part("shorter"))
        lake.restore(NAME, 1, part("back"))
        told = table_history(lake, NAME)
        counts.append([(t.rows_added, t.rows_updated, t.rows_removed) for t in told])
    assert counts[0] == [(4, 3, 3), (3, 3, 4), (1, 1, 1), (1, 1, 1), (4, 0, 0), (0, 0, 0)]
    assert counts[1] == counts[0]


def test_both_engines_count_alike_where_a_table_gains_columns(
    lakes: tuple[Lake, Lake], tmp_path: Path
) -> None:
    """A column that is not there is null on its side."""
    _, spark = lakes
    keys = {"fleet": "F", "engine": ["a", "b"], "cycle": 1, "transform_id": "t", "regime": 0}
    narrow = pl.DataFrame(keys | {"x": [0.25, 0.5]})
    wide, where = narrow.with_columns(y=pl.Series([None, 1.0])), {"fleet": ["F"]}
    for lake in (spark, Lake(tmp_path / "alone", LocalEngine())):
        lake.append(FEATURES.name, lake.frame(narrow), part("one"))
        lake.replace(FEATURES.name, lake.frame(wide), where, part("two"))
        newest = table_history(lake, FEATURES.name)[0]
        assert (newest.rows_added, newest.rows_updated, newest.rows_removed) == (1, 1, 1)


def test_the_log_of_a_spark_commit_says_who_wrote_what(lakes: tuple[Lake, Lake]) -> None:
    """Run, work and row counts stand in the commit, as in one of the local engine."""
    _, spark = lakes
    version = spark.append(NAME, sent(spark, silver({"a": 3})), part("one"))
    (entry, *_) = spark.history(NAME)
    assert entry.version == version
    assert entry.metadata["who"] == "somebody"
    assert entry.metadata["rows_added"] == entry.metadata["row_count"] == 3


def test_the_same_work_done_again_writes_nothing_whichever_engine_repeats_it(
    lakes: tuple[Lake, Lake],
) -> None:
    local, spark = lakes
    first = spark.append(NAME, sent(spark, silver({"a": 3})), part("one"))
    assert local.append(NAME, silver({"a": 3}), part("one")) == first
    second = local.append(NAME, silver({"b": 3}), part("two"))
    assert spark.append(NAME, sent(spark, silver({"b": 3})), part("two")) == second
    assert spark.version(NAME) == second


def test_tables_stay_readable_by_both(lakes: tuple[Lake, Lake]) -> None:
    """No deletion vectors, no column mapping: reader 1, writer 2, whatever Spark did."""
    from deltalake import DeltaTable

    _, spark = lakes
    spark.append(NAME, sent(spark, silver({"a": 3})), part("one"))
    spark.merge(NAME, sent(spark, silver({"a": 2}, seed=1)), part("two"))
    protocol = DeltaTable(spark.path(NAME)).protocol()
    assert (protocol.min_reader_version, protocol.min_writer_version) == (1, 2)


def test_names_with_quotes_are_names(lakes: tuple[Lake, Lake]) -> None:
    local, spark = lakes
    odd = "a'b\\c\"d`e"
    local.append(NAME, silver({odd: 2, "c": 2}), part("one"))
    where = {"fleet": ["F"], "engine": [odd]}
    spark.replace(NAME, sent(spark, silver({odd: 1}, seed=1)), where, part("two"))
    assert rows(local.scan(NAME)).select("engine", "cycle").rows() == [(odd, 1), ("c", 1), ("c", 2)]


def test_a_feature_table_gains_columns(lakes: tuple[Lake, Lake]) -> None:
    """One column a feature, as float32, null in the rows that were there before."""
    local, spark = lakes

    def features(engine: str, *names: str) -> pl.DataFrame:
        keys = {"fleet": ["F"], "engine": [engine], "cycle": [1], "transform_id": ["t"]}
        return pl.DataFrame(keys | {"regime": [0]} | {name: [0.25] for name in names})

    spark.append(FEATURES.name, spark.frame(features("a", "x")), part("one"))
    spark.append(FEATURES.name, spark.frame(features("b", "x", "y")), part("two"))
    found = rows(local.scan(FEATURES.name))
    assert found.schema["y"] == pl.Float32
    assert found["y"].to_list() == [None, 0.25]
    assert local.content(FEATURES.name, 2) == spark.recount(FEATURES.name, 2)


def test_rows_that_break_the_contract_are_refused(lakes: tuple[Lake, Lake]) -> None:
    _, spark = lakes
    with pytest.raises(ContractError, match="wing"):
        spark.append(NAME, spark.frame(pl.DataFrame({"wing": [1]})), part("one"))


def test_odd_values_have_one_hash(lakes: tuple[Lake, Lake]) -> None:
    """Nulls, NaN, infinities, signed zeros and texts outside ASCII."""
    local, spark = lakes
    values = [None, float("nan"), float("inf"), -float("inf"), -0.0, 0.0, 5e-324, 1e308]
    frame = rows(silver({"ä'€": len(values)})).with_columns(
        sensor_1=pl.Series(values), flags=pl.Series(["", None, "x", "ß", "", "", "", ""])
    )
    spark.append(NAME, spark.frame(frame), part("one"))
    assert local.content(NAME, 1) == local.recount(NAME, 1) == spark.recount(NAME, 1)


def last_value(frame: pl.DataFrame) -> pl.DataFrame:
    """A function of whole groups: the sum so far, and how long the group is."""
    mean = pl.col("sensor_1").cum_sum().over("engine").alias("sum")
    return frame.select(
        "fleet", "engine", "cycle", mean, pl.len().over("engine").cast(pl.Int64).alias("flights")
    )


def test_a_function_of_whole_groups_gives_the_same_bits_on_both(lakes: tuple[Lake, Lake]) -> None:
    """However the rows are spread: groups arrive whole and in order."""
    local, spark = lakes
    random = np.random.default_rng(1)
    for index in range(3):
        engines = {f"e{i}": int(random.integers(1, 300)) for i in range(40)}
        local.append(NAME, silver(engines, seed=index, first=1 + 300 * index), part(str(index)))
    mine = rows(local.by_unit(local.scan(NAME), last_value))
    assert mine.equals(rows(spark.by_unit(spark.scan(NAME), last_value)))
    assert mine.height == rows(local.scan(NAME)).height


def slow(batches: Iterator[Any]) -> Iterator[Any]:
    time.sleep(60)
    yield from batches


def test_a_cancelled_job_ends_at_once(spark_engine: SparkEngine) -> None:
    """The running Spark job is stopped, not waited for."""
    cancelled = threading.Event()
    threading.Timer(2.0, cancelled.set).start()
    began = time.monotonic()
    with pytest.raises(JobCancelledError), spark_engine.job("run-1", cancelled.is_set):
        spark_engine.spark.range(2).mapInArrow(slow, "id bigint").collect()
    assert time.monotonic() - began < 50
    with spark_engine.job("run-2", lambda: False):
        assert spark_engine.spark.range(5).count() == 5


def test_what_fails_in_the_jvm_is_told_in_its_words(spark_engine: SparkEngine) -> None:
    """Not by the number that the call had."""
    java = spark_engine.spark._jvm
    assert java is not None
    with (
        pytest.raises(RuntimeError, match=r"ClassNotFoundException: no\.such\.Kind"),
        spark_engine.job("run-1", lambda: False),
    ):
        java.java.lang.Class.forName("no.such.Kind")


def jvm() -> int:
    """Process id of the session's JVM."""
    from pyspark import SparkContext

    assert SparkContext._gateway is not None
    return int(SparkContext._gateway.proc.pid)


@pytest.mark.fault
def test_a_lost_jvm_is_told_and_the_next_job_starts_another(spark_engine: SparkEngine) -> None:
    """The message says what ended and what to do; nothing has to be restarted by hand."""
    assert spark_engine.spark.range(1).count() == 1
    before = jvm()
    threading.Timer(2.0, os.kill, (before, signal.SIGKILL)).start()
    with (
        pytest.raises(EngineLostError, match=r"JVM ended .*Retry the run"),
        spark_engine.job("run-1", lambda: False),
    ):
        spark_engine.spark.range(2).mapInArrow(slow, "id bigint").collect()
    with spark_engine.job("run-2", lambda: False):
        assert spark_engine.spark.range(5).count() == 5
    assert jvm() != before


START = """
import sys, time
from pathlib import Path
from lakehouse.engines.spark import SparkEngine
from lakehouse.settings import SparkSettings
from pyspark import SparkContext
engine = SparkEngine(SparkSettings(master="local[1]"), Path(sys.argv[1]))
engine.spark
print(SparkContext._gateway.proc.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.fault
def test_no_jvm_outlives_its_process(tmp_path: Path) -> None:
    """Killed without a chance to clean up, the worker takes its JVM with it."""
    process = subprocess.Popen(
        [sys.executable, "-c", START, str(tmp_path / "spark.log")],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    java = int(process.stdout.readline())
    process.kill()
    process.wait()
    deadline = time.monotonic() + 30
    while Path(f"/proc/{java}/stat").exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(f"/proc/{java}").exists()
