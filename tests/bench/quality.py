"""``make bench NAME=quality``: how good the model is on NASA's data, and what that costs.

Each data set in the folder is trained in a process of its own, out of fold by total life, and
checked against its official truth where there is one. Beside our figures stand those of a
hand-written XGBoost pipeline and of the reference recipe on the same data.
"""

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import narwhals as nw
import numpy as np
import polars as pl

from lakehouse.parameters import Parameters
from lakehouse.profiles.turbofan import PROFILE
from pipeline.components.evaluator import evaluate
from pipeline.components.trainer import Work, train
from pipeline.components.transform import featurise, fit, history
from pipeline.models.failure import FailureModel
from pipeline.models.graph import TransformGraph
from pipeline.sources.files import discover
from pipeline.sources.parsing import parse

DATA = Path(__file__).parents[3] / "shared" / "data"
ENGINE = ["fleet", "engine"]
Figures = dict[str, float]

# What must be reached: (least or None, most or None).
TARGETS: Mapping[str, Mapping[str, tuple[float | None, float | None]]] = {
    "PHM08": {"average_precision": (0.988, None), "f1": (0.94, None)},
    "FD001": {
        "average_precision": (0.991, None),
        "f1": (0.948, None),
        "official_rmse": (None, 10.1),
    },
    "FD002": {
        "average_precision": (0.989, None),
        "f1": (0.943, None),
        "official_rmse": (None, 9.8),
    },
    "each": {"official_coverage": (0.83, 0.97)},
    "pooled": {"official_coverage": (0.86, 0.94), "official_width": (None, 24.0)},
}
# Figures of others: a hand-written XGBoost on the same data, the reference recipe, and the best
# published (MTSTAN or DKAMFormer, both sides capped at 125).
KNOWN: Mapping[str, Mapping[str, tuple[float | None, float | None, float | None]]] = {
    "FD001": {
        "average_precision": (0.987, 0.9935, None),
        "f1": (0.933, 0.954, None),
        "brier": (None, 0.0064, None),
        "official_rmse": (10.92, 9.70, 10.68),
        "official_nasa": (170, 138, 175),
        "official_coverage": (0.88, 0.86, None),
        "official_width": (28.5, 21.6, None),
        "model_bytes": (None, 6.1e6, None),
        "peak_memory_mb": (None, 408, None),
    },
    "FD002": {
        "average_precision": (0.985, 0.9917, None),
        "f1": (0.931, 0.949, None),
        "brier": (None, 0.0072, None),
        "official_rmse": (10.52, 9.40, 10.70),
        "official_nasa": (515, 425, 772),
        "official_coverage": (0.93, 0.89, None),
        "official_width": (27.4, 18.6, None),
        "model_bytes": (None, 6.1e6, None),
        "peak_memory_mb": (None, 569, None),
    },
    "FD003": {"official_rmse": (9.42, None, 10.52), "average_precision": (0.987, None, None)},
    "FD004": {"official_rmse": (10.55, None, 12.89), "average_precision": (0.965, None, None)},
    "PHM08": {
        "average_precision": (None, 0.9907, None),
        "f1": (None, 0.947, None),
        "brier": (None, 0.0074, None),
        "model_bytes": (None, 6.1e6, None),
        "peak_memory_mb": (None, 527, None),
    },
}


def read(folder: Path) -> dict[tuple[str, str], pl.DataFrame]:
    """Records of every NASA file by fleet and kind."""
    folders = [part for part in (folder / "cmapss", folder / "phm08") if part.is_dir()]
    found = {}
    for delivered in discover(folders or [folder]).deliveries:
        records = parse(delivered, PROFILE).records
        fleet, kind = str(delivered.fleet), str(delivered.kind)
        found[fleet, kind] = records.with_columns(pl.lit(fleet).alias("fleet"))
    return found


def measure(folder: Path, fleet: str) -> Figures:
    """Train one fleet and say how good and how dear that was."""
    files = read(folder)
    silver = files[fleet, "history"]
    failed = silver.group_by(ENGINE).agg(pl.col("cycle").max().alias("failure_cycle"))
    rows, most = nw.from_native(silver.lazy()), Parameters().sample
    graph = fit(history(rows, failed, most).flights, PROFILE)
    features = featurise(graph, rows).collect("polars").lazy()
    trained = train(rows, failed, features, graph, Work(Parameters(), PROFILE, threads=2))
    figures = evaluate(trained.out_of_fold, trained.resources, PROFILE)
    if (fleet, "truth") in files:
        truth = files[fleet, "truth"]["remaining"].to_numpy()
        figures |= official(graph, trained.model, files[fleet, "in_service"], truth)
    return figures


