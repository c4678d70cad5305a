"""StatisticsGen at work: what every delivery of a run holds, as TFX writes it."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import narwhals as nw

from lakehouse.tables import READINGS
from lakehouse.validation.files import STATISTICS, published_statistics, statistics_bytes
from lakehouse.validation.protos import Statistics
from pipeline.components.statistics_gen import statistics_gen
from pipeline.step import Step, Summary

ARTIFACT = "ExampleStatistics"
# Up to so many flights a cluster plans longer than this process works: 40 s to 0.3 s for 4,000.
NEAR_ROWS = 1_000_000
Taken = Sequence[Mapping[str, Any]]


def received(taken: Taken) -> list[Mapping[str, Any]]:
    """The deliveries of a run that hold flights and were taken in."""
    return [row for row in taken if row["state"] == "received" and row["kind"] != "truth"]


def describe(taken: Taken, step: Step) -> Summary:
    """Statistics of each delivery, published as ``Split-<kind>/FeatureStats.pb``."""
    rows = received(taken)
    for index, row in enumerate(rows):
        step.progress(index / len(rows), f"counting {row['source']}")
        publish_statistics(step, row)
    return {"deliveries": [row["delivery_id"] for row in rows]}


def publish_statistics(step: Step, row: Mapping[str, Any]) -> None:
    """Those of one delivery, under its id."""
    names = ("engine", "cycle", *step.home.profile.signal_names)
    mine = readings_near(step, row).filter(nw.col("delivery_id") == row["delivery_id"])
    made = statistics_gen(mine.select(*names))
    save_statistics(step, row["delivery_id"], row["kind"], made, fleet=row["fleet"])


def readings_near(step: Step, row: Mapping[str, Any]) -> nw.LazyFrame[Any]:
    """Bronze where a delivery of that size is best looked at: here, or in the cluster."""
    read = step.look_up if is_near(row) else step.read
    return read(READINGS.name)


def is_near(row: Mapping[str, Any]) -> bool:
    """Whether a delivery is small enough for this process."""
    return bool(row["accepted"] <= NEAR_ROWS)


def save_statistics(
    step: Step, name: str, split: str, statistics: Statistics, **properties: str | int
) -> None:
    """Publish statistics as an artifact with one split."""

    def fill(folder: Path) -> None:
        (folder / f"Split-{split}").mkdir()
        (folder / f"Split-{split}" / STATISTICS).write_bytes(statistics_bytes(statistics))

    splits = json.dumps([split])
    step.publish(ARTIFACT, name, fill, split_names=splits, **properties)


def load_statistics(step: Step, name: str) -> Statistics | None:
    """Published statistics, checked against their manifest, as an input of the step.

    None where nobody published any under that name.

    Raises:
        BrokenArtifactError: the file has changed since.
    """
    artifact = step.home.metadata.artifact(ARTIFACT, name)
    folder = step.home.settings.artifacts / "StatisticsGen" / name
    if artifact is not None:
        folder = step.home.settings.home / artifact.uri
    if not folder.is_dir():
        return None
    step.uses(ARTIFACT, name)
    return published_statistics(folder)
