"""Until when the data that models learnt from can be read, and which models lost theirs."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

from cachetools import LRUCache, cached

from app.queries.taught import mark
from app.services import Services
from lakehouse.history import DAYS, VersionFacts, table_history
from lakehouse.lake import Lake
from lakehouse.serving import all_live

if TYPE_CHECKING:
    from lakehouse.pins import Pin
    from lakehouse.retention import Lost

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Learnt:
    """One table version that a model learnt from.

    Attributes:
        table: the table.
        version: the version.
        facts: what it is, None where the log no longer tells of it; ``kept_until`` is what it
            would be if no model pinned it.
        lost: what is missing of it, empty while it can be read.
    """

    table: str
    version: int
    facts: VersionFacts | None
    lost: str = ""


@dataclass(frozen=True)
class ModelData:
    """What one published model learnt from."""

    model_id: str
    fleet: str
    live: bool
    parts: tuple[Learnt, ...] = ()

    @property
    def lost(self) -> tuple[Learnt, ...]:
        """The parts that can no longer be read."""
        return tuple(part for part in self.parts if part.lost)

    @property
    def unguarded(self) -> datetime | None:
        """When the first part could go if the model were not there; None while nothing could."""
        times = [part.facts.kept_until for part in self.parts if part.facts is not None]
        return min((time for time in times if time is not None), default=None)


@dataclass(frozen=True)
class Retention:
    """All published models with their data, the live ones first; ``problem`` in words.

    ``days`` is how long a version stays that no model needs.
    """

    models: tuple[ModelData, ...] = ()
    problem: str = ""
    days: int = DAYS

    @property
    def lost(self) -> tuple[ModelData, ...]:
        """Exactly the models whose data can no longer be read."""
        return tuple(model for model in self.models if model.lost)


def retention(services: Services) -> Retention:
    """What stands for every published model.

    Raises:
        BrokenLogError: the log of a pinned table has a hole.
    """
    pins, problem = _pins(services)
    gone = {(entry.table, entry.version): entry.detail for entry in _lost(services.lake, pins)}
    days = services.settings.maintain.days
    told = {name: _by_version(services.lake, name, days) for name in {pin.table for pin in pins}}
    models: dict[str, ModelData] = {}
    for pin in pins:
        facts = told[pin.table].get(pin.version)
        part = Learnt(pin.table, pin.version, facts, gone.get((pin.table, pin.version), ""))
        known = models.get(pin.model_id, ModelData(pin.model_id, pin.fleet, pin.live))
        models[pin.model_id] = replace(known, parts=(*known.parts, part))
    ordered = sorted(models.values(), key=lambda model: (not model.live, model.model_id))
    return Retention(tuple(ordered), problem, days)


def lost_models(services: Services) -> tuple[str, ...]:
    """Exactly the published models whose data can no longer be read."""
    return tuple(sorted({entry.model_id for entry in _lost(services.lake, _pins(services)[0])}))


def pinned_versions(services: Services, name: str) -> tuple[Mapping[int, tuple[str, ...]], str]:
    """Version of a table to the models that learnt from it; and why they are not known, if so."""
    pins, problem = _pins(services)
    if not pins:
        return {}, problem
    from lakehouse.pins import by_table

    return by_table(pins, name), problem


def _pins(services: Services) -> tuple[tuple["Pin", ...], str]:
    settings = services.settings
    try:
        live = tuple(sorted(each.model_id for each in all_live(settings.serving).values()))
        return _model_pins(settings.metadata, settings.serving, mark(settings.metadata), live), ""
    except Exception:
        _LOG.exception("the metadata store cannot be read")
    return (), "The metadata store cannot be read, so which versions models learnt from is unknown."


@cached(LRUCache(8), lock=RLock())
def _model_pins(
    metadata: Path, serving: Path, written: tuple[int, int], _live: tuple[str, ...]
) -> tuple["Pin", ...]:
    if written == (0, 0):
        return ()
    # The store's library is loaded by who asks for models, not when the dashboard starts.
    from lakehouse.metadata import Metadata
    from lakehouse.pins import model_pins

    return model_pins(Metadata(metadata), serving)


def _lost(lake: Lake, pins: tuple["Pin", ...]) -> tuple["Lost", ...]:
    # Files can go at any time, so this is looked at anew each time.
    from lakehouse.retention import lost

    return lost(lake, pins)


def _by_version(lake: Lake, name: str, days: int) -> dict[int, VersionFacts]:
    return {facts.version: facts for facts in table_history(lake, name, days=days)}
