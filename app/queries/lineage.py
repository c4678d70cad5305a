"""Read model of the lineage page: what is asked for, and the part of the graph that answers it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import Any

from cachetools import LRUCache, cached

from app.services import Services
from lakehouse.lineage.collapse import by_run
from lakehouse.lineage.foreign import open_store, stamps_of
from lakehouse.lineage.graph import Graph, Node
from lakehouse.lineage.own import own_graph, walked_through
from lakehouse.lineage.reading import StoreError
from lakehouse.lineage.starts import Start, StartError, newest_first, resolve, resolve_foreign
from lakehouse.lineage.store import Stamp, Store, StoreFile
from lakehouse.lineage.walk import MOST, Part, Reach, walk
from lakehouse.snapshots import Pinned

OWN = "stillwater"
STEPS = 4
WAYS = ("both", "back", "forward")
SORTS = ("time", "name", "kind", "state", "run", "seconds", "rows")
MAX_STEPS = 10_000
_BESIDE = ("-wal", "-shm", "-journal")


@dataclass(frozen=True)
class Ask:
    """What the page is asked for; all of it stands in its address.

    Attributes:
        of: the start, as :mod:`lakehouse.lineage.starts` reads it; empty for none.
        store: file name of a foreign store, empty for the home's own.
        way: both, back or forward.
        steps: how many steps to pass, 0 for all of them.
        runs: runs in the place of their steps.
        books: walk through book-keeping tables too.
        sort: column of the table, with a minus in front for the highest first.
        page: page of the predictions that it touched.
        as_of: the pinned snapshot, None for now.
    """

    of: str = ""
    store: str = ""
    way: str = "both"
    steps: int = STEPS
    runs: bool = False
    books: bool = False
    sort: str = "time"
    page: int = 1
    as_of: int | None = None

    @classmethod
    def from_query(cls, query: Mapping[str, str], as_of: int | None = None) -> "Ask":
        """What a URL asks for; what makes no sense is left at its default."""
        way, sort = query.get("way", ""), query.get("sort", "")
        return cls(
            of=query.get("of", "").strip(),
            store=query.get("store", ""),
            way=way if way in WAYS else "both",
            steps=_number(query.get("steps", ""), STEPS),
            runs=query.get("runs") == "1",
            books=query.get("books") == "1",
            sort=sort if sort.removeprefix("-") in SORTS else "time",
            page=max(1, _number(query.get("page", ""), 1)),
            as_of=as_of,
        )

    def to(self, **changes: Any) -> dict[str, str | int | None]:
        """The query of an address for this, or for something near it; defaults are left out."""
        new, usual = replace(self, **changes), Ask()
        told = {
            name: int(value) if isinstance(value, bool) else value
            for name in self.__dataclass_fields__
            if (value := getattr(new, name)) != getattr(usual, name)
        }
        return told


@dataclass(frozen=True)
class Lineage:
    """The part of a store that lies around a start.

    Attributes:
        ask: what was asked for.
        store: the store.
        graph: its graph, with what is asked for in it.
        start: where the walk began, None where nothing is asked for, or there is no such thing.
        steps: what was found, step by step.
        problem: why there is nothing, in words.
    """

    ask: Ask
    store: Store = field(default_factory=Store)
    graph: Graph = field(default_factory=lambda: Graph({}))
    start: Start | None = None
    steps: Part = field(default_factory=lambda: Part({}, (), ()))
    problem: str = ""

    @cached_property
    def part(self) -> Part:
        """What is drawn: steps, or runs in their place."""
        return by_run(self.steps) if self.ask.runs else self.steps

    @property
    def centre(self) -> Node | None:
        """The node whose details are told."""
        return self.part.nodes.get(self.part.starts[-1]) if self.part.starts else None

    @property
    def whole(self) -> bool:
        """Whether all of a store is shown and nothing in particular."""
        return bool(self.ask.store) and not self.ask.of


def lineage(services: Services, pinned: Pinned, ask: Ask, most: int = MOST) -> Lineage:
    """What the page, or with a higher ``most`` an export, shows of what was asked for."""
    try:
        store, graph = _graph(services, pinned, ask)
    except StoreError as error:
        return Lineage(ask, problem=_sentence(error))
    if not ask.of and not ask.store:
        return Lineage(ask, store, graph)
    try:
        start = _start(pinned, ask, store, graph)
    except StartError as error:
        return Lineage(ask, store, graph, problem=_sentence(error))
    graph = start.joined(graph)
    part = walk(graph, start.begins, _reach(pinned, ask, most))
    # Of a whole store nothing is the start.
    return Lineage(ask, store, graph, start, replace(part, starts=part.starts if ask.of else ()))


def stores(services: Services) -> tuple[str, ...]:
    """File names of the foreign stores that the home has."""
    folder = services.settings.stores
    found = folder.iterdir() if folder.is_dir() else ()
    files = (file.name for file in found if file.is_file())
    return tuple(sorted(name for name in files if not name.endswith(_BESIDE)))


def _graph(services: Services, pinned: Pinned, ask: Ask) -> tuple[Store, Graph]:
    if not ask.store:
        store = _file(services.settings.metadata).read()
        return store, own_graph(store, pinned)
    # The name is looked up among those that are there; it never becomes a path by itself.
    if ask.store not in stores(services):
        raise StoreError(f"there is no store {ask.store!r} in {services.settings.stores.name}/")
    file = services.settings.stores / ask.store
    return _foreign(file, stamps_of(file))


def _start(pinned: Pinned, ask: Ask, store: Store, graph: Graph) -> Start:
    if not ask.store:
        return _own_start(pinned, store, graph, ask.of)
    if ask.of:
        return resolve_foreign(ask.of, graph)
    return Start("", "store", ask.store, newest_first(graph))


def until(pinned: Pinned, ask: Ask) -> int | None:
    """The end of what was recorded by the snapshot (milliseconds since 1970), None for now."""
    time = pinned.snapshot.time
    return int(time.timestamp() * 1000) if ask.as_of is not None and time else None


def _reach(pinned: Pinned, ask: Ask, most: int) -> Reach:
    whole = not ask.of and bool(ask.store)
    return Reach(
        back=ask.way != "forward" and not whole,
        forward=ask.way != "back" and not whole,
        steps=ask.steps or None,
        most=most,
        until=until(pinned, ask),
        through=(lambda _node: True) if ask.books or ask.store else walked_through,
    )


@cached(LRUCache(4), lock=RLock())
def _file(metadata: Path) -> StoreFile:
    return StoreFile(metadata)


@cached(LRUCache(4), lock=RLock())
def _foreign(file: Path, _stamps: tuple[Stamp, ...]) -> tuple[Store, Graph]:
    store = open_store(file)
    return store, store.graph()


@cached(
    LRUCache(256),
    key=lambda pinned, store, _graph, name: (
        store.stamp,
        pinned.lake,
        pinned.snapshot.seq,
        name,
    ),
    lock=RLock(),
)
def _own_start(pinned: Pinned, _store: Store, graph: Graph, name: str) -> Start:
    return resolve(name, graph, pinned)


def _sentence(error: Exception) -> str:
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}."


def _number(text: str, usual: int) -> int:
    return min(int(text), MAX_STEPS) if text.isdecimal() and len(text) < 10 else usual
