"""``make bench NAME=retrain``: a full retrain on PHM08 against the same learning done bare.

Each pair is one retrain through the command line in a fresh home (transform, folds, model, gate,
push, every flight scored, everything recorded) and one run of the peer script; the ratio of each
pair is printed, the median last. The limit is the issue's.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

LIMIT = 1.5
DATA = Path(__file__).parents[3] / "shared" / "data"
PEER = Path(__file__).with_name("retrain_peer.py")
# Both sides get the same two threads, and neither lets idle ones spin.
ENVIRONMENT = {"OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"}


def run(command: Sequence[str]) -> tuple[float, str]:
    """Seconds and output of one process."""
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, *command],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **ENVIRONMENT},
    )
    return time.perf_counter() - began, done.stdout


def product(folder: Path, history: Path, seed: int) -> float:
    """Seconds of a full retrain in a fresh home that has taken in the history."""
    stillwater = ["-m", "pipeline.cli", "--home", str(folder)]
    run([*stillwater, "ingest", str(history), "--json"])
    seconds, output = run([*stillwater, "retrain", "--set", f"seed={seed}", "--json"])
    document = json.loads(output)
    if document["state"] != "SUCCEEDED" or not document["pushed"]:
        raise SystemExit(f"the retrain did not succeed: {output}")
    for step in document["steps"]:
        print(f"    {step['node']:<14}{step['state']:<10}{step['seconds']:6.1f} s")
    return seconds


def peer(folder: Path, history: Path) -> float:
    """Seconds of the bare script."""
    folder.mkdir()
    return run([str(PEER), str(history), str(folder)])[0]


def main() -> int:
    """Print the ratio of every pair and their median; 1 when it is over the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("STILLWATER_TEST_DATA", DATA))
    )
    asked = parser.parse_args()
    history = asked.data / "phm08" / "train_5digits.txt.gz"
    if not history.is_file():
        raise SystemExit(f"{history} is not there; set STILLWATER_TEST_DATA")
    ratios = []
    for pair in range(asked.pairs):
        with tempfile.TemporaryDirectory() as folder:
            ours = product(Path(folder) / "home", history, pair)
            theirs = peer(Path(folder) / "peer", history)
        ratios.append(ours / theirs)
        print(f"  product {ours:5.1f} s   bare script {theirs:5.1f} s   {ratios[-1]:.2f}")
    print(f"retrain / bare script: {median(ratios):.2f} (limit {LIMIT})")
    return 1 if median(ratios) > LIMIT else 0


if __name__ == "__main__":
    sys.exit(main())
