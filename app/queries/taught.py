"""The models of a home and the data that taught them, as the metadata store knows them."""

import logging
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import Any

from cachetools import LRUCache, cached

from app.services import Services
from lakehouse.serving import all_live

_LOG = logging.getLogger(__name__)
MOST_MODELS = 100
NO_STORE = (0, 0)


@dataclass(frozen=True)
class Statistics:
    """Where published statistics lie; rows is None where nobody wrote down how many there are."""

    folder: Path
    rows: int | None


@dataclass(frozen=True)
class Taught:
    """One model and what it learnt from.

    Attributes:
        model_id: the model.
        fleet: its fleet.
        transform_id: the transform of its features.
        silver_version: version of silver/readings that taught it.
        time: when it was recorded, milliseconds since 1970.
        flights: statistics of the flights, None where none were published.
        features: the same of the features.
    """

    model_id: str
    fleet: str
    transform_id: str
    silver_version: int
    time: int
    flights: Statistics | None
    features: Statistics | None


def taught(services: Services) -> tuple[Taught, ...]:
    """The newest models, newest first; those that are live, if the metadata store is busy."""
    settings = services.settings
    try:
        return _newest(settings.home, settings.metadata, mark(settings.metadata))
    except Exception:
        _LOG.exception("the metadata store cannot be read")
    return _served(services)


def taught_by(services: Services, model_id: str) -> Taught | None:
    """What taught one model, however old; None when there is no record of it."""
    settings = services.settings
    try:
        return _one(settings.home, settings.metadata, mark(settings.metadata), model_id)
    except Exception:
        _LOG.exception("the metadata store cannot be read")
    return next((each for each in _served(services) if each.model_id == model_id), None)


def _served(services: Services) -> tuple[Taught, ...]:
    """The live models as they are served: without their statistics."""
    return tuple(
        Taught(each.model_id, each.fleet, each.transform_id, each.silver_version, 0, None, None)
        for each in all_live(services.settings.serving).values()
    )


@cached(LRUCache(8), lock=RLock())
def _newest(home: Path, path: Path, written: tuple[int, int]) -> tuple[Taught, ...]:
    if written == NO_STORE:
        return ()
    metadata = opened(path)
    models = metadata.artifacts("Model")[::-1][:MOST_MODELS]
    return tuple(_taught(home, metadata, model) for model in models)


@cached(LRUCache(32), lock=RLock())
def _one(home: Path, path: Path, written: tuple[int, int], model_id: str) -> Taught | None:
    if written == NO_STORE:
        return None
    metadata = opened(path)
    model = metadata.artifact("Model", model_id)
    return None if model is None else _taught(home, metadata, model)


def opened(path: Path) -> Any:
    """The metadata store of a home."""
    # The store's library is loaded by who looks at models, not when the dashboard starts.
    from lakehouse.metadata import Metadata

    return Metadata(path)


def _taught(home: Path, metadata: Any, model: Any) -> Taught:
    told = model.properties
    name = str(told["transform_id"])
    return Taught(
        model_id=model.name,
        fleet=str(told["fleet"]),
        transform_id=name,
        silver_version=int(told["silver_version"]),
        time=model.time,
        flights=_statistics(home, metadata, name),
        features=_statistics(home, metadata, f"{name}.features"),
    )


def _statistics(home: Path, metadata: Any, name: str) -> Statistics | None:
    found = metadata.artifact("ExampleStatistics", name)
    if found is None:
        return None
    rows = found.properties.get("rows")
    return Statistics(home / found.uri, None if rows is None else int(rows))


def mark(file: Path) -> tuple[int, int]:
    """What changes when something is written, without opening the file."""
    try:
        stat = file.stat()
    except OSError:
        return NO_STORE
    return stat.st_mtime_ns, stat.st_size
