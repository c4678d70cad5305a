"""Micro-batches by Spark Structured Streaming: its checkpoint says what each batch holds."""

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

from pyspark.errors import StreamingQueryException
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from lakehouse.engines.spark import SparkEngine
from lakehouse.requests import StreamRequest
from pipeline.sources.messages import line
from pipeline.sources.streams import Batch, StreamError, land

MOST_FILES = 50
MOST_MESSAGES = 10_000
POLL_SECONDS = 0.2
SETTLED_SECONDS = 0.5
# Spark leaves names with a dot or underscore in front alone; these are complete by their ending.
NAMES = "*.{txt,gz,csv,tsv,jsonl,ndjson,parquet,zip}"
_FILE = "path string, modificationTime timestamp, length bigint, content binary"
Take = Callable[[Batch], None]


class SparkStream:
    """One source as a structured stream.

    Spark writes down which files or offsets a batch holds before it gives the batch out, and that
    it is done after ``take`` has returned; a batch that a crash interrupted comes again, the same
    files under the same number. A file that replaces another under its name is not seen again.

    Args:
        engine: owns the session.
        request: what is read.
        folder: the stream's own folder, for Spark's checkpoint and landed messages; on a cluster
            the checkpoint must be where all executors can reach it.
    """

    def __init__(self, engine: SparkEngine, request: StreamRequest, folder: Path) -> None:
        self._engine = engine
        self._request = request
        self._folder = folder
        self._error: BaseException | None = None
        self._working = threading.Lock()

    def drive(self, take: Take, check: Callable[[], None]) -> None:
        """Give every batch to ``take``; call ``check`` meanwhile, which may raise to end it.

        Raises:
            StreamError: the source cannot be read; the message is Spark's.
        """
        query = self._start(take)
        try:
            while query.isActive:
                check()
                query.awaitTermination(POLL_SECONDS)
            if self._error is not None:
                raise self._error
            if query.exception() is not None:
                raise _readable(query.exception())
        except StreamingQueryException as error:
            raise (self._error or _readable(error)) from error
        finally:
            query.stop()
            # The batch that is being taken ends by itself; nothing writes after this.
            with self._working:
                pass

    def _start(self, take: Take) -> Any:
        self._folder.mkdir(parents=True, exist_ok=True)

        def each(rows: DataFrame, number: int) -> None:
            with self._working:
                try:
                    files = self._files(rows, number)
                    if files:
                        take(Batch(number, files))
                except BaseException as error:
                    self._error = error
                    raise

        trigger: dict[str, Any] = (
            {"availableNow": True} if self._request.once else {"processingTime": "1 second"}
        )
        writer = self._rows().writeStream.foreachBatch(each).trigger(**trigger)
        return writer.option("checkpointLocation", str(self._folder / "spark")).start()

    def _rows(self) -> DataFrame:
        reader = self._engine.spark.readStream
        if self._request.folder is not None:
            watched = Path(self._request.folder)
            watched.mkdir(parents=True, exist_ok=True)
            files = reader.format("binaryFile").schema(_FILE).option("pathGlobFilter", NAMES)
            # A file is taken however old it is: Spark would pass old ones over after a week.
            files = files.option("maxFileAge", "36500d").option("maxFilesPerTrigger", MOST_FILES)
            return files.load(str(watched)).select("path", "modificationTime")
        topic = reader.format("kafka").option("subscribe", str(self._request.topic))
        topic = topic.option("kafka.bootstrap.servers", str(self._request.brokers))
        topic = topic.option("startingOffsets", "earliest").option("failOnDataLoss", "true")
        topic = topic.option("maxOffsetsPerTrigger", MOST_MESSAGES)
        return topic.load().select("partition", "offset", "value")

    def _files(self, rows: DataFrame, number: int) -> tuple[str, ...]:
        if self._request.folder is not None:
            found = rows.orderBy("modificationTime", "path").select("path").collect()
            paths = [Path(unquote(urlparse(row["path"]).path)) for row in found]
            _wait_until_settled(paths)
            return tuple(str(path) for path in paths)
        found = rows.orderBy(F.col("partition"), F.col("offset")).select("value").collect()
        if not found:
            return ()
        landed = self._folder / "landed" / f"{number}.jsonl"
        landed.parent.mkdir(parents=True, exist_ok=True)
        values = (None if row["value"] is None else bytes(row["value"]) for row in found)
        land(landed, b"".join(line(value) + b"\n" for value in values))
        return (str(landed),)


def _wait_until_settled(paths: list[Path]) -> None:
    """A file that is still being written is not read half."""
    before: list[tuple[int, int]] = []
    while True:
        stats = [path.stat() for path in paths if path.exists()]
        now = [(stat.st_size, stat.st_mtime_ns) for stat in stats]
        fresh = any(time.time() - stat.st_mtime < SETTLED_SECONDS for stat in stats)
        if not fresh or now == before:
            return
        before = now
        time.sleep(SETTLED_SECONDS)


def _readable(error: Any) -> StreamError:
    lines = [text for text in str(error).splitlines() if text.strip()]
    return StreamError(lines[0] if lines else "Spark ended the stream")
