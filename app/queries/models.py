"""The registered models: what taught each, how good it is, what the gate said, when it served."""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any, Literal

from cachetools import LRUCache, cached

from app.queries.fleet import STATUS
from app.queries.fleet import fleets as fleet_names
from app.queries.let_go import let_go
from app.queries.retention import Learnt
from app.queries.served import Served, all_served
from app.queries.taught import NO_STORE, mark, opened
from app.services import Services
from lakehouse.artifacts import BrokenArtifactError, check
from lakehouse.commits import DeltaLog
from lakehouse.history import table_history
from lakehouse.registry import Model, registered
from lakehouse.snapshots import Pinned

_LOG = logging.getLogger(__name__)
NO_RECORDS = "The metadata store cannot be read, so which models there are is unknown."
State = Literal["live", "was_live", "passed", "refused", "not_judged"]
Shares = Mapping[str, Mapping[str, float]]


@dataclass(frozen=True)
class Asked:
    """The training that made a model: its run, and who asked for it."""

    run_id: str = ""
    who: str = ""


@dataclass(frozen=True)
class Row:
    """One model in the list."""

    model: Model
    state: State
    asked: Asked


@dataclass(frozen=True)
class Models:
    """Models, newest first; ``problem`` in words."""

    rows: tuple[Row, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class ModelView:
    """One model.

    Attributes:
        row: what the list tells of it.
        served: the periods in which it was live, newest first.
        folds: metrics of each fold, by its number; empty where they were not kept.
        shares: by learner, the share of its gain that each feature brings; empty where not kept.
        data: table versions that it learnt from, and until when they can be read.
        broken: what of its published files is gone or changed, empty for nothing.
    """

    row: Row
    served: tuple[Served, ...] = ()
    folds: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    shares: Shares = field(default_factory=dict)
    data: tuple[Learnt, ...] = ()
    broken: str = ""


def fleets(services: Services, pinned: Pinned) -> tuple[str, ...]:
    """The fleets that there were or that models were trained for, by name.

    Of a snapshot whose fleets maintenance let go, only the models are left to tell of them.
    """
    there = () if let_go(pinned, (STATUS,)) else fleet_names(pinned)
    return tuple(sorted({*there, *(model.fleet for model, _ in _models(services, pinned)[0])}))


def models(services: Services, pinned: Pinned, fleet: str) -> Models:
    """The models of a fleet as of a snapshot."""
    found = every(services, pinned)
    return replace(found, rows=tuple(row for row in found.rows if row.model.fleet == fleet))


def every(services: Services, pinned: Pinned) -> Models:
    """The models of all fleets as of a snapshot."""
    found, problem = _models(services, pinned)
    return Models(tuple(_row(services, pinned, each) for each in found[::-1]), problem)


def find(services: Services, pinned: Pinned, model_id: str) -> Row | None:
    """One model as the list tells of it, None when there is none as of the snapshot."""
    every = _models(services, pinned)[0]
    found = next((each for each in every if each[0].model_id == model_id), None)
    return None if found is None else _row(services, pinned, found)


def view(services: Services, pinned: Pinned, row: Row) -> ModelView:
    """All that is known of one model; its files are hashed again before they are believed."""
    model, home = row.model, services.settings.home
    verdict = model.verdict
    shares, broken = kept(home / model.uri, "importance.json")
    folds, wrong = kept(home / verdict.uri, "folds.json") if verdict and verdict.uri else ({}, "")
    served = (one for one in all_served(services, pinned) if one.period.model_id == model.model_id)
    return ModelView(
        row=row,
        served=tuple(served)[::-1],
        folds=folds,
        shares=shares,
        data=_data(services, model),
        broken=" ".join(each for each in (broken, wrong) if each),
    )


def kept(folder: Path, name: str) -> tuple[Any, str]:
    """A JSON file of a published folder, empty where it was not kept; and what is wrong with it."""
    try:
        manifest = check(folder)
    except BrokenArtifactError as error:
        text = str(error).replace(f"{folder.parent}/", "")
        return {}, f"{text}."
    return (json.loads((folder / name).read_text()) if name in manifest else {}), ""


def _models(services: Services, pinned: Pinned) -> tuple[tuple[tuple[Model, Asked], ...], str]:
    path, time = services.settings.metadata, pinned.snapshot.time
    newest = services.pinned().snapshot.seq == pinned.snapshot.seq
    try:
        return _registered(path, mark(path), None if newest else time), ""
    except Exception:
        _LOG.exception("the metadata store cannot be read")
    return (), NO_RECORDS


@cached(LRUCache(16), lock=RLock())
def _registered(
    path: Path, written: tuple[int, int], until: datetime | None
) -> tuple[tuple[Model, Asked], ...]:
    if written == NO_STORE:
        return ()
    metadata = opened(path)
    found = registered(metadata, until)
    return tuple((model, _asked(path, model.model_id, metadata)) for model in found)


@cached(LRUCache(4096), key=lambda path, model_id, _metadata: (path, model_id), lock=RLock())
def _asked(path: Path, model_id: str, metadata: Any) -> Asked:  # noqa: ARG001  (the key)
    # Which step made a model first never changes.
    step = metadata.producer(metadata.artifact("Model", model_id))
    return Asked() if step is None else Asked(step.run_id, str(step.properties.get("who", "")))


def _row(services: Services, pinned: Pinned, found: tuple[Model, Asked]) -> Row:
    model, asked = found
    return Row(model, _state(services, pinned, model), asked)


def _state(services: Services, pinned: Pinned, model: Model) -> State:
    if pinned.snapshot.live.get(model.fleet) == model.model_id:
        return "live"
    if any(one.period.model_id == model.model_id for one in all_served(services, pinned)):
        return "was_live"
    if model.verdict is None:
        return "not_judged"
    return "passed" if model.verdict.blessed else "refused"


def _data(services: Services, model: Model) -> tuple[Learnt, ...]:
    """As it stands now, whatever snapshot is asked for: files go for every snapshot at once."""
    # The store's library is loaded by who asks for a model, not when the dashboard starts.
    from lakehouse.retention import missing

    lake, found = services.lake, []
    for table, version in sorted(_learned(services.settings.metadata, model.model_id)):
        history = table_history(lake, table, days=services.settings.maintain.days)
        facts = {each.version: each for each in history}.get(version)
        lost = missing(DeltaLog(lake.path(table)), version)
        found.append(Learnt(table, version, facts, lost))
    return tuple(found)


@cached(LRUCache(256), lock=RLock())
def _learned(path: Path, model_id: str) -> frozenset[tuple[str, int]]:
    from lakehouse.pins import learned_from

    metadata = opened(path)
    return learned_from(metadata, metadata.artifact("Model", model_id))
