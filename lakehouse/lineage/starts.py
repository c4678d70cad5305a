"""From the name of a business object to the nodes of the graph that a walk begins at.

A name is written as everywhere else: ``FD001/test-007@31`` (a prediction), ``FD001/test-007`` (an
engine), ``silver/readings@5`` (a table version), or the id of a model, a run or a delivery; also
the sha256 of a delivered file. Where it could be several, the kind stands in front: ``run:…``.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import narwhals as nw

from lakehouse.lineage.graph import Edge, Graph, Node, table_version
from lakehouse.lineage.own import delivery_key
from lakehouse.lineage.table_versions import artifact_at, made_with
from lakehouse.snapshots import Pinned
from lakehouse.tables import BACKFILL, PREDICTIONS, SILVER, TABLES

SUBJECT = "subject"
# No number of flights is longer, and a longer one fits into no column.
LONGEST_CYCLE = 15
SAYS = "BulkInferrer"


class StartError(LookupError):
    """There is no such object; the message says what can be written."""


@dataclass(frozen=True)
class Start:
    """Where a walk begins.

    Attributes:
        name: what it is called in an address.
        kind: prediction, engine, table, model, run, delivery or node.
        title: what it is called on a page.
        keys: nodes that it stands for, or that it comes from.
        subject: itself, where the store has no node of it.
        engine: fleet and engine that it is about, empty for none.
        cycle: the cycle, of a prediction.
        note: what a reader must know of it.
    """

    name: str
    kind: str
    title: str
    keys: tuple[str, ...]
    subject: Node | None = None
    engine: tuple[str, str] = ("", "")
    cycle: int | None = None
    note: str = ""

    @property
    def begins(self) -> tuple[str, ...]:
        """Where a walk begins: at the subject too, where there is one."""
        return (*self.keys, SUBJECT) if self.subject else self.keys

    def joined(self, graph: Graph) -> Graph:
        """The graph with the subject in it, after what it comes from."""
        if self.subject is None:
            return graph
        links = tuple(Edge(key, SUBJECT, "of") for key in self.keys)
        after = dict(graph.after)
        after.update({edge.source: (*graph.out_of(edge.source), edge) for edge in links})
        nodes = {**graph.nodes, SUBJECT: self.subject}
        return Graph(nodes, {**graph.before, SUBJECT: links}, after)


def resolve(name: str, graph: Graph, pinned: Pinned) -> Start:
    """The start that a name means.

    Raises:
        StartError: there is no such object.
    """
    kind, colon, rest = name.strip().partition(":")
    if colon and kind in _KINDS:
        return _KINDS[kind](rest, graph, pinned)
    name = name.strip()
    if "/" in name:
        if name.partition("@")[0] in TABLES:
            return _table(name, graph, pinned)
        return (_prediction if "@" in name else _engine)(name, graph, pinned)
    for kind in ("model", "run", "delivery"):
        try:
            return _KINDS[kind](name, graph, pinned)
        except StartError:
            continue
    raise StartError(
        f"there is no model, run or delivery {name!r}; write FLEET/ENGINE@CYCLE, FLEET/ENGINE, "
        "TABLE@VERSION or the id of a model, a run or a delivery"
    )


def resolve_foreign(name: str, graph: Graph) -> Start:
    """The same in a store of others: a run, or a node by its key or its name.

    Raises:
        StartError: the store has no such thing.
    """
    if name.startswith("run:"):
        return run_start(name.removeprefix("run:"), graph)
    plain = name.removeprefix("node:")
    named = [node.key for node in graph.nodes.values() if node.label == plain]
    key = plain if plain in graph.nodes else named[-1] if named else ""
    if key:
        return Start(f"node:{key}", "node", graph.nodes[key].label, (key,))
    if plain in {node.run for node in graph.nodes.values()}:
        return run_start(plain, graph)
    raise StartError(f"the store has no run, step or artifact that is called {plain!r}")


def newest_first(graph: Graph) -> tuple[str, ...]:
    """All nodes of a store: each step with what it read and wrote, the newest first."""
    steps = [node for node in graph.nodes.values() if node.kind == "execution"]
    found: dict[str, None] = {}
    for step in sorted(steps, key=lambda node: node.created, reverse=True):
        near = (
            *(e.source for e in graph.into(step.key)),
            *(e.target for e in graph.out_of(step.key)),
        )
        found.update(dict.fromkeys((step.key, *near)))
    return tuple(found | dict.fromkeys(graph.nodes))


def name_of(node: Node) -> str:
    """How a node is asked for."""
    if node.kind == "run":
        return f"run:{node.run}"
    if node.type == "Model" and node.kind == "artifact":
        return f"model:{node.label}"
    return node_start(node.key, Graph({node.key: node})).name


def node_start(key: str, graph: Graph) -> Start:
    """One node of a graph, by its key.

    Raises:
        StartError: there is no such node.
    """
    node = graph.nodes.get(key)
    if node is None:
        raise StartError(f"the store has no node {key!r}")
    if node.kind == "delivery":
        return Start(f"delivery:{key[1:]}", "delivery", f"Delivery {node.label}", (key,))
    version = table_version(node)
    if version is not None:
        return Start(node.label, "table", f"{version[0]} v{version[1]}", (key,))
    title = f"{node.label} of {node.run}" if node.run else node.label
    return Start(f"node:{key}", "node", title, (key,))


def run_start(run: str, graph: Graph) -> Start:
    """All steps of a run.

    Raises:
        StartError: the store knows no step of it.
    """
    keys = tuple(node.key for node in _steps(graph, run))
    if not keys:
        raise StartError(f"the store knows no step of a run {run!r}")
    return Start(f"run:{run}", "run", f"Run {run}", keys)


def _prediction(name: str, graph: Graph, pinned: Pinned) -> Start:
    whole, _, cycle = name.partition("@")
    fleet, _, engine = whole.partition("/")
    if not engine or not cycle.isdecimal() or len(cycle) > LONGEST_CYCLE:
        raise StartError(f"{name!r}: FLEET/ENGINE@CYCLE expected")
    for table in (PREDICTIONS.name, BACKFILL.name):
        row = _said(pinned, table, fleet, engine, int(cycle))
        if row is not None:
            return _of_said(name, row, table, graph)
    raise StartError(f"nothing was said of {name}")


def _engine(name: str, graph: Graph, pinned: Pinned) -> Start:
    fleet, _, engine = name.partition("/")
    row = _said(pinned, PREDICTIONS.name, fleet, engine, None)
    silver = artifact_at(graph, SILVER.name, pinned.version(SILVER.name))
    keys: tuple[str, ...] = () if silver is None else (silver.key,)
    if row is not None:
        keys += _of_said(name, row, PREDICTIONS.name, graph).keys
    elif not _flew(pinned, fleet, engine):
        raise StartError(f"there is no engine {name!r}")
    subject = Node(SUBJECT, "subject", "engine", name)
    return Start(name, "engine", f"Engine {name}", keys, subject, (fleet, engine))


def _of_said(name: str, row: dict[str, Any], table: str, graph: Graph) -> Start:
    """A prediction, after the table version that its run wrote it to."""
    made = int(row["predicted_at"].timestamp() * 1000)
    step = step_of(graph, row["run_id"], SAYS, made)
    wrote = [edge.target for edge in graph.out_of(step.key)] if step else []
    keys = tuple(key for key in wrote if graph.nodes[key].label.startswith(f"{table}@"))
    keys = keys or ((step.key,) if step else ())
    origin = "issued" if table == PREDICTIONS.name else "backfill"
    told = {key: str(value) for key, value in row.items() if value is not None}
    node = Node(SUBJECT, "subject", "prediction", name, created=made, run=row["run_id"],
                state=origin, text=json.dumps({"origin": origin} | told))  # fmt: skip
    note = "" if keys else f"The store has no record of {SAYS} of run {row['run_id']}."
    about = (str(row["fleet"]), str(row["engine"]))
    cycle = int(row["cycle"])
    return Start(name, "prediction", f"Prediction {name}", keys, node, about, cycle, note)


def _table(name: str, graph: Graph, pinned: Pinned) -> Start:
    table, _, text = name.partition("@")
    if table not in TABLES or (text and not text.isdecimal()):
        raise StartError(f"{name!r}: TABLE@VERSION expected, with a table of {', '.join(TABLES)}")
    version = int(text) if text else pinned.version(table)
    newest = pinned.lake.version(table)
    if version is not None and newest is not None and version > newest:
        raise StartError(f"{table} has no version {version}: the newest is {newest}")
    made = made_with(pinned, graph, table, version)
    found = made or artifact_at(graph, table, version)
    if version is None or found is None:
        raise StartError(f"the metadata store knows no version of {table} up to {text or 'now'}")
    note = ""
    if found.label != f"{table}@{version}":
        which = "what its step had written in the end" if made else "the newest before it"
        note = (
            f"v{version} was neither written nor read by a recorded step as such: "
            f"this is {found.label}, {which}."
        )
    return Start(f"{table}@{version}", "table", f"{table} v{version}", (found.key,), note=note)


def _model(name: str, graph: Graph, _: Pinned) -> Start:
    nodes = graph.nodes.values()
    keys = [node.key for node in nodes if node.type == "Model" and node.label == name]
    if not keys:
        raise StartError(f"the metadata store knows no model {name!r}")
    return Start(f"model:{name}", "model", f"Model {name}", tuple(keys))


def _run(name: str, graph: Graph, _: Pinned) -> Start:
    return run_start(name, graph)


def _delivery(name: str, graph: Graph, _: Pinned) -> Start:
    key = delivery_key(name)
    if key not in graph.nodes:
        same = (n.key for n in graph.nodes.values() if n.kind == "delivery" and name in n.text)
        key = next((k for k in same if graph.nodes[k].properties.get("sha256") == name), "")
    if not key:
        raise StartError(f"there is no delivery {name!r}, nor one of that sha256")
    return node_start(key, graph)


def _node(name: str, graph: Graph, _: Pinned) -> Start:
    return node_start(name, graph)


_KINDS: dict[str, Callable[[str, Graph, Pinned], Start]] = {
    "prediction": _prediction, "engine": _engine, "table": _table, "model": _model, "run": _run,
    "delivery": _delivery, "node": _node,
}  # fmt: skip


def step_of(graph: Graph, run: str, component: str, at: int) -> Node | None:
    """The step of a run that ended first after a moment; a stream's run has many of a kind."""
    steps = [node for node in _steps(graph, run) if node.label == component]
    after = (node for node in steps if node.created >= at)
    return next(after, steps[-1] if steps else None)


def _steps(graph: Graph, run: str) -> Iterable[Node]:
    return [n for n in graph.nodes.values() if n.run == run and n.kind == "execution"]


def _said(
    pinned: Pinned, table: str, fleet: str, engine: str, cycle: int | None
) -> dict[str, Any] | None:
    """What was said of an engine at a cycle, or last."""
    mine = [nw.col("fleet") == fleet, nw.col("engine") == engine]
    if cycle is not None:
        mine.append(nw.col("cycle") == cycle)
    rows = pinned.scan(table).filter(*mine).sort("cycle", "predicted_at", descending=True).head(1)
    found = rows.collect("polars").rows(named=True)
    return dict(found[0]) if found else None


def _flew(pinned: Pinned, fleet: str, engine: str) -> bool:
    mine = (nw.col("fleet") == fleet, nw.col("engine") == engine)
    rows = pinned.scan(SILVER.name).filter(*mine).select("cycle").head(1)
    return bool(len(rows.collect("polars")))
