"""``make bench NAME=button``: from asking for a run to its first Spark job, on a warm worker.

A worker with a warm session serves a home with a trained fleet; score runs are submitted as the
dashboard submits them. Each pair is one such run against what a stock Spark session needs for its
start and its first job, as a process of its own. The limit is the issue's: one second.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from lakehouse.requests import ScoreRequest
from lakehouse.runs import FINAL, RunStore
from lakehouse.settings import Settings, SparkSettings
from pipeline.sources.simulator import simulate
from pipeline.worker import init, worker

LIMIT = 1.0
FLEET = "SIM"
STOCK = (
    "from pyspark.sql import SparkSession as S;"
    "S.builder.master('local[2]').getOrCreate().range(9).count()"
)


def trained(home: Path) -> None:
    """A small fleet with a live model."""
    stillwater = [sys.executable, "-m", "pipeline.cli", "--home", str(home)]
    history, in_service, _ = simulate(home.parent / "made", 40)
    for delivered, kind in ((history, "history"), (in_service, "in_service")):
        words = ["ingest", delivered.source, "--fleet", FLEET, "--kind", kind]
        subprocess.run([*stillwater, *words], check=True, stdout=subprocess.DEVNULL)
    fast = ["retrain", "--set", "rounds=20", "--set", "averaged=1"]
    subprocess.run([*stillwater, *fast], check=True, stdout=subprocess.DEVNULL)


def first_job(settings: Settings) -> float:
    """Seconds from submitting a run until Spark knows a job of it."""
    from lakehouse.engines.session import session

    context = session(settings.spark, settings.home / "spark.log").sparkContext
    runs = RunStore(settings)
    began = time.perf_counter()
    run_id = runs.submit(ScoreRequest(fleet=FLEET, all_cycles=True), "bench").run_id
    while not context.statusTracker().getJobIdsForGroup(run_id):
        if (run := runs.run(run_id)).state in FINAL:
            raise SystemExit(f"{run_id} {run.state} without a Spark job: {run.error}")
        time.sleep(0.01)
    seconds = time.perf_counter() - began
    run = runs.wait(run_id)
    if run.state != "SUCCEEDED":
        raise SystemExit(f"{run_id} {run.state}: {run.error}")
    return seconds


def stock() -> float:
    """Seconds of a Spark session that nobody has kept warm."""
    began = time.perf_counter()
    subprocess.run([sys.executable, "-c", STOCK], check=True, capture_output=True)
    return time.perf_counter() - began


def main() -> int:
    """Print every pair and the median; 1 when it is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=5)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        trained(home)
        settings = Settings(home=home, engine="spark", spark=SparkSettings(master="local[2]"))
        init(settings)
        took = []
        with worker(settings):
            first_job(settings)  # the first of all loads what is loaded once
            for _ in range(asked.pairs):
                ours, theirs = first_job(settings), stock()
                took.append(ours)
                print(f"  button to job {ours:5.2f} s   stock session {theirs:5.1f} s")
    print(f"button to first job: {median(took):.2f} s (limit {LIMIT})")
    return 1 if median(took) > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
