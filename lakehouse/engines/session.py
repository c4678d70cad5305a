"""The one warm Spark session of this process: started when first needed, and anew when it is lost.

Only the worker and the command line come here; the dashboard never starts a JVM.
"""

import contextlib
import os
import sys
import threading
from importlib.resources import files
from pathlib import Path

from py4j.protocol import Py4JJavaError, Py4JNetworkError
from pyspark import SparkContext
from pyspark.sql import SparkSession

from lakehouse.engines import EngineLostError
from lakehouse.engines.cluster import Executors, ask, in_process, on_loopback, reach
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
    # PySpark else asks the JVM several times for each column of a plan where our code named it.
    "spark.python.sql.dataFrameDebugging.enabled": "false",
}
_OPTIONS = "spark.driver.extraJavaOptions"
_lock = threading.RLock()
_executors: Executors | None = None


def session(settings: SparkSettings, log: Path) -> SparkSession:
    """The process's session; the first call takes seconds, all others nothing.

    Args:
        settings: master, memory, jars, further settings.
        log: file that the JVM logs to.

    Raises:
        SparkSetupError: Java, a jar, the cluster, or something on its executors is missing; the
            message says what to do.
    """
    with _lock:
        if alive() and (_executors is None or _executors.here()):
            return SparkSession.Builder().getOrCreate()
        stop()
        try:
            return _start(settings, log)
        except BaseException:
            stop()
            raise


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
    """A lost JVM or cluster as what it is; of any other error the line that says it."""
    if _executors is not None and _executors.gave_up:
        return EngineLostError(_executors.gave_up)
    if isinstance(error, Py4JNetworkError | ConnectionError) or not alive():
        code = _exit_code()
        how = "" if code is None else f" (exit code {code})"
        return EngineLostError(
            f"Spark's JVM ended{how} while it worked: out of memory or killed? "
            "Retry the run: it starts a new session"
        )
    return RuntimeError(_first_line(error))


def _first_line(error: Exception) -> str:
    # Py4J's own first line only names the call.
    said = error.java_exception.toString() if isinstance(error, Py4JJavaError) else str(error)
    lines = [line for line in said.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def _exit_code() -> int | None:
    """How the JVM ended, None while it runs or when nobody knows."""
    gateway = SparkContext._gateway
    process = getattr(gateway, "proc", None)
    return None if process is None else process.poll()


def _start(settings: SparkSettings, log: Path) -> SparkSession:
    find_java()
    reach(settings.master)
    folder = jar_folder(settings.jars)
    try:
        jars = check(folder, ("delta",))
    except SparkSetupError:
        jars = fetch(folder, ("delta",), lambda _: None)
    with contextlib.suppress(SparkSetupError):
        jars += check(folder, ("kafka",))
    log.parent.mkdir(parents=True, exist_ok=True)
    # Executors run the same path, unless somebody named another one (docs/how-to/spark.md).
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    builder = SparkSession.Builder().appName("stillwater").master(settings.master)
    for name, value in _configuration(settings, jars, log).items():
        builder = builder.config(name, value)
    if in_process(settings.master):
        return builder.getOrCreate()
    return _on_cluster(builder, settings, log)


def _on_cluster(builder: SparkSession.Builder, settings: SparkSettings, log: Path) -> SparkSession:
    global _executors
    try:
        spark = builder.getOrCreate()
        _executors = Executors(spark.sparkContext, settings)
        ask(spark, log.parent)
    except Exception as error:  # whatever PySpark makes of a context that ended under it
        gave_up = "" if _executors is None else _executors.gave_up
        words = "" if isinstance(error, SparkSetupError) else f" (Spark's own words: {log})"
        why = gave_up or _first_line(error)
        raise SparkSetupError(f"no work for {settings.master}: {why}{words}") from error
    return spark


def _configuration(settings: SparkSettings, jars: tuple[Path, ...], log: Path) -> dict[str, str]:
    logging = files("lakehouse.engines") / "log4j2.properties"
    java = f"-Dlog4j2.configurationFile={logging} -Dstillwater.log={log}"
    chosen = {
        "spark.jars": ",".join(str(jar) for jar in jars),
        "spark.driver.memory": settings.memory,
        "spark.executor.memory": settings.executor_memory,
        "spark.sql.shuffle.partitions": str(settings.partitions),
    }
    if on_loopback(settings.master):
        chosen |= {"spark.driver.host": "127.0.0.1", "spark.driver.bindAddress": "127.0.0.1"}
    options = {_OPTIONS: f"{java} {settings.conf.get(_OPTIONS, '')}".strip()}
    return _USUAL | chosen | settings.conf | options | _FIXED


def _forget() -> None:
    """Let go of a JVM that is gone: PySpark itself would go on talking to it."""
    global _executors
    _executors = None
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
