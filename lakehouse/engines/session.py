"""The one warm Spark session of this process: started when first needed, and anew when it is lost.

Only the worker and the command line come here; the dashboard never starts a JVM.
"""

import contextlib
import os
import sys
import threading
from importlib.resources import files
from pathlib import Path

from py4j.protocol import Py4JNetworkError
from pyspark import SparkContext
from pyspark.sql import SparkSession

from lakehouse.engines import EngineLostError
from lakehouse.engines.jars import SparkSetupError, check, fetch, find_java, jar_folder
from lakehouse.settings import SparkSettings

# Both engines write what the other reads: UTC, microseconds in Parquet, no page of another kind.
_FIXED = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "zstd",
    # One engine's rows are then a few row groups, as the local engine writes them.
    "spark.hadoop.parquet.block.row.count.limit": "10000",
}
# What small machines need and large ones do not mind; `spark.conf` may say otherwise.
_USUAL = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
    "spark.python.worker.reuse": "true",
    "spark.task.maxFailures": "4",
}
_lock = threading.RLock()


def session(settings: SparkSettings, log: Path) -> SparkSession:
    """The process's session; the first call takes seconds, all others nothing.

    Args:
        settings: master, memory, jars, further settings.
        log: file that the JVM logs to.

    Raises:
        SparkSetupError: Java or a jar is missing; the message says what to do.
    """
    with _lock:
        if not alive():
            _forget()
            return _start(settings, log)
        return SparkSession.Builder().getOrCreate()


def alive() -> bool:
    """Whether there is a session whose JVM still runs."""
    context = SparkContext._active_spark_context
    if context is None or context._gateway is None:
        return False
    process = getattr(context._gateway, "proc", None)
    if process is not None and process.poll() is not None:
        return False
    with contextlib.suppress(Exception):
        return not context._jsc.sc().isStopped()
    return False


def cancel(group: str) -> None:
    """End the running Spark jobs of a group, if there is a session."""
    context = SparkContext._active_spark_context
    if context is not None:
        context.cancelJobGroup(group)


def stop() -> None:
    """End the session and its JVM."""
    with _lock:
        context = SparkContext._active_spark_context
        if context is not None and alive():
            context.stop()
        _forget()


def readable(error: Exception) -> Exception:
    """A lost JVM as what it is; of any other error the first line, which says what happened."""
    if isinstance(error, Py4JNetworkError | ConnectionError) or not alive():
        code = _exit_code()
        how = "" if code is None else f" (exit code {code})"
        return EngineLostError(
            f"Spark's JVM ended{how} while it worked: out of memory or killed? "
            "Retry the run: it starts a new session"
        )
    lines = [line for line in str(error).splitlines() if line.strip()]
    return RuntimeError(lines[0] if lines else type(error).__name__)


def _exit_code() -> int | None:
    """How the JVM ended, None while it runs or when nobody knows."""
    gateway = SparkContext._gateway
    process = getattr(gateway, "proc", None)
    return None if process is None else process.poll()


def _start(settings: SparkSettings, log: Path) -> SparkSession:
    find_java()
    folder = jar_folder(settings.jars)
    try:
        jars = check(folder, ("delta",))
    except SparkSetupError:
        jars = fetch(folder, ("delta",), lambda _: None)
    with contextlib.suppress(SparkSetupError):
        jars += check(folder, ("kafka",))
    log.parent.mkdir(parents=True, exist_ok=True)
    # Workers of this machine use this environment; a cluster's have theirs (spark.conf).
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.Builder().appName("stillwater").master(settings.master)
    for name, value in _configuration(settings, jars, log).items():
        builder = builder.config(name, value)
    return builder.getOrCreate()


def _configuration(settings: SparkSettings, jars: tuple[Path, ...], log: Path) -> dict[str, str]:
    logging = files("lakehouse.engines") / "log4j2.properties"
    java = f"-Dlog4j2.configurationFile={logging} -Dstillwater.log={log}"
    chosen = {
        "spark.jars": ",".join(str(jar) for jar in jars),
        "spark.driver.memory": settings.memory,
        "spark.executor.memory": settings.executor_memory,
        "spark.sql.shuffle.partitions": str(settings.partitions),
        "spark.driver.extraJavaOptions": java,
    }
    if settings.master.startswith("local"):
        chosen |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    return _USUAL | chosen | settings.conf | _FIXED


def _forget() -> None:
    """Let go of a JVM that is gone: PySpark itself would go on talking to it."""
    gateway = SparkContext._gateway
    process = getattr(gateway, "proc", None)
    if gateway is not None:
        with contextlib.suppress(Exception):
            gateway.shutdown()
    if process is not None and process.poll() is None:
        process.kill()
        process.wait()
    SparkContext._active_spark_context = None
    SparkContext._gateway = None
    SparkContext._jvm = None
    SparkSession._instantiatedSession = None
