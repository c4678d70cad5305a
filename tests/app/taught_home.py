"""A home that has lived: history, a small training, then two deliveries, the second of them odd.

In the second one sensor_4 reads higher and sensor_7 is missing now and then, so that it drifts and
a change of the schema is proposed.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from lakehouse.profiles.turbofan import PROFILE
from pipeline.sources.simulator import simulate
from tests.pipeline.command import FAST, document, quick

FLEET = "SIM"
ODD = "odd.csv"


@dataclass(frozen=True)
class TaughtHome:
    """The home and what its runs said."""

    path: Path
    history: dict[str, Any]
    trained: dict[str, Any]
    came: dict[str, Any]
    odd: dict[str, Any]

    @property
    def delivery(self) -> str:
        """Id of the odd delivery."""
        return str(self.odd["deliveries"][0]["delivery_id"])


def make_taught_home(folder: Path) -> TaughtHome:
    """By the commands that a person uses."""
    home = folder / "var"
    history, service, _ = (each.source for each in simulate(folder / "files", 40))
    first = _ingest(home, history, "history")
    trained = document(home, "retrain", *FAST)
    came = _ingest(home, service, "in_service")
    odd = _ingest(home, str(_odd(Path(service), folder / ODD)), "in_service")
    return TaughtHome(home, first, trained, came, odd)


def _ingest(home: Path, file: str, kind: str) -> dict[str, Any]:
    done = quick(home, "ingest", file, "--fleet", FLEET, "--kind", kind, "--json")
    # What is blocked is there too, with its statistics.
    assert done.exit_code in (0, 3), done.stderr[-2000:]
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _odd(service: Path, target: Path) -> Path:
    names = ["engine", "cycle", *PROFILE.signal_names]
    rows = pl.read_csv(service, separator=" ", has_header=False)
    rows = rows.rename(dict(zip(rows.columns, names, strict=False))).select(names)
    later = rows.with_columns(
        engine=pl.format("late-{}", pl.col("engine")),
        sensor_4=pl.col("sensor_4") * 1.02 + 25,
        sensor_7=pl.when(pl.int_range(pl.len()) % 40 != 7).then(pl.col("sensor_7")),
    )
    later.write_csv(target)
    return target
