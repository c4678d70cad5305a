"""A real Spark standalone cluster on loopback, from the wheel: one master and two workers."""

import json
import os
import re
import signal
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import pytest

from lakehouse.engines import jars
from tests.conftest import missing

WORKERS = 2
DEADLINE_SECONDS = 120.0
POLL_SECONDS = 0.1
_MASTER = "org.apache.spark.deploy.master.Master"
_WORKER = "org.apache.spark.deploy.worker.Worker"
_LISTENS = re.compile(
    r"Starting Spark master at (spark://\S+).*?MasterWebUI.*? (http://\S+)", re.DOTALL
)
Document = dict[str, Any]
Value = TypeVar("Value")


@dataclass
class Cluster:
    """A running cluster; what it says of itself is asked over its own pages, as JSON.

    Attributes:
        folder: logs of the daemons, and a work folder each for the workers.
        memory: what each worker has to give away, beside one core.
        address: what ``spark.master`` is set to; the same when it is started again.
        page: the master's page.
        processes: the daemons, the master first.
    """

    folder: Path
    memory: str = "2g"
    address: str = "spark://127.0.0.1:0"
    page: str = ""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self) -> None:
        """Start master and workers; returns once all workers are registered."""
        port = self.address.rpartition(":")[2]
        self._run("master", _MASTER, "--port", port)
        found = wait_until(lambda: _LISTENS.search(self._log("master")), self.logs)
        assert found is not None
        self.address, self.page = found.groups()
        for number in range(WORKERS):
            work = str(self.folder / f"work-{number}")
            given = ("-c", "1", "-m", self.memory, "--work-dir", work)
            self._run(f"worker-{number}", _WORKER, *given, self.address)
        wait_until(lambda: self._alive() == WORKERS, self.logs)

    def stop(self, first: int = 0) -> None:
        """End the daemons and what they started, the last ones first; 1 leaves the master alone."""
        while len(self.processes) > first:
            end_group(self.processes.pop())

    def master(self) -> Document:
        """What the master knows: workers, active and completed applications."""
        return _asked(f"{self.page}/json/")

    def applications(self) -> list[str]:
        """Ids of the applications that run now."""
        return [str(app["id"]) for app in self.master()["activeapps"]]

    def executors(self) -> list[list[Document]]:
        """A list for each worker: all executors that it runs or ran."""
        pages = [worker["webuiaddress"] for worker in self.master()["workers"]]
        said = [_asked(f"{page}/json/") for page in pages]
        return [[*one["executors"], *one["finishedexecutors"]] for one in said]

    def tasks(self, application: str) -> list[int]:
        """How many tasks of an application each worker's executors ran, by their logs."""
        return [
            sum(
                log.read_text(errors="replace").count("Running task ")
                for log in (work / application).glob("*/stderr")
            )
            for work in sorted(self.folder.glob("work-*"))
        ]

    def logs(self) -> str:
        """The last lines of every daemon, for a failed test."""
        return "\n".join(
            f"{log.name}:\n{log.read_text(errors='replace')[-2000:]}"
            for log in sorted(self.folder.glob("*.log"))
        )

    def _run(self, name: str, kind: str, *words: str) -> None:
        """One daemon in a process group of its own, with a log of its own."""
        from pyspark.find_spark_home import _find_spark_home

        home = Path(str(_find_spark_home()))
        environment = {k: v for k, v in os.environ.items() if not k.startswith("STILLWATER_")}
        environment |= {
            "SPARK_HOME": str(home),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(self.folder / "scratch"),
            "SPARK_DAEMON_MEMORY": "256m",
            # Daemons and executors of a test are gone before a second compiler would pay.
            "JDK_JAVA_OPTIONS": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",
        }
        ours = ("--host", "127.0.0.1", "--webui-port", "0")
        with (self.folder / f"{name}.log").open("wb") as log:
            self.processes.append(
                subprocess.Popen(
                    [str(home / "bin" / "spark-class"), kind, *ours, *words],
                    env=environment,
                    cwd=self.folder,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            )

    def _log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def _alive(self) -> int:
        return sum(worker["state"] == "ALIVE" for worker in self.master()["workers"])


@contextmanager
def spark_cluster(folder: Path) -> Iterator[Cluster]:
    """A running cluster with its files in a folder; skips where there is no Java."""
    try:
        jars.find_java()
    except jars.SparkSetupError as error:
        missing(str(error))
    folder.mkdir(parents=True, exist_ok=True)
    cluster = Cluster(folder)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()


def wait_until(
    holds: Callable[[], Value], said: Callable[[], str], seconds: float = DEADLINE_SECONDS
) -> Value:
    """Ask until something true comes back; that is returned.

    Args:
        holds: may fail to connect, which is not true yet.
        said: what to show when time is over.
        seconds: how long to ask.
    """
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with suppress(OSError):
            found = holds()
            if found:
                return found
        time.sleep(POLL_SECONDS)
    pytest.fail(f"not within {seconds:.0f} s\n{said()}")


def _asked(url: str) -> Document:
    # Straight to the loopback address, whatever proxy the environment names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with opener.open(url, timeout=5) as answer:
        document: Document = json.load(answer)
        return document


def end_group(process: subprocess.Popen[bytes]) -> None:
    """End a process and all of its group: asked first, killed after ten seconds."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(10)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
