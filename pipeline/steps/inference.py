"""BulkInferrer at work: features caught up, predictions issued, backfill and status refreshed.

The fleet's status is written last and says which version of silver it is caught up with; whatever
changed since that version is done again, so that a run that died half-way is made good by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl

from lakehouse.artifacts import OUT_OF_FOLD, check
from lakehouse.clock import now
from lakehouse.engines import ByGroup
from lakehouse.serving import Live, live
from lakehouse.tables import (
    BACKFILL,
    DELIVERIES,
    ENGINE_STATUS,
    FAILURES,
    FEATURES,
    FLEET_BAND,
    PREDICTIONS,
    READINGS,
    SILVER,
)
from pipeline.components.bulk_inferrer import (
    ENGINE,
    ROW,
    SAID,
    changed_engines,
    data_status,
    engine_status,
    input_digests,
    mark,
    reasons,
    standing,
    to_issue,
    trends,
)
from pipeline.components.failures import failed_engines
from pipeline.components.transform import features_of
from pipeline.models.failure import FailureModel
from pipeline.models.graph import TransformGraph
from pipeline.step import Step, Summary
from pipeline.steps.features import let_go, norms_of, write_band
from pipeline.steps.frames import collect, lazy
from pipeline.steps.left_behind import left_behind

Rows = nw.LazyFrame[Any]


@dataclass(frozen=True)
class _Fleet:
    """One fleet at the versions of this step: large tables lazily, the others a row an engine."""

    name: str
    silver: Rows
    engines: pl.DataFrame
    failed: pl.DataFrame
    caught_up: int | None
    model_before: str | None
    served: pl.DataFrame
    said: pl.DataFrame

    @property
    def in_service(self) -> pl.DataFrame:
        """fleet, engine and newest cycle of the engines that have not failed."""
        return self.engines.select(ROW).join(self.failed, on=ENGINE, how="anti")


def bulk_infer(fleets: Sequence[str], step: Step, all_cycles: bool = False) -> Summary:
    """Score what changed in some fleets."""
    models: dict[str, str | None] = {}
    rows = 0
    names = sorted({*fleets, *left_behind(step)})
    for index, name in enumerate(names):
        step.progress(index / len(names), f"scoring {name}")
        fleet = _fleet(step, name)
        served = live(step.home.settings.serving, name)
        models[name] = None if served is None else served.model_id
        said = fleet.said
        if served is not None:
            scored, said = _score(step, fleet, served, all_cycles)
            rows += scored
        _refresh_status(step, fleet, served, said)
    return {"rows": rows, "models": models, "fleets": names}


def load_model(home: Path, uri: str) -> FailureModel:
    """A published model, its files hashed against the manifest first.

    Raises:
        BrokenArtifactError: a file is missing or has changed.
    """
    folder = home / uri
    check(folder)
    return FailureModel.load(folder)


def load_graph(home: Path, uri: str) -> TransformGraph:
    """A published transform, hashed against the manifest first."""
    folder = home / uri
    check(folder)
    return TransformGraph.from_json((folder / "transform_graph.json").read_text())


def _fleet(step: Step, name: str) -> _Fleet:
    mine = nw.col("fleet") == name
    deliveries = collect(step.read(DELIVERIES.name).filter(mine))
    accepted = deliveries.filter(pl.col("state") == "accepted")["delivery_id"]
    failures = collect(step.read(FAILURES.name).filter(mine))
    status = collect(step.read(ENGINE_STATUS.name).filter(mine))
    models = status.filter(pl.col("state") == "in_service")["model_id"].drop_nulls()
    silver = step.read(SILVER.name).filter(mine)
    arrived = deliveries.select("delivery_id", "received_at", "simulated")
    waiting = deliveries.filter(pl.col("state") == "blocked", pl.col("kind") != "truth")
    blocked = _engines_of(step, name, waiting["delivery_id"].to_list())
    known = partial(data_status, deliveries=arrived, blocked=blocked)
    whole = step.home.lake.by_unit(silver, known)
    return _Fleet(
        name=name,
        silver=silver,
        engines=collect(whole).sort(ENGINE),
        failed=failed_engines(failures, accepted),
        caught_up=None if status.is_empty() else status["silver_version"].min(),  # type: ignore[arg-type]
        model_before=None if models.is_empty() else str(models[0]),
        served=status.filter((pl.col("state") == "in_service") & pl.col("model_id").is_not_null())
        .select(ENGINE)
        .sort(ENGINE),
        said=_said(status),
    )


def _said(status: pl.DataFrame) -> pl.DataFrame:
    """The issued predictions that a fleet's status tells of."""
    told = status.filter(pl.col("model_id").is_not_null())
    stamps = ("model_id", "predicted_at", "run_id")
    return told.select(*ENGINE, pl.col("said_at").alias("cycle"), *SAID, *stamps)


