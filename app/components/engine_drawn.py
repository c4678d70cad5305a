"""Engine pages as they are sent: drawn once for a snapshot and a look, then kept as bytes."""

from dataclasses import dataclass
from datetime import datetime
from threading import Lock
from typing import Any

from cachetools import LRUCache

from app.components.engine_body import Showing, engine_body
from app.components.engine_withdrawn import engine_withdrawn
from app.components.rendered import packed
from app.components.sensor_cards import chosen_figure, sheet
from app.components.states import missing
from app.queries import pins
from app.queries.corrections import corrections
from app.queries.engine import EngineView, Name, engine_view
from app.queries.fleet import engine_row
from app.services import Services
from lakehouse.clock import now
from lakehouse.snapshots import Pinned

CACHE_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Asked:
    """One engine at one snapshot."""

    fleet: str
    engine: str
    seq: int


class EngineDrawer:
    """Draws the engines of one lake."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._drawn: LRUCache[Any, bytes] = LRUCache(CACHE_BYTES, getsizeof=len)
        self._lock = Lock()

    def body(self, asked: Asked, showing: Showing) -> bytes:
        """Everything of one engine as JSON, or that there is no such engine."""
        pinned, at = self._at(asked, showing)
        row = engine_row(pinned, self._services.profile, asked.fleet, asked.engine, at)
        if row is None:
            if said := corrections(pinned, asked.fleet, asked.engine):
                profile = self._services.profile
                return packed(engine_withdrawn(asked.engine, said, profile, showing.may))
            what = f"There is no engine {asked.fleet}/{asked.engine}."
            return packed(missing(what, "Go to the fleet", "/"))
        # The state is the one thing that changes with the clock: normal data grows stale.
        key = (asked, showing, row.state)
        with self._lock:
            kept = self._drawn.get(key)
        if kept is not None:
            return kept
        drawn = self._draw(pinned, asked, showing, at)
        with self._lock:
            if len(drawn) <= CACHE_BYTES:
                self._drawn[key] = drawn
        return drawn

    def chosen(self, asked: Asked, showing: Showing) -> tuple[Any, Any] | None:
        """The figure of the chosen sensors and its box's style; None without such an engine."""
        pinned, at = self._at(asked, showing)
        view = self._view(pinned, asked, at)
        if view is None:
            return None
        return chosen_figure(sheet(view, self._services.profile, showing.look))

    def _draw(self, pinned: Pinned, asked: Asked, showing: Showing, at: datetime) -> bytes:
        view = self._view(pinned, asked, at)
        if view is None:
            raise LookupError(f"engine {asked.fleet}/{asked.engine} vanished")
        return packed(engine_body(view, self._services.profile, showing))

    def _view(self, pinned: Pinned, asked: Asked, at: datetime) -> EngineView | None:
        name = Name(asked.fleet, asked.engine, self._services.settings.serving)
        return engine_view(pinned, self._services.profile, name, at)

    def _at(self, asked: Asked, showing: Showing) -> tuple[Pinned, datetime]:
        pinned = pins.pinned(self._services.lake, asked.seq)
        # A page of an older snapshot stands as it stood then: not everything old is stale.
        old = showing.as_of is not None and pinned.snapshot.time is not None
        return pinned, pinned.snapshot.time if old and pinned.snapshot.time else now()
