"""What a retrain will learn from, decided before its first step and kept by every repetition."""

from collections.abc import Mapping
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.content import content_of
from lakehouse.parameters import Parameters
from lakehouse.requests import RetrainRequest
from lakehouse.settings import Settings
from lakehouse.tables import DELIVERIES, FAILURES, SILVER
from pipeline.components import evaluator as judge
from pipeline.components.failures import failed_engines
from pipeline.home import Home
from pipeline.steps.frames import collect

Plan = Mapping[str, Any]


def plan(home: Home, request: RetrainRequest) -> dict[str, Any]:
    """What the run will learn from: versions, and a digest of rows and failures.

    ``learners`` is the number of tasks that train the trees together in the cluster, 0 for a
    training in this process; ``flights`` how many flights all failed engines have; ``reason`` says
    why nothing can be learned, empty otherwise.
    """
    lake = home.lake
    versions = lake.versions() | {SILVER.name: request.silver_version}
    silver = lake.scan(SILVER.name, request.silver_version).filter(nw.col("fleet") == request.fleet)
    flown = collect(silver.group_by("fleet", "engine").agg(nw.len().alias("flights")))
    failed = failed_of(
        lake.scan(FAILURES.name, versions.get(FAILURES.name)),
        lake.scan(DELIVERIES.name, versions.get(DELIVERIES.name)),
        request.fleet,
    )
    known = failed.join(flown, on=["fleet", "engine"])
    taught, flights = known.drop("flights"), int(known["flights"].sum())
    refused = judge.refusal(taught, home.profile)
    return {
        "fleet": request.fleet,
        "versions": {name: versions[name] for name in _READ if name in versions},
        "parameters": request.parameters,
        "silver_sha256": lake.digest(silver.drop("delivery_id")).sha256,
        "failures_sha256": content_of(taught.drop("origin")).sha256,
        "flights": flights,
        "learners": _learners(home.settings, Parameters.of(request.parameters), flights),
        "reason": "" if refused is None else refused.reasons[0],
    }


_READ = (SILVER.name, FAILURES.name, DELIVERIES.name)


def about(plan: Plan) -> dict[str, Any]:
    """Everything that a fitted transform and a model depend on."""
    names = ("fleet", "parameters", "silver_sha256", "failures_sha256")
    return {name: plan[name] for name in names}


def _learners(settings: Settings, parameters: Parameters, flights: int) -> int:
    """Distributed where it was chosen, or where more is to be learnt from than the sample holds."""
    chosen = settings.spark.learner
    if settings.engine != "spark" or chosen == "local":
        return 0
    too_many = min(flights, parameters.rows) > parameters.sample
    return settings.spark.learners if chosen == "distributed" or too_many else 0


def failed_of(
    failures: nw.LazyFrame[Any], deliveries: nw.LazyFrame[Any], fleet: str
) -> pl.DataFrame:
    """Failed engines of a fleet, as :func:`failed_engines` gives them."""
    mine = nw.col("fleet") == fleet
    accepted = collect(deliveries.filter(mine, nw.col("state") == "accepted"))["delivery_id"]
    return failed_engines(collect(failures.filter(mine)), accepted)