def _engines_of(step: Step, fleet: str, delivery_ids: list[str]) -> pl.DataFrame:
    """Fleet and engine of each engine that some deliveries bring records of."""
    if not delivery_ids:
        return pl.DataFrame(schema=dict.fromkeys(ENGINE, pl.String))
    mine = (nw.col("fleet") == fleet, nw.col("delivery_id").is_in(delivery_ids))
    return collect(step.look_up(READINGS.name).filter(*mine).select(*ENGINE).unique()).sort(ENGINE)


def _score(step: Step, fleet: _Fleet, served: Live, everything: bool) -> tuple[int, pl.DataFrame]:
    """Features, predictions and backfill; returns how many rows were scored, and what is said."""
    settings, lake = step.home.settings, step.home.lake
    step.uses("Model", served.model_id)
    step.uses("TransformGraph", served.transform_id)
    fresh = _catch_up(step, fleet, served, load_graph(settings.home, served.transform))
    whole = everything or _models_of(step, fleet) != [served.model_id]
    # An engine that came back into service, by a person's word, is scored again too.
    back = fleet.in_service.select(ENGINE).join(fleet.served, on=ENGINE, how="anti")
    changed = pl.concat([fresh, back]).unique().sort(ENGINE)["engine"].to_list()
    if not whole and not changed:
        return 0, fleet.said
    features = _features(step, fleet.name, served.transform_id)
    features = features if whole else features.filter(nw.col("engine").is_in(changed))
    step.progress(0.5, f"predicting flights of {fleet.name}")
    with lake.held(lake.by_unit(features, _sayer(step, fleet, served))) as said:
        newest = nw.col("newest")
        to_say = collect(said.filter(newest)).drop("newest")
        says = _issue(step, fleet, to_say, served.model_id)
        where = {"fleet": [fleet.name]} | ({} if whole else {"engine": changed})
        backfill = said.filter(~newest).drop("newest")
        step.replace(BACKFILL.name, backfill, where, part=f"{fleet.name}/{served.model_id}")
        return int(collect(said.select(nw.len().alias("rows")))["rows"][0]), says


def _models_of(step: Step, fleet: _Fleet) -> list[str]:
    """Models that the fleet's backfill comes from."""
    rows = step.read(BACKFILL.name).filter(nw.col("fleet") == fleet.name)
    return list(collect(rows.select("model_id").unique())["model_id"])


def _sayer(step: Step, fleet: _Fleet, served: Live) -> ByGroup:
    """What the live model says of whole engines, with its stamps, as rows of backfill."""
    home = step.home.settings.home
    taught = pl.read_parquet(home / served.out_of_fold / OUT_OF_FOLD, columns=ENGINE)
    stamps = {
        "model_id": pl.lit(served.model_id),
        "features_version": pl.lit(step.version(FEATURES.name), pl.Int64),
        "run_id": pl.lit(step.run.run_id),
        "predicted_at": pl.lit(now()).cast(pl.Datetime("us", "UTC")),
    }
    return partial(_say, load_model(home, served.model), stamps, fleet.in_service, taught.unique())


def _say(
    model: FailureModel,
    stamps: dict[str, pl.Expr],
    in_service: pl.DataFrame,
    taught: pl.DataFrame,
    features: pl.DataFrame,
) -> pl.DataFrame:
    return mark(model.predict(features).with_columns(**stamps), in_service, taught)


