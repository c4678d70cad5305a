"""BulkInferrer at work: features caught up, predictions issued, backfill and status refreshed.

The fleet's status is written last and says which version of silver it is caught up with; whatever
changed since that version is done again, so that a run that died half-way is made good by the next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import narwhals as nw
import polars as pl

from lakehouse.artifacts import check
from lakehouse.clock import now
from lakehouse.serving import Live, live
from lakehouse.tables import (
    BACKFILL,
    DELIVERIES,
    ENGINE_STATUS,
    FAILURES,
    FEATURES,
    FLEET_BAND,
    PREDICTIONS,
    SILVER,
)
from pipeline.components.bulk_inferrer import (
    ENGINE,
    ROW,
    changed_engines,
    data_status,
    engine_status,
    input_digests,
    newest_rows,
    reasons,
    to_backfill,
    to_issue,
    trends,
)
from pipeline.components.failures import failed_engines
from pipeline.components.transform import featurise
from pipeline.models.failure import FailureModel
from pipeline.models.graph import TransformGraph
from pipeline.runner import Step, Summary
from pipeline.steps.frames import collect, lazy


@dataclass(frozen=True)
class _Fleet:
    """One fleet at the versions of this step."""

    name: str
    silver: pl.DataFrame
    failed: pl.DataFrame
    deliveries: pl.DataFrame
    caught_up: int | None
    model_before: str | None
    served: pl.DataFrame


def bulk_infer(fleets: Sequence[str], step: Step, all_cycles: bool = False) -> Summary:
    """Score what changed in some fleets."""
    models: dict[str, str | None] = {}
    rows = 0
    names = sorted({*fleets, *_left_behind(step)})
    for index, name in enumerate(names):
        step.progress(index / len(names), f"scoring {name}")
        fleet = _fleet(step, name)
        served = live(step.home.settings.serving, name)
        models[name] = None if served is None else served.model_id
        if served is not None:
            rows += _score(step, fleet, served, all_cycles)
        _refresh_status(step, fleet, served)
    return {"rows": rows, "models": models, "fleets": names}


def _left_behind(step: Step) -> set[str]:
    """Fleets whose silver a run changed that then failed: a snapshot must not tear them."""
    current = step.version(SILVER.name)
    status = step.read(ENGINE_STATUS.name).group_by("fleet").agg(nw.col("silver_version").min())
    behind = dict(collect(status).iter_rows())
    if current is None or not behind:
        return set()
    missed = step.home.lake.history(SILVER.name, current, current - min(behind.values()))
    return {
        fleet
        for entry in missed
        for fleet, seen in behind.items()
        if entry.version > seen and f"/{SILVER.name}/{fleet}/" in str(entry.metadata.get("work"))
    }


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
    return _Fleet(
        name=name,
        silver=collect(step.read(SILVER.name).filter(mine)),
        failed=failed_engines(failures, accepted),
        deliveries=deliveries,
        caught_up=None if status.is_empty() else status["silver_version"].min(),  # type: ignore[arg-type]
        model_before=None if models.is_empty() else str(models[0]),
        served=status.filter((pl.col("state") == "in_service") & pl.col("model_id").is_not_null())
        .select(ENGINE)
        .sort(ENGINE),
    )


def _score(step: Step, fleet: _Fleet, served: Live, everything: bool) -> int:
    """Features, predictions and backfill; returns the rows that were scored."""
    settings = step.home.settings
    step.uses("Model", served.model_id)
    step.uses("TransformGraph", served.transform_id)
    model = load_model(settings.home, served.model)
    graph = load_graph(settings.home, served.transform)
    fresh = _catch_up(step, fleet, served, graph)
    taught = pl.read_parquet(
        settings.home / served.out_of_fold / "out_of_fold.parquet", columns=ENGINE
    )
    known_model = collect(
        step.read(BACKFILL.name).filter(nw.col("fleet") == fleet.name).select("model_id").unique()
    )["model_id"].to_list()
    whole = everything or known_model != [served.model_id]
    in_service = newest_rows(fleet.silver).join(fleet.failed, on=ENGINE, how="anti")
    # An engine that came back into service, by a person's word, is scored again too.
    back = in_service.select(ENGINE).join(fleet.served, on=ENGINE, how="anti")
    changed = pl.concat([fresh, back]).unique().sort(ENGINE)
    engines = fleet.silver.select(ENGINE).unique() if whole else changed
    features = _features(step, fleet.name, served.transform_id, None if whole else engines)
    if features.is_empty():
        return 0
    step.progress(0.5, f"predicting {features.height:,} flights of {fleet.name}")
    said = model.predict(features).with_columns(
        features_version=pl.lit(step.version(FEATURES.name)), run_id=pl.lit(step.run.run_id),
        predicted_at=pl.lit(now()).cast(pl.Datetime("us", "UTC")),
    )  # fmt: skip
    _issue(step, fleet, said, in_service, served.model_id)
    backfill = to_backfill(said, in_service.select(ROW), taught.unique())
    backfill = backfill.with_columns(model_id=pl.lit(served.model_id))
    where = {"fleet": [fleet.name]}
    if not whole:
        where["engine"] = engines["engine"].to_list()
    step.replace(BACKFILL.name, lazy(backfill), where, part=f"{fleet.name}/{served.model_id}")
    return features.height


def _catch_up(step: Step, fleet: _Fleet, served: Live, graph: TransformGraph) -> pl.DataFrame:
    """Bring the live transform's features up to date; returns the engines that changed."""
    same_model = fleet.model_before == served.model_id
    since = fleet.caught_up if same_model and fleet.caught_up is not None else served.silver_version
    current = step.version(SILVER.name)
    if since == current:
        return fleet.silver.select(ENGINE).head(0)
    mine = pl.col("fleet") == fleet.name
    before = nw.to_native(step.home.lake.scan(SILVER.name, since)).filter(mine)
    fresh = changed_engines(before, fleet.silver.lazy())
    rows = fleet.silver.join(fresh, on=ENGINE, how="semi")
    if fresh.height:
        features = collect(featurise(graph, lazy(rows)))
        where = {
            "transform_id": [served.transform_id],
            "fleet": [fleet.name],
            "engine": fresh["engine"].to_list(),
        }
        marked = features.with_columns(transform_id=pl.lit(served.transform_id))
        step.replace(FEATURES.name, lazy(marked), where, part=f"{fleet.name}/catch-up")
    return fresh


