"""Two models side by side: what they said out of fold, and what they look at."""

from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

import polars as pl
from cachetools import LRUCache, cached

from app.queries.models import Row, Shares, kept
from app.queries.taught import opened
from app.services import Services
from lakehouse.artifacts import OUT_OF_FOLD, BrokenArtifactError, check

MOST_ENGINES = 20
MOST_FEATURES = 12
LEARNERS = ("near", "life")
KEYS = ["fleet", "engine", "cycle", "remaining"]


@dataclass(frozen=True)
class Apart:
    """One engine of which both spoke unseen, at the flight where they are furthest apart.

    Attributes:
        fleet, engine, cycle: that flight.
        remaining: cycles that it really had left.
        probability: what each said, left and right.
        rul: the same.
        error: mean error of remaining life over the engine's flights, both sides capped.
    """

    fleet: str
    engine: str
    cycle: int
    remaining: int
    probability: tuple[float, float]
    rul: tuple[float, float]
    error: tuple[float, float]


@dataclass(frozen=True)
class Said:
    """What two models said of engines that neither had seen.

    Attributes:
        engines: how many both spoke of.
        flights: the same.
        apart: the engines on which they differ most, the furthest first.
        problem: why there is nothing to tell, empty when there is.
    """

    engines: int = 0
    flights: int = 0
    apart: tuple[Apart, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Weight:
    """The share of a learner's gain that one feature brings, in both models."""

    feature: str
    left: float
    right: float


def said(services: Services, left: Row, right: Row) -> Said:
    """What both said out of fold, by engine."""
    home, path = services.settings.home, services.settings.metadata
    folders = []
    for row in (left, right):
        found = opened(path).artifact("InferenceResult", f"{row.model.model_id}.out_of_fold")
        if found is None:
            return Said(problem=f"Nobody kept what {row.model.model_id} said out of fold.")
        folders.append(home / found.uri)
    try:
        return _said(folders[0], folders[1], services.profile.horizon_cycles)
    except BrokenArtifactError as error:
        text = str(error).replace(f"{home}/", "")
        return Said(problem=f"{text}. Take it from a backup, or retrain.")


def weights(services: Services, left: Row, right: Row) -> dict[str, tuple[Weight, ...]]:
    """By learner the features that weigh most in either model; empty where one kept none."""
    home = services.settings.home
    both: list[Shares] = [kept(home / r.model.uri, "importance.json")[0] for r in (left, right)]
    if not all(both):
        return {}
    found = {}
    for learner in LEARNERS:
        mine, theirs = (each.get(learner, {}) for each in both)
        rows = [Weight(f, mine.get(f, 0.0), theirs.get(f, 0.0)) for f in {**mine, **theirs}]
        rows.sort(key=lambda each: (-max(each.left, each.right), each.feature))
        found[learner] = tuple(rows[:MOST_FEATURES])
    return found


@cached(LRUCache(16), lock=RLock())
def _said(left: Path, right: Path, horizon: int) -> Said:
    frames = []
    for folder in (left, right):
        check(folder)
        frames.append(pl.read_parquet(folder / OUT_OF_FOLD, columns=[*KEYS, "probability", "rul"]))
    both = frames[0].join(frames[1], on=KEYS, suffix="_r")
    if both.is_empty():
        words = "The two were not measured on the same engines, so what they said cannot be held"
        return Said(problem=f"{words} against each other.")
    apart = (pl.col("probability") - pl.col("probability_r")).abs()
    truth = pl.col("remaining").clip(upper_bound=horizon)
    errors = [
        (pl.col(name).clip(upper_bound=horizon) - truth).abs().mean().over("fleet", "engine")
        for name in ("rul", "rul_r")
    ]
    told = both.with_columns(apart=apart, error=errors[0], error_r=errors[1])
    order = ["apart", "fleet", "engine", "cycle"]
    furthest = told.sort(order, descending=[True, False, False, False])
    first = furthest.unique(["fleet", "engine"], keep="first", maintain_order=True)
    rows = first.head(MOST_ENGINES).iter_rows(named=True)
    return Said(first.height, both.height, tuple(map(_apart, rows)))


def _apart(row: dict[str, Any]) -> Apart:
    told: dict[str, Any] = {name: row[name] for name in KEYS}
    for name in ("probability", "rul", "error"):
        told[name] = row[name], row[f"{name}_r"]
    return Apart(**told)