def _catch_up(step: Step, fleet: _Fleet, served: Live, graph: TransformGraph) -> pl.DataFrame:
    """Bring the live transform's features up to date; returns the engines that changed."""
    same_model = fleet.model_before == served.model_id
    since = fleet.caught_up if same_model and fleet.caught_up is not None else served.silver_version
    anew = not same_model and let_go(step, served.transform_id, since)
    if since == step.version(SILVER.name) and not anew:
        return fleet.engines.select(ENGINE).head(0)
    lake, transform_id = step.home.lake, served.transform_id
    before = lake.empty(SILVER.name) if anew else lake.scan(SILVER.name, since)
    mine = before.filter(nw.col("fleet") == fleet.name)
    fresh = collect(changed_engines(mine, fleet.silver)).select(ENGINE).sort(ENGINE)
    if fresh.height:
        engines = fresh["engine"].to_list()
        rows = fleet.silver.filter(nw.col("engine").is_in(engines))
        features = lake.by_unit(rows, partial(features_of, graph, transform_id))
        where = {"transform_id": [transform_id], "fleet": [fleet.name]}
        where |= {} if anew else {"engine": engines}
        step.replace(FEATURES.name, features, where, part=f"{fleet.name}/catch-up")
    if anew:
        made = _features(step, fleet.name, transform_id)
        write_band(step, transform_id, fleet.silver, made, fleet.name)
    return fresh


def _features(step: Step, fleet: str, transform_id: str) -> Rows:
    return step.read(FEATURES.name).filter(
        nw.col("transform_id") == transform_id, nw.col("fleet") == fleet
    )


def _issue(step: Step, fleet: _Fleet, said: pl.DataFrame, model_id: str) -> pl.DataFrame:
    """Issue what was not said before, of the newest cycles of engines in service.

    Returns:
        What is said of each engine of the fleet now.
    """
    engines = said["engine"].to_list()
    mine = (nw.col("fleet") == fleet.name, nw.col("engine").is_in(engines))
    # The newest, not the pinned ones: what is issued once must never be issued twice.
    lake = step.home.lake
    newest = lake.look_up(PREDICTIONS.name, lake.version(PREDICTIONS.name))
    known = collect(newest.filter(*mine))
    digest = partial(input_digests, profile=step.home.profile)
    digests = collect(lake.by_unit(fleet.silver.filter(*mine), digest))
    new = to_issue(said.drop("in_training"), digests, model_id, known)
    if new.height:
        part = f"{fleet.name}@{step.pin(PREDICTIONS.name)}"
        step.append(PREDICTIONS.name, lazy(new), part)
        step.note(f"{fleet.name}: {new.height:,} predictions issued by {model_id}")
    issued = pl.concat([known, new], how="diagonal_relaxed")
    return standing(issued, digests, model_id, fleet.said)


def _refresh_status(step: Step, fleet: _Fleet, served: Live | None, issued: pl.DataFrame) -> None:
    extras = [] if served is None else _from_model(step, fleet, served, issued)
    status = engine_status(fleet.engines, fleet.failed, issued, extras)
    status = status.with_columns(silver_version=pl.lit(step.version(SILVER.name), pl.Int64))
    where = {"fleet": [fleet.name]}
    step.replace(ENGINE_STATUS.name, lazy(status), where, part=fleet.name)


def _from_model(
    step: Step, fleet: _Fleet, served: Live, issued: pl.DataFrame
) -> list[pl.DataFrame]:
    """Trend and reasons of every engine."""
    lake, profile = step.home.lake, step.home.profile
    columns = [*ROW, "probability"]
    backfill = step.read(BACKFILL.name).filter(nw.col("fleet") == fleet.name).select(columns)
    said = nw.concat([backfill, lake.frame(issued.select(columns))])
    features = _features(step, fleet.name, served.transform_id)
    band = collect(step.read(FLEET_BAND.name).filter(nw.col("transform_id") == served.transform_id))
    why = partial(reasons, band=band, profile=profile)
    return [
        collect(lake.by_unit(said, trends)),
        collect(lake.by_unit(features.select(*ROW, *norms_of(features, profile)), why)),
    ]
