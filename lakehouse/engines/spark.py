"""The Spark engine: the same tables through PySpark and delta-spark, on any master.

Large tables are read and written by Spark. What is small, and the log itself, go through the local
engine in this process: a commit of one row costs 10 ms there and seconds in a cluster.
"""

import contextlib
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
from delta.tables import DeltaTable
from py4j.protocol import Py4JError
from pyspark import StorageLevel
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema, to_arrow_schema

from lakehouse.content import Content
from lakehouse.contract import Table
from lakehouse.engines import (
    Added,
    ByGroup,
    ContractError,
    JobCancelledError,
    LogEntry,
    Overlap,
    Where,
    Write,
)
from lakehouse.engines import session as sessions
from lakehouse.engines.groups import contents, empty_frame, on_groups
from lakehouse.engines.local import SMALL_FILES, LocalEngine
from lakehouse.engines.predicates import predicate
from lakehouse.engines.spark_sql import TYPES, overlap_of, text, typed
from lakehouse.settings import SparkSettings

POLL_SECONDS = 0.3
# So many are written by one task, as one file: to share them out costs two more jobs.
FEW_ROWS = 50_000
_TXN = "spark.databricks.delta.write.txn"
_USER = "spark.databricks.delta.commitInfo.userMetadata"


class SparkEngine:
    """PySpark and delta-spark behind the engine interface, over the local engine."""

    def __init__(self, settings: SparkSettings, log: Path) -> None:
        self._settings = settings
        self._log = log
        self._local = LocalEngine()
        self._writing = threading.RLock()
        self._job = threading.local()

    @property
    def spark(self) -> SparkSession:
        """The warm session; the first use starts it.

        Raises:
            SparkSetupError: Java or a jar is missing.
        """
        spark = sessions.session(self._settings, self._log)
        group = getattr(self._job, "name", None)
        if group is not None and spark is not self._job.grouped:
            self._job.grouped = spark
            spark.sparkContext.setJobGroup(group, f"stillwater {group}", interruptOnCancel=True)
        return spark

    def of(self, table: Table) -> "SparkEngine | LocalEngine":
        """Itself for large tables, the local engine for the others."""
        return self if table.bulk else self._local

    def warm(self) -> None:
        """Start the session, its Python workers and what the first job loads."""
        self.content(self.frame(pl.DataFrame({"warm": [True]})))

    @property
    def near(self) -> LocalEngine:
        """The local engine: it prunes to a few row groups before a Spark job has begun."""
        return self._local

    def frame(self, rows: pl.DataFrame) -> nw.LazyFrame[Any]:
        """A few rows of this process, sent to the cluster."""
        return nw.from_native(self.spark.createDataFrame(rows.to_arrow()))

    @contextmanager
    def held(self, frame: nw.LazyFrame[Any]) -> Iterator[nw.LazyFrame[Any]]:
        """The frame kept on the executors' disks: no slower than memory, which it may exceed."""
        if _in_process(frame):
            with self._local.held(frame) as rows:
                yield rows
            return
        kept = _native(frame).persist(StorageLevel.DISK_ONLY)
        try:
            yield nw.from_native(kept)
        finally:
            with contextlib.suppress(Py4JError, PySparkException):  # gone with its JVM
                kept.unpersist()

    def map_groups(
        self, frame: nw.LazyFrame[Any], by: tuple[str, ...], order: str, function: ByGroup
    ) -> nw.LazyFrame[Any]:
        """What ``function`` makes of whole groups, some at a time, where they lie."""
        if _in_process(frame):
            return self._local.map_groups(frame, by, order, function)
        rows = _native(frame)
        made = function(empty_frame(to_arrow_schema(rows.schema, timezone="UTC"))).to_arrow().schema
        together = rows.repartition(*by).sortWithinPartitions(*by, order)
        result = together.mapInArrow(on_groups(function, by, made), from_arrow_schema(made))
        return nw.from_native(result)

    @contextmanager
    def job(self, name: str, cancelled: Callable[[], bool]) -> Iterator[None]:
        """Spark jobs that a person can cancel; a lost JVM is told as such."""
        ended, was_cancelled = threading.Event(), threading.Event()

        def watch() -> None:
            while not ended.wait(POLL_SECONDS):
                if cancelled():
                    was_cancelled.set()
                    with contextlib.suppress(Py4JError, PySparkException):
                        sessions.cancel(name)

        watcher = threading.Thread(target=watch, daemon=True)
        self._job.name, self._job.grouped = name, None
        watcher.start()
        try:
            yield
        except (Py4JError, PySparkException, ConnectionError) as error:
            if was_cancelled.is_set():
                raise JobCancelledError(name) from error
            raise sessions.readable(error) from error
        finally:
            self._job.name = None
            ended.set()
            watcher.join()

    def version(self, path: Path) -> int | None:
        """The newest version, or None while there is no table."""
        return self._local.version(path)

    def create(self, path: Path, table: Table, write: Write) -> None:
        """Create an empty table: the same protocol and properties, whichever engine runs."""
        self._local.create(path, table, write)

    def scan(self, path: Path, version: int) -> nw.LazyFrame[Any]:
        """The rows of one version, lazily."""
        reader = self.spark.read.format("delta").option("versionAsOf", version)
        return nw.from_native(reader.load(str(path)))

    def empty(self, table: Table) -> nw.LazyFrame[Any]:
        """No rows, with the contract's columns and types."""
        columns = ", ".join(f"`{c.name}` {TYPES[c.type]}" for c in table.columns)
        return nw.from_native(self.spark.createDataFrame([], columns))

    def conform(self, frame: nw.LazyFrame[Any], table: Table) -> nw.LazyFrame[Any]:
        """The frame with the contract's columns and types."""
        if _in_process(frame):
            return self._local.conform(frame, table)
        rows = _native(frame)
        missing = [name for name in table.key if name not in rows.columns]
        unknown = [name for name in rows.columns if name not in table.column_names]
        if missing or (unknown and not table.open):
            raise ContractError(f"{table.name}: key columns missing {missing}, unknown {unknown}")
        there = set(rows.columns)
        columns = [typed(there, column.name, TYPES[column.type]) for column in table.columns]
        columns += [typed(there, name, TYPES["float32"]) for name in sorted(unknown)]
        return nw.from_native(rows.selectExpr(columns))

    def matching(
        self, frame: nw.LazyFrame[Any], rows: nw.LazyFrame[Any], key: tuple[str, ...]
    ) -> nw.LazyFrame[Any]:
        """The rows of a table whose key is among those of conformed ``rows``."""
        keys = rows.select(*key)
        if _in_process(keys):
            keys = self.frame(keys.collect("polars").to_native())
        return frame.join(keys, on=list(key), how="semi")

    def overlap(
        self, gone: nw.LazyFrame[Any], came: nw.LazyFrame[Any], key: tuple[str, ...]
    ) -> Overlap:
        """How many rows are in both, joined where they lie; a key names one row of a side."""
        if _in_process(came):
            came = self.frame(came.collect("polars").to_native())
        return overlap_of(_native(gone), _native(came), key)

    def content(self, frame: nw.LazyFrame[Any]) -> Content:
        """Row count and hash of a frame's content, hashed where the rows lie."""
        if _in_process(frame):
            return self._local.content(frame)
        parts = _native(frame).mapInArrow(contents, "rows bigint, sum string").collect()
        return sum((Content.parse(part["rows"], part["sum"]) for part in parts), Content())

    def append(self, path: Path, table: Table, frame: nw.LazyFrame[Any], write: Write) -> None:
        """Add rows; new feature columns widen an open table."""
        if _in_process(frame):
            return self._local.append(path, table, frame, write)
        with self._noted(write):
            writer = _in_order(frame, table, write).write.format("delta").mode("append")
            writer.option("mergeSchema", "true").save(str(path))

    def replace(
        self, path: Path, table: Table, frame: nw.LazyFrame[Any], where: Where, write: Write
    ) -> None:
        """Put ``frame`` in the place of the rows that match ``where``, in one commit."""
        if _in_process(frame):
            return self._local.replace(path, table, frame, where, write)
        with self._noted(write):
            writer = _in_order(frame, table, write).write.format("delta").mode("overwrite")
            writer = writer.option("mergeSchema", "true").option(
                "replaceWhere", predicate(where, "`", text)
            )
            writer.save(str(path))

    def merge(
        self, path: Path, frame: nw.LazyFrame[Any], key: tuple[str, ...], write: Write
    ) -> None:
        """Update the rows whose key is there, insert the others, in one commit."""
        if _in_process(frame):
            return self._local.merge(path, frame, key, write)
        condition = " AND ".join(f"t.`{name}` = s.`{name}`" for name in key)
        with self._noted(write):
            table = DeltaTable.forPath(self.spark, str(path)).alias("t")
            merger = table.merge(_native(frame).alias("s"), condition)
            merger.whenMatchedUpdateAll().whenNotMatchedInsertAll().execute()

    def done(self, path: Path, write: Write) -> bool:
        """Whether the log records this piece of work, or a later batch of it."""
        return self._local.done(path, write)

    def log(
        self, path: Path, version: int | None = None, limit: int | None = None
    ) -> list[LogEntry]:
        """Commits up to ``version`` (default: newest), newest first."""
        return self._local.log(path, version, limit)

    def restore(self, path: Path, version: int, write: Write) -> None:
        """Make the content of an older version the newest one: a commit without any new file."""
        self._local.restore(path, version, write)

    def compact(self, path: Path, table: Table, write: Write) -> bool:
        """Rewrite many small files as few sorted ones; False when there was nothing to do."""
        if self._local.small_files(path) <= SMALL_FILES:
            return False
        by = "engine" if "engine" in table.sort else table.key[0]
        with self._noted(write):
            DeltaTable.forPath(self.spark, str(path)).optimize().executeZOrderBy(by)
        return True

    def added(self, path: Path, after: int, until: int) -> list[Added]:
        """Files that the commits in (after, until] added, oldest first."""
        return self._local.added(path, after, until)

    @contextmanager
    def _noted(self, write: Write) -> Iterator[None]:
        """What the next commit says of itself; the session has one such note at a time."""
        notes = {
            f"{_TXN}AppId": write.work,
            f"{_TXN}Version": str(write.number),
            _USER: write.metadata,
        }
        with self._writing:
            conf = self.spark.conf
            for name, value in notes.items():
                conf.set(name, value)
            try:
                yield
            finally:
                with contextlib.suppress(Py4JError, PySparkException):  # gone with its JVM
                    for name in notes:
                        conf.unset(name)


def _in_order(frame: nw.LazyFrame[Any], table: Table, write: Write) -> DataFrame:
    """Sorted only now: the sort looks at the rows twice, and they are held by then."""
    rows, order = _native(frame), table.sort or table.key
    if write.rows <= FEW_ROWS:
        return rows.coalesce(1).sortWithinPartitions(*order)
    return rows.sort(*order)


def _in_process(frame: nw.LazyFrame[Any]) -> bool:
    return frame.implementation is nw.Implementation.POLARS


def _native(frame: nw.LazyFrame[Any]) -> DataFrame:
    native: DataFrame = nw.to_native(frame)
    return native
