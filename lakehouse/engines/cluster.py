"""A cluster's executors as one Spark session sees them: are they there, have they what work needs.

Spark itself lets a job wait for ever for executors that nobody can give, tries a master that is not
there for a minute, and writes to the disks of machines that nobody else reads.
"""

import platform
import re
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from pyspark import SparkContext
from pyspark.sql import SparkSession

from lakehouse.engines.jars import SparkSetupError
from lakehouse.settings import SparkSettings

# How long jobs wait for a first executor; `spark.conf` may say otherwise, like "10min".
_PATIENCE, _PATIENCE_DEFAULT = "spark.stillwater.patience", "120s"
# A lost executor is back within seconds, or the master has forgotten the session.
_BACK_SECONDS = 15.0
_LOOK_SECONDS = 1.0
_REACH_SECONDS = 10.0
_MOST_ASKED = 64
_LOOPBACK = re.compile(r"spark://(127\.[\d.]+|localhost|\[::1\]):")
_NO_PYTHON = re.compile(r"ModuleNotFoundError: .*|Cannot run program .*|\[PYTHON_VERSION_MISM.*")


def in_process(master: str) -> bool:
    """Whether there is no cluster: one JVM is driver and executor."""
    return master == "local" or master.startswith("local[")


def on_loopback(master: str) -> bool:
    """Whether nothing of the session leaves this machine."""
    return master.startswith("local") or _LOOPBACK.match(master) is not None


def reach(master: str) -> None:
    """See that a standalone master listens, before Spark tries.

    Raises:
        SparkSetupError: none of its addresses takes a connection.
    """
    if not master.startswith("spark://"):
        return
    problems = []
    for address in master.removeprefix("spark://").split(","):
        host, _, port = address.rpartition(":")
        try:
            with socket.create_connection((host.strip("[]"), int(port)), _REACH_SECONDS):
                return
        except (OSError, ValueError) as error:
            problems.append(f"{address}: {error}")
    raise SparkSetupError(
        f"no Spark master listens at {master} ({'; '.join(problems)}). Start it, or set the "
        "address that its page shows: spark.master (STILLWATER_SPARK__MASTER)"
    )


def ask(spark: SparkSession, folder: Path) -> None:
    """Let the executors that are there say whether they have Stillwater's Python and see the home.

    Args:
        spark: a session on a cluster.
        folder: one of the home.

    Raises:
        SparkSetupError: one of them does not.
    """
    tasks = min(_MOST_ASKED, max(1, spark.sparkContext.defaultParallelism))
    rows = spark.range(0, tasks, 1, tasks)
    answers = rows.mapInArrow(partial(_look, str(folder)), "machine string, sees boolean")
    try:
        blind = sorted({row["machine"] for row in answers.collect() if not row["sees"]})
    except Exception as error:
        told = _NO_PYTHON.search(str(error))
        if told is None:
            raise
        raise SparkSetupError(
            f"an executor lacks Stillwater's Python ({told[0]}): have the environment there under "
            "the same path, or name another one in PYSPARK_PYTHON"
        ) from error
    if blind:
        raise SparkSetupError(
            f"{', '.join(blind)} does not see {folder}: the home must be on a file system that "
            "worker, dashboard and all executors have under the same name"
        )


def _look(folder: str, batches: Iterable[Any]) -> Iterator[Any]:
    """Runs on an executor, which needs Stillwater's Python even to load this."""
    import pyarrow as pa

    from lakehouse.engines import groups  # noqa: F401  (what the work itself loads)

    for batch in batches:
        machine, sees = platform.node(), Path(folder).is_dir()
        count = batch.num_rows
        yield pa.RecordBatch.from_pydict({"machine": [machine] * count, "sees": [sees] * count})


class Executors:
    """Watches whether a session has executors.

    Attributes:
        gave_up: why its jobs were ended; empty while all is well.

    Args:
        context: the session's.
        settings: what was asked for, to say so.
    """

    def __init__(self, context: SparkContext, settings: SparkSettings) -> None:
        self.gave_up = ""
        self._context = context
        self._settings = settings
        self._gone_since: float | None = None
        conf = context._jsc.sc().conf()
        self._patience = int(conf.getTimeAsSeconds(_PATIENCE, _PATIENCE_DEFAULT))
        # Then executors go while there is nothing to do, and come with the next job.
        self._elastic = bool(conf.getBoolean("spark.dynamicAllocation.enabled", False))
        threading.Thread(target=self._watch, daemon=True).start()

    def here(self) -> bool:
        """Whether a job would find one; a master that was restarted has forgotten the session."""
        while not self.gave_up and (since := self._gone_since) is not None:
            if time.monotonic() - since > _BACK_SECONDS:
                return False
            time.sleep(_LOOK_SECONDS / 4)
        return not self.gave_up

    def _watch(self) -> None:
        """End the jobs that no executor has been there for as long as patience lasts."""
        waiting, seen = 0.0, False
        with suppress(Exception):  # the session has ended
            status = self._context._jsc.sc().statusTracker()
            while waiting < self._patience:
                time.sleep(_LOOK_SECONDS)
                if len(status.getExecutorInfos()) > 1:  # the driver is one of them
                    self._gone_since, waiting, seen = None, 0.0, True
                    continue
                if seen and not self._elastic:
                    self._gone_since = self._gone_since or time.monotonic()
                waiting = waiting + _LOOK_SECONDS if len(status.getActiveJobIds()) else 0.0
            self.gave_up = (
                f"{self._settings.master} gave no executor for {self._patience} s: no worker is "
                f"free with a core and {self._settings.executor_memory} of memory "
                "(spark.executor_memory), or executors end as soon as they start; the master's "
                "page shows which"
            )
            self._context.cancelAllJobs()
