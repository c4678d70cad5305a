"""Features of a transform and the band drawn from them: whether they are there, and the band."""

from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.commits import DeltaLog
from lakehouse.profiles import Profile
from lakehouse.retention import missing
from lakehouse.tables import FEATURES, FLEET_BAND, SILVER
from pipeline.components.fleet_band import fleet_band, quantiles
from pipeline.step import Step
from pipeline.steps.frames import collect, lazy

Rows = nw.LazyFrame[Any]


def has_features(step: Step, transform_id: str) -> bool:
    """Whether they were written before; then keeping them up to date is inference's work."""
    before = step.pin(FEATURES.name)
    if before is None:
        return False
    rows = step.home.lake.look_up(FEATURES.name, before)
    return not collect(rows.filter(nw.col("transform_id") == transform_id).head(1)).is_empty()


def let_go(step: Step, transform_id: str, since: int) -> bool:
    """Whether upkeep let go what features could be brought up to date from.

    That is the features themselves, or the version of silver that they were made of: a model that
    did not serve for long is promoted without them.
    """
    if not has_features(step, transform_id):
        return True
    return bool(missing(DeltaLog(step.home.lake.path(SILVER.name)), since))


def norms_of(features: Rows, profile: Profile) -> list[str]:
    """Normalised sensors that there are; a transform leaves out what never was delivered."""
    there = set(features.collect_schema().names())
    return [name for sensor in profile.sensor_names if (name := f"norm_{sensor}") in there]


def write_band(step: Step, transform_id: str, silver: Rows, features: Rows, fleet: str) -> None:
    """Write the fleet's band of a transform.

    Args:
        step: Transform or BulkInferrer.
        transform_id: the transform.
        silver: the fleet's flights.
        features: what the transform made of them.
        fleet: the fleet.
    """
    lake, profile = step.home.lake, step.home.profile
    key = ("fleet", "engine", "cycle")
    newest = silver.group_by("fleet", "engine").agg(nw.col("cycle").max().alias("life"))
    band = fleet_band(
        collect(newest),
        collect(lake.by_age(silver.select(*key, *profile.signal_names), quantiles)),
        collect(lake.by_age(features.select(*key, *norms_of(features, profile)), quantiles)),
    )
    where = {"transform_id": [transform_id], "fleet": [fleet]}
    marked = band.with_columns(transform_id=pl.lit(transform_id))
    step.replace(FLEET_BAND.name, lazy(marked), where, part=transform_id)
