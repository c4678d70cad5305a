"""The home's own store, joined with what only the lake knows: deliveries, versions by upkeep."""

import json
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from threading import RLock
from typing import Any

from cachetools import LRUCache, cached

from lakehouse.lineage.graph import Edge, Graph, Node, table_version
from lakehouse.lineage.store import Store
from lakehouse.snapshots import Pinned
from lakehouse.tables import BACKFILL, DELIVERIES, ENGINE_STATUS, FAILURES, FLEET_BAND

TAKES_IN = "ExampleGen"
BOOK_KEEPING = frozenset(
    {DELIVERIES.name, FAILURES.name, ENGINE_STATUS.name, BACKFILL.name, FLEET_BAND.name}
)
"""Tables that nearly every step reads to know where it stands, and adds to.

They are shown, but a walk goes on from them only when asked: the way through them leads to every
run that there ever was.
"""


def walked_through(node: Node) -> bool:
    """Whether the content of a node goes on to what is made of it."""
    version = table_version(node)
    return version is None or (version[0] not in BOOK_KEEPING and not version[0].startswith("ops/"))


def delivery_key(delivery_id: str) -> str:
    """Key of a delivery's node."""
    return f"d{delivery_id}"


@cached(
    LRUCache(4),
    key=lambda store, pinned: (store.stamp, pinned.lake, pinned.version(DELIVERIES.name)),
    lock=RLock(),
)
def own_graph(store: Store, pinned: Pinned) -> Graph:
    """The store's graph with the deliveries that its runs took in.

    A version that no step wrote (a compaction, a vacuum) hangs on the one that it continues.
    """
    rows = pinned.scan(DELIVERIES.name).collect("polars").to_native()
    nodes = dict(store.nodes)
    delivered = [_delivery(row) for row in rows.iter_rows(named=True)]
    nodes.update((node.key, node) for node in delivered)
    edges = [*store.edges, *_taken_in(store, delivered), *_continued(store)]
    return Graph.of(nodes, edges)


def _delivery(row: Mapping[str, Any]) -> Node:
    source, member = str(row["source"] or ""), str(row["member"] or "")
    name = source.rstrip("/").rpartition("/")[2]
    label = f"{name}/{member}" if member and member != name else name or member
    told = {name: _plain(value) for name, value in row.items() if value is not None}
    received = row["received_at"]
    return Node(
        key=delivery_key(row["delivery_id"]),
        kind="delivery",
        type=str(row["kind"] or "delivery"),
        label=label or row["delivery_id"],
        run=str(row["run_id"] or ""),
        state=str(row["state"] or ""),
        created=0 if received is None else int(received.timestamp() * 1000),
        uri=source,
        text=json.dumps(told),
    )


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def _taken_in(store: Store, deliveries: Iterable[Node]) -> Iterator[Edge]:
    """Each delivery to the step that took it in: of a stream, the first that ended after it."""
    steps: dict[str, list[Node]] = {}
    for node in store.nodes.values():
        if node.kind == "execution" and node.label == TAKES_IN:
            steps.setdefault(node.run, []).append(node)
    for delivery in deliveries:
        ended = steps.get(delivery.run)
        if ended:
            after = (step for step in ended if step.created >= delivery.created)
            yield Edge(delivery.key, next(after, ended[-1]).key, "delivered", "delivery")


def _continued(store: Store) -> Iterator[Edge]:
    """Versions of a table that no step wrote, after the newest one before that a step did."""
    written = {edge.target for edge in store.edges if edge.role == "output"}
    versions: dict[str, dict[int, str]] = {}
    for node in store.nodes.values():
        known = table_version(node)
        if known is not None:
            versions.setdefault(known[0], {})[known[1]] = node.key
    for of_table in versions.values():
        made = sorted(version for version, key in of_table.items() if key in written)
        for version, key in of_table.items():
            before = bisect_left(made, version)
            if key not in written and before:
                yield Edge(of_table[made[before - 1]], key, "version", "later version")