def _features(
    step: Step, fleet: str, transform_id: str, engines: pl.DataFrame | None
) -> pl.DataFrame:
    rows = step.read(FEATURES.name).filter(
        nw.col("transform_id") == transform_id, nw.col("fleet") == fleet
    )
    if engines is not None:
        rows = rows.filter(nw.col("engine").is_in(engines["engine"].to_list()))
    return collect(rows).sort(ROW)


def _issue(
    step: Step, fleet: _Fleet, said: pl.DataFrame, in_service: pl.DataFrame, model_id: str
) -> None:
    concerned = fleet.silver.join(
        in_service.join(said.select(ENGINE).unique(), on=ENGINE, how="semi"), on=ENGINE, how="semi"
    )
    # The newest, not the pinned ones: what is issued once must never be issued twice.
    newest = step.home.lake.scan(PREDICTIONS.name)
    known = collect(newest.filter(nw.col("fleet") == fleet.name))
    digests = input_digests(concerned, step.home.profile)
    new = to_issue(said, digests, model_id, known)
    if new.height:
        part = f"{fleet.name}@{step.pin(PREDICTIONS.name)}"
        step.append(PREDICTIONS.name, lazy(new), part)
        step.note(f"{fleet.name}: {new.height:,} predictions issued by {model_id}")


def _refresh_status(step: Step, fleet: _Fleet, served: Live | None) -> None:
    mine = nw.col("fleet") == fleet.name
    issued = collect(step.read(PREDICTIONS.name).filter(mine))
    extras = [_arrivals(fleet)]
    if served is not None:
        extras += _from_model(step, fleet, served, issued)
    status = engine_status(data_status(fleet.silver), fleet.failed, issued, extras)
    status = status.with_columns(silver_version=pl.lit(step.version(SILVER.name), pl.Int64))
    where = {"fleet": [fleet.name]}
    step.replace(ENGINE_STATUS.name, lazy(status), where, part=fleet.name)


def _arrivals(fleet: _Fleet) -> pl.DataFrame:
    """fleet, engine, last_received_at, simulated."""
    arrived = fleet.deliveries.select("delivery_id", "received_at", "simulated")
    brought = fleet.silver.select(*ENGINE, "delivery_id").unique()
    return (
        brought.join(arrived, on="delivery_id")
        .group_by(ENGINE)
        .agg(pl.col("received_at").max().alias("last_received_at"), pl.col("simulated").any())
    )


def _from_model(
    step: Step, fleet: _Fleet, served: Live, issued: pl.DataFrame
) -> list[pl.DataFrame]:
    mine = nw.col("fleet") == fleet.name
    columns = [*ROW, "probability"]
    backfill = collect(step.read(BACKFILL.name).filter(mine).select(columns))
    said = pl.concat([backfill, newest_rows(issued).select(columns)])
    norms = [f"norm_{name}" for name in step.home.profile.sensor_names]
    features = _features_of(step, fleet.name, served.transform_id, norms)
    band = collect(step.read(FLEET_BAND.name).filter(nw.col("transform_id") == served.transform_id))
    return [trends(said), reasons(features, band, step.home.profile)]


def _features_of(step: Step, fleet: str, transform_id: str, norms: list[str]) -> pl.DataFrame:
    rows = step.read(FEATURES.name).filter(
        nw.col("transform_id") == transform_id, nw.col("fleet") == fleet
    )
    present = [name for name in norms if name in rows.collect_schema().names()]
    return collect(rows.select(*ROW, *present))