def official(
    graph: TransformGraph,
    model: FailureModel,
    in_service: pl.DataFrame,
    truth: np.ndarray,
) -> Figures:
    """The last flight of every engine in service against the truth."""
    features = featurise(graph, nw.from_native(in_service.lazy())).collect("polars").to_native()
    last = features.sort("engine", "cycle").unique("engine", keep="last", maintain_order=True)
    said = model.predict(last).with_columns(pl.Series("remaining", truth).alias("remaining"))
    horizon = PROFILE.horizon_cycles
    held = (pl.col("cycle") + pl.col("remaining")).is_between(
        "window_from", pl.col("window_to").fill_null(2**60)
    )
    end = pl.min_horizontal("window_to", pl.col("cycle") + horizon)
    drawn = said.select(held.alias("held"), (end - pl.col("window_from")).alias("width"))
    error = np.minimum(said["rul"].to_numpy(), horizon) - np.minimum(truth, horizon)
    nasa = np.where(error < 0, np.exp(-error / 13), np.exp(error / 10)) - 1
    return {
        "official_rmse": float(np.sqrt((error**2).mean())),
        "official_nasa": float(nasa.sum()),
        "official_raw_rmse": float(np.sqrt(((said["rul"].to_numpy() - truth) ** 2).mean())),
        "official_coverage": float(drawn["held"].to_numpy().mean()),
        "official_width": float(drawn["width"].to_numpy().mean()),
        "official_engines": float(len(said)),
    }


def pooled(measured: Mapping[str, Figures]) -> Figures:
    """Windows of all official engines together."""
    parts = [figures for figures in measured.values() if "official_engines" in figures]
    weights = np.asarray([part["official_engines"] for part in parts])
    return {
        name: float(np.average([part[name] for part in parts], weights=weights))
        for name in ("official_coverage", "official_width")
        if parts
    }


def missed(name: str, figures: Figures, targets: str) -> list[str]:
    """Targets that some figures do not reach, in words."""
    found = []
    for metric, (least, most) in TARGETS.get(targets, {}).items():
        value = figures.get(metric)
        if value is None:
            continue
        if (least is not None and value < least) or (most is not None and value > most):
            found.append(f"{name}: {metric} {value:.4f}, wanted {least or ''}..{most or ''}")
    return found


def show(fleet: str, figures: Figures) -> None:
    """One data set: ours beside the others'."""
    print(
        f"\n{fleet:<22}{'ours':>12}{'target':>14}{'hand-written':>14}{'recipe':>10}{'published':>11}"
    )
    for metric, value in figures.items():
        least, most = TARGETS.get(fleet, {}).get(metric, (None, None))
        target = f">= {least}" if least is not None else f"<= {most}" if most is not None else ""
        known = KNOWN.get(fleet, {}).get(metric, (None, None, None))
        others = ["" if other is None else f"{other:g}" for other in known]
        print(
            f"  {metric:<20}{value:>12.5g}{target:>14}{others[0]:>14}{others[1]:>10}{others[2]:>11}"
        )


def _apart(folder: Path, fleet: str) -> Figures:
    """Measure in a process of its own, so that memory is that of this fleet alone."""
    command = [sys.executable, "-m", "tests.bench.quality", "--data", str(folder)]
    environment = {**os.environ, "OMP_NUM_THREADS": "2", "OMP_WAIT_POLICY": "PASSIVE"}
    done = subprocess.run(
        [*command, "--only", fleet], check=True, stdout=subprocess.PIPE, env=environment
    )
    figures: Figures = json.loads(done.stdout)
    return figures


def main() -> int:
    """Measure every data set that is there; 1 when a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--data", type=Path, default=Path(os.environ.get("STILLWATER_TEST_DATA", DATA))
    )
    parser.add_argument("--only", help="print the figures of one data set as JSON")
    asked = parser.parse_args()
    if asked.only:
        print(json.dumps(measure(asked.data, asked.only)))
        return 0
    measured: dict[str, Figures] = {}
    for fleet in sorted(fleet for fleet, kind in read(asked.data) if kind == "history"):
        measured[fleet] = _apart(asked.data, fleet)
        show(fleet, measured[fleet])
    together = pooled(measured)
    show("pooled", together)
    faults = missed("pooled", together, "pooled")
    for fleet, figures in measured.items():
        faults += missed(fleet, figures, fleet) + missed(fleet, figures, "each")
    print("\n" + ("\n".join(faults) if faults else "every target is reached"))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
