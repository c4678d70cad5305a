"""A stream at work: a source gives micro-batches until somebody ends it."""

import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from lakehouse.journal import Journal
from lakehouse.requests import StreamRequest
from pipeline.home import Home
from pipeline.publish_lock import PublishLock
from pipeline.sources.folder import FolderSource
from pipeline.sources.streams import BatchLog, Source
from pipeline.step import Run, RunCancelled
from pipeline.steps.micro_batch import NODES, Feed

Document = dict[str, Any]
IDLE_SECONDS = 0.2


def stream(home: Home, run: Run, lock: PublishLock, request: StreamRequest) -> Document:
    """Take in what arrives; returns what was taken once it ends by itself.

    Raises:
        RunCancelled: a person ended it, which is how a stream usually ends.
        StreamError: the source cannot be read.
    """
    feed = Feed(home, run, lock, request)
    try:
        _drive(home, run, request, feed)
    finally:
        # Also on the way out: what was taken is written down before the run ends.
        feed.write_down()
    journal = Journal(home.settings.journals, run.run_id)
    for node in NODES:
        journal.write(node, "step", state="COMPLETE", fraction=1.0, message=f"{node} complete")
    return {
        "stream": request.name,
        "source": request.source,
        "batches": feed.batches,
        "deliveries": feed.deliveries,
        "rows": feed.rows,
        "snapshot": feed.seq,
    }


def _drive(home: Home, run: Run, request: StreamRequest, feed: Feed) -> None:
    folder = home.settings.streams / request.name
    if home.settings.engine == "spark":
        # Only who chooses Spark pays for its import.
        from pipeline.sources.spark_stream import SparkStream

        engine: Any = home.lake.engine
        SparkStream(engine, request, folder).drive(feed.take, _keep_going(run, feed))
        return
    with closing(_source(request, folder)) as source:
        _poll(source, feed, _keep_going(run, feed), once=request.once)


def _keep_going(run: Run, feed: Feed) -> Callable[[], None]:
    """Called while nothing arrives and between batches."""

    def check() -> None:
        if run.cancelled():
            raise RunCancelled(run.run_id)
        feed.write_down_if_due()

    return check


def _poll(source: Source, feed: Feed, check: Callable[[], None], once: bool) -> None:
    while True:
        check()
        batch = source.poll()
        if batch is not None:
            feed.take(batch)
            source.commit(batch)
        elif once and not source.pending:
            return
        else:
            time.sleep(IDLE_SECONDS)


def _source(request: StreamRequest, folder: Path) -> Source:
    log = BatchLog(folder, request.source)
    if request.folder is not None:
        return FolderSource(Path(request.folder), log)
    # Loaded only where it is used.
    from pipeline.sources.kafka import KafkaSource
    from pipeline.sources.kafka_topic import Topic

    return KafkaSource(Topic(str(request.brokers), str(request.topic)), log, folder / "landed")
