"""``make bench NAME=engines``: ingest, features and scores of a fleet on either engine, by size.

A home with a live model for PHM08 takes in so many copies of PHM08's engines, as engines in
service: files to bronze and silver, features of every flight, a prediction of every flight. Each
run is a process of its own: seconds from its start to its end, Java's start included, and the peak
of the memory of all its processes together (proportional set size). Both engines must end with the
same predictions. ``ARGS="--scales 1,10,100"`` chooses the sizes.
"""

import argparse
import gzip
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from tests.bench.memory import Peak

DATA = Path(__file__).parents[3] / "shared" / "data"
ENGINES = ("local", "spark")
FILES = 10
COMMAND = [sys.executable, "-m", "pipeline.cli"]
SPARK = {"STILLWATER_SPARK__MASTER": "local[2]", "STILLWATER_SPARK__MEMORY": "4g"}


def copies(lines: list[str], first: int, count: int) -> Iterator[str]:
    """The fleet again and again, each time under engine numbers of its own."""
    split = [line.split(maxsplit=1) for line in lines]
    most = max(int(engine) for engine, _ in split)
    for copy in range(first, first + count):
        for engine, rest in split:
            yield f"{int(engine) + copy * most} {rest}\n"


def write_fleet(folder: Path, lines: list[str], scale: int) -> list[str]:
    """So many copies of the fleet, in up to ten files."""
    folder.mkdir()
    parts = min(FILES, scale)
    for part in range(parts):
        with (folder / f"part-{part}.txt").open("w") as file:
            file.writelines(copies(lines, part * (scale // parts), scale // parts))
    return [str(path) for path in sorted(folder.iterdir())]


def run(home: Path, words: list[str], engine: str) -> tuple[float, float, dict[str, float]]:
    """Seconds, peak MB of all processes and the seconds of each step."""
    environment = os.environ | SPARK | {"STILLWATER_ENGINE": engine, "STILLWATER_HOME": str(home)}
    began = time.perf_counter()
    with (home / "document.json").open("w") as out:
        process = subprocess.Popen(
            [*COMMAND, *words, "--json"], stdout=out, env=environment, start_new_session=True
        )
        with Peak(process.pid) as peak:
            code = process.wait()
    seconds = time.perf_counter() - began
    if code:
        raise SystemExit(f"{' '.join(words)} ended with {code}: {home / 'document.json'}")
    run_id = json.loads((home / "document.json").read_text())["run_id"]
    return seconds, peak.megabytes, steps(home, run_id)


def steps(home: Path, run_id: str) -> dict[str, float]:
    shown = subprocess.run(
        [*COMMAND, "--home", str(home), "run", "show", run_id, "--json"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return {step["node"]: step["seconds"] for step in json.loads(shown.stdout)["steps"]}


def trained(folder: Path, history: Path) -> Path:
    """A home with a live model."""
    home = folder / "trained"
    home.mkdir()
    run(home, ["ingest", str(history), "--fleet", "PHM08", "--kind", "history"], "local")
    run(home, ["retrain", "--set", "averaged=1"], "local")
    return home


def digest(home: Path) -> str:
    """Of all that was said of the fleet: the same on either engine."""
    columns = ("fleet", "engine", "cycle", "probability", "window_from", "window_to", "rul")
    rows = Lake(home / "lake", LocalEngine()).scan("gold/backfill").select(*columns)
    return LocalEngine().content(rows).sha256


def measure(folder: Path, history: Path, scales: list[int]) -> None:
    """Print a row for each size and engine."""
    with gzip.open(history, "rt") as file:
        lines = file.read().splitlines()
    base = trained(folder, history)
    print(f"{'flights':>10} {'engine':<6} {'seconds':>8} {'peak MB':>8}  steps", flush=True)
    for scale in scales:
        files = write_fleet(folder / f"x{scale}", lines, scale)
        words = ["ingest", *files, "--fleet", "PHM08", "--kind", "in_service"]
        said, took = [], []
        for engine in ENGINES:
            home = folder / f"{engine}{scale}"
            shutil.copytree(base, home)
            seconds, megabytes, each = run(home, words, engine)
            parts = "  ".join(f"{node} {took_:.1f}" for node, took_ in each.items())
            row = f"{scale * len(lines):>10,} {engine:<6} {seconds:8.1f} {megabytes:8,.0f}  {parts}"
            print(row, flush=True)
            said.append(digest(home))
            took.append(seconds)
            shutil.rmtree(home)
        if said[0] != said[1]:
            raise SystemExit("the engines do not say the same")
        print(f"{'':>10} spark / local: {took[1] / took[0]:.2f}", flush=True)
        shutil.rmtree(folder / f"x{scale}")


def main() -> int:
    """Measure all sizes in one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scales", default="1,10,100")
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("STILLWATER_TEST_DATA", DATA))
    )
    asked = parser.parse_args()
    history = asked.data / "phm08" / "train_5digits.txt.gz"
    if not history.is_file():
        raise SystemExit(f"{history} is not there; set STILLWATER_TEST_DATA")
    with tempfile.TemporaryDirectory() as folder:
        measure(Path(folder), history, [int(scale) for scale in asked.scales.split(",")])
    return 0


if __name__ == "__main__":
    sys.exit(main())
