"""A metadata store as nodes and edges, kept in memory and brought up to date by what was added."""

import json
import logging
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lakehouse.lineage.graph import Edge, Graph, Node
from lakehouse.lineage.reading import Row, Rows, Since, StoreError, read_rows

_LOG = logging.getLogger(__name__)
Stamp = tuple[int, int, int]
_NO_FILE: Stamp = (0, 0, 0)
# Numbers of ml_metadata/proto/metadata_store.proto.
_ARTIFACT_STATES = ("UNKNOWN", "PENDING", "LIVE", "MARKED_FOR_DELETION", "DELETED", "ABANDONED",
                    "REFERENCE")  # fmt: skip
_EXECUTION_STATES = ("UNKNOWN", "NEW", "RUNNING", "COMPLETE", "FAILED", "CACHED", "CANCELED")
_OUTPUTS = frozenset({1, 4, 6, 7})
_RUNS = ("pipeline_run", "run")
_KINDS = {0: "execution", 1: "artifact", 2: "context"}
_OF_THE_LIBRARY = "mlmd."


@dataclass(frozen=True)
class Store:
    """All that one metadata store holds.

    Attributes:
        nodes: artifacts and executions by key.
        edges: its events, in order.
        types: names of the types that it declares, by kind.
        contexts: how many contexts it has.
        runs: its runs, in the order in which they began.
        stamp: of the file that it was read from.
        problem: why what stands here may be older than the file; empty while it is not.
    """

    nodes: Mapping[str, Node] = field(default_factory=dict)
    edges: tuple[Edge, ...] = ()
    types: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    contexts: int = 0
    runs: tuple[str, ...] = ()
    stamp: Stamp = _NO_FILE
    problem: str = ""

    def graph(self) -> Graph:
        """As a graph."""
        return Graph.of(self.nodes, self.edges)

    def count(self, kind: str) -> Mapping[str, int]:
        """Type to how many nodes of a kind it has."""
        return Counter(node.type for node in self.nodes.values() if node.kind == kind)


class StoreFile:
    """One store that others may be writing; what was read once is not read again."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._lock = threading.Lock()
        self._since = Since()
        self._store = Store()
        self._groups: dict[int, dict[str, str]] = {}

    def read(self) -> Store:
        """The store as it is now; an empty one while there is no file.

        A store that does not answer is shown as it was, and says so.

        Raises:
            StoreError: it cannot be read and never was.
        """
        with self._lock:
            stamp = stamp_of(self.file)
            if stamp == self._store.stamp and not self._store.problem:
                return self._store
            if stamp == _NO_FILE:
                return Store()
            try:
                self._follow(stamp)
            except StoreError as error:
                if not self._store.nodes:
                    raise
                _LOG.warning("the metadata store cannot be read: %s", error)
                self._store = _with_problem(self._store, str(error))
            return self._store

    def _follow(self, stamp: Stamp) -> None:
        if stamp[0] != self._store.stamp[0]:  # another file: a backup was put back
            self._since, self._store, self._groups = Since(), Store(), {}
        rows = read_rows(self.file, self._since)
        for _, execution, kind, name in rows.contexts:
            self._groups.setdefault(execution, {})[kind or ""] = name or ""
        self._since = rows.until(self._since)
        self._store = _joined(self._store, rows, self._groups, stamp)


def stamp_of(file: Path) -> Stamp:
    """What changes when a file is written or replaced: inode, time and size."""
    try:
        found = file.stat()
    except OSError:
        return _NO_FILE
    return found.st_ino, found.st_mtime_ns, found.st_size


def document(store: Store) -> dict[str, Any]:
    """A store in numbers, for the command line and the page."""
    nodes = store.nodes.values()
    return {
        "artifacts": sum(node.kind == "artifact" for node in nodes),
        "executions": sum(node.kind == "execution" for node in nodes),
        "events": len(store.edges),
        "contexts": store.contexts,
        "types": [name for names in store.types.values() for name in names],
        "runs": list(store.runs),
        "artifact_types": dict(store.count("artifact")),
        "execution_types": dict(store.count("execution")),
        "states": dict(Counter(node.state for node in nodes if node.kind == "execution")),
    }


def store_of(rows: Rows, stamp: Stamp = _NO_FILE) -> Store:
    """The store whose rows these are, all of them."""
    groups: dict[int, dict[str, str]] = {}
    for _, execution, kind, name in rows.contexts:
        groups.setdefault(execution, {})[kind or ""] = name or ""
    return _joined(Store(), rows, groups, stamp)


def _joined(
    before: Store, rows: Rows, groups: Mapping[int, Mapping[str, str]], stamp: Stamp
) -> Store:
    nodes = dict(before.nodes)
    nodes.update((f"a{row[0]}", _artifact(row)) for row in rows.artifacts)
    found = [_execution(row, groups.get(row[0], {})) for row in rows.executions]
    nodes.update((node.key, node) for node in found)
    runs = dict.fromkeys((*before.runs, *(node.run for node in found if node.run)))
    return Store(
        nodes=nodes,
        edges=(*before.edges, *map(_event, rows.events)),
        types=_types(rows.types),
        contexts=rows.context_count,
        runs=tuple(runs),
        stamp=stamp,
    )


def _artifact(row: Row) -> Node:
    number, type_name, type_id, name, uri, state, created, updated, text = row
    kind = type_name or f"type {type_id}"
    return Node(
        key=f"a{number}",
        kind="artifact",
        type=kind,
        label=name or f"{kind} {number}",
        state=_name(_ARTIFACT_STATES, state),
        created=created or 0,
        updated=updated or 0,
        uri=uri or "",
        text=text or "{}",
    )


def _execution(row: Row, groups: Mapping[str, str]) -> Node:
    number, type_name, type_id, name, state, created, updated, text = row
    kind = type_name or f"type {type_id}"
    component = groups.get("node") or kind
    return Node(
        key=f"e{number}",
        kind="execution",
        type=kind,
        label=component.rpartition(".")[2] or kind,
        run=_run(groups, text or "{}"),
        state=_name(_EXECUTION_STATES, state),
        created=created or 0,
        updated=updated or 0,
        uri=name or "",
        text=text or "{}",
    )


def _run(groups: Mapping[str, str], text: str) -> str:
    """The run of an execution: its context, else what older writers kept as a property."""
    named = next((groups[kind] for kind in _RUNS if kind in groups), "")
    return named or str(json.loads(text).get("run_id") or "")


def _event(row: Row) -> Edge:
    _, artifact, execution, kind, channel = row
    made, step = f"a{artifact}", f"e{execution}"
    if kind in _OUTPUTS:
        return Edge(step, made, "output", channel or "")
    return Edge(made, step, "input", channel or "")


def _types(rows: Iterable[Row]) -> dict[str, tuple[str, ...]]:
    """Declared types by kind, without those that the library puts into every store itself."""
    found: dict[str, list[str]] = {kind: [] for kind in _KINDS.values()}
    for kind, name in rows:
        if name and not name.startswith(_OF_THE_LIBRARY) and kind in _KINDS:
            found[_KINDS[kind]].append(name)
    return {kind: tuple(dict.fromkeys(names)) for kind, names in found.items()}


def _name(names: tuple[str, ...], number: int | None) -> str:
    return names[number] if number is not None and 0 <= number < len(names) else "UNKNOWN"


def _with_problem(store: Store, problem: str) -> Store:
    return Store(
        store.nodes, store.edges, store.types, store.contexts, store.runs, store.stamp, problem
    )
