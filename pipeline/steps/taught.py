"""What a transform was fitted on, in numbers: TFX's pre- and post-transform statistics.

Whatever is scored later is held against exactly these, by the checks of a delivery and by people.
"""

from dataclasses import dataclass
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.tables import SILVER
from lakehouse.validation.in_memory import statistics_in_memory
from pipeline.components.statistics_gen import statistics_gen
from pipeline.components.transform import feature_names, fewer
from pipeline.models.graph import TransformGraph
from pipeline.step import Step
from pipeline.steps.frames import collect, lazy
from pipeline.steps.plan import Plan
from pipeline.steps.statistics import save_statistics

# So many flights, of whole engines, tell the distributions of many features well enough.
MOST_DESCRIBED = 10_000


@dataclass(frozen=True)
class Fitted:
    """A transform and the flights that it was fitted on."""

    transform_id: str
    graph: TransformGraph
    flights: pl.DataFrame

    def about(self, plan: Plan, rows: int) -> dict[str, str | int]:
        """What is written down with statistics of so many of its flights."""
        version = plan["versions"][SILVER.name]
        return {
            "fleet": plan["fleet"],
            "transform_id": self.transform_id,
            "silver_version": version,
            "rows": rows,
        }


def describe_flights(step: Step, plan: Plan, fitted: Fitted) -> None:
    """Publish the statistics of the flights, under the transform's id."""
    step.progress(0.3, "counting what it was fitted on")
    there = fitted.flights.columns
    signals = [name for name in step.home.profile.signal_names if name in there]
    told = statistics_gen(lazy(fitted.flights.select("engine", "cycle", *signals)))
    about = fitted.about(plan, fitted.flights.height)
    save_statistics(step, fitted.transform_id, "train", told, **about)


def describe_features(step: Step, plan: Plan, fitted: Fitted, features: nw.LazyFrame[Any]) -> None:
    """Publish the statistics of the model's features of a fair sample of the same engines.

    Args:
        features: the fleet's, of this transform.
    """
    engines = fewer(fitted.flights, MOST_DESCRIBED)["engine"].unique().sort().to_list()
    wanted = features.filter(nw.col("engine").is_in(engines))
    rows = collect(wanted.select("regime", *feature_names(fitted.graph)))
    name, about = f"{fitted.transform_id}.features", fitted.about(plan, rows.height)
    save_statistics(step, name, "train", statistics_in_memory(rows), **about)
