"""What a bundle is about: a prediction or a model, and the part of the lineage that concerns it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

import narwhals as nw
import polars as pl
from polars.exceptions import PanicException

from lakehouse.lake import Lake
from lakehouse.lineage import Graph, Node, Reach, walk
from lakehouse.lineage.graph import table_version
from lakehouse.lineage.own import own_graph, walked_through
from lakehouse.lineage.starts import SAYS, SUBJECT, Start, resolve, step_of
from lakehouse.lineage.store import StoreFile
from lakehouse.profiles import Profile
from lakehouse.registry import judges
from lakehouse.settings import Settings
from lakehouse.snapshots import Pinned, pin
from lakehouse.tables import BACKFILL, FAILURES, FEATURES, PREDICTIONS, SILVER

# What judges the data and the model, beside the way from the delivery to the prediction.
_BESIDE = frozenset({"StatisticsGen", "SchemaGen", "ExampleValidator", "Evaluator", "Pusher"})


@dataclass(frozen=True)
class Sources:
    """Where the evidence is taken from: the home, its lake, and how its data are read."""

    settings: Settings
    lake: Lake
    profile: Profile


@dataclass(frozen=True)
class Evidence:
    """What is proven, and what it was made of.

    Attributes:
        kind: prediction or model.
        name: ``FLEET/ENGINE@CYCLE``, or the model's id.
        graph: artifacts, steps and deliveries that concern it.
        said: the prediction as its table holds it, None for a model.
        model: the model's artifact, None where the store does not know it.
        rows: table to the version that the rows used were read from.
        deliveries: those that brought rows to the training or of the engine.
        left_out: what could not be had, and why.
    """

    kind: Literal["prediction", "model"]
    name: str
    graph: Graph
    said: Mapping[str, Any] | None = None
    model: Node | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    deliveries: tuple[str, ...] = ()
    left_out: dict[str, str] = field(default_factory=dict)

    @property
    def fleet(self) -> str:
        """The fleet."""
        told = self.said or (self.model.properties if self.model else {})
        return str(told.get("fleet", ""))

    def of_type(self, kind: str) -> list[Node]:
        """Artifacts of a type, in order."""
        return [node for node in self.graph.nodes.values() if node.type == kind]

    def about_model(self, kind: str) -> Node | None:
        """The newest artifact of a type that is about the model and says something new of it."""
        name = self.model.label if self.model else None
        mine = (n for n in self.of_type(kind) if n.properties.get("model_id") == name)
        telling = [node for node in mine if judges(node.properties)]
        if kind == "ModelEvaluation" and (blessing := self.about_model("ModelBlessing")):
            # Of a model that was trained twice, what the verdict rests on.
            beside = self._made_with(blessing)
            telling = [node for node in telling if node.key in beside] or telling
        return max(telling, key=lambda node: node.created, default=None)

    def _made_with(self, node: Node) -> set[str]:
        """Keys of what the same steps wrote."""
        steps = (edge.source for edge in self.graph.into(node.key))
        return {edge.target for step in steps for edge in self.graph.out_of(step)}

    def used(self, sources: Sources, table: str) -> pl.LazyFrame:
        """The rows of a table that it was made of, in order.

        Raises:
            LookupError: nothing says which version they were read from.
        """
        if table not in self.rows:
            raise LookupError("the metadata store does not say which version was read")
        rows: pl.LazyFrame = sources.lake.look_up(table, self.rows[table]).to_native()
        rows = rows.filter(pl.col("fleet") == self.fleet)
        if table == FEATURES.name:
            named = self.model.properties["transform_id"] if self.model else ""
            rows = rows.filter(pl.col("transform_id") == named)
        if self.said is not None:
            cycle = self.said["cycle"]
            rows = rows.filter(pl.col("engine") == self.said["engine"], pl.col("cycle") <= cycle)
        return rows.sort("engine", "cycle")


def gather(sources: Sources, name: str) -> Evidence:
    """What there is about a prediction (``FLEET/ENGINE@CYCLE``) or a model (its id).

    Raises:
        StartError: there is no such prediction or model.
        StoreError: the metadata store cannot be read.
    """
    pinned = pin(sources.lake)
    whole = own_graph(StoreFile(sources.settings.metadata).read(), pinned)
    said_one = "/" in name and "@" in name
    start = resolve(f"prediction:{name}" if said_one else f"model:{name}", whole, pinned)
    graph = _concerning(whole, start)
    if said_one:
        evidence = _of_prediction(name, graph, start, pinned)
    else:
        evidence = _of_model(name, graph, whole.nodes[start.keys[0]])
    return _with_deliveries(sources, evidence)


def _concerning(whole: Graph, start: Start) -> Graph:
    """Everything that it came from, and what judged that."""
    # What the subject hangs on is gone through even if it is book-keeping, as backfill is.
    begun = (*((SUBJECT,) if start.subject else ()), *start.keys)
    reach = Reach(forward=False, steps=None, most=len(whole.nodes) + 1, through=walked_through)
    keys = set(walk(start.joined(whole), begun, reach).nodes) - {SUBJECT}
    runs = {whole.nodes[key].run for key in keys} - {""}
    beside = {k for k, n in whole.nodes.items() if n.run in runs and n.label in _BESIDE}
    for key in beside:
        keys |= {edge.source for edge in whole.into(key)} | {e.target for e in whole.out_of(key)}
    keys |= beside
    nodes = {key: node for key, node in whole.nodes.items() if key in keys}
    return Graph.of(nodes, (edge for key in nodes for edge in whole.out_of(key)))


def _of_prediction(name: str, graph: Graph, start: Start, pinned: Pinned) -> Evidence:
    subject = start.subject
    origin = subject.state if subject else ""
    table = PREDICTIONS.name if origin == "issued" else BACKFILL.name
    fleet, engine = start.engine
    mine = (nw.col("fleet") == fleet, nw.col("engine") == engine, nw.col("cycle") == start.cycle)
    rows = pinned.scan(table).filter(*mine).sort("predicted_at").collect("polars").rows(named=True)
    said: dict[str, Any] = {"origin": origin, **rows[-1]}
    made = int(said["predicted_at"].timestamp() * 1000)
    step = step_of(graph, said["run_id"], SAYS, made)
    versions = {FEATURES.name: int(said["features_version"])}
    if step is not None:
        versions |= _read(graph, step, SILVER.name)
    models = (node for node in graph.nodes.values() if node.type == "Model")
    model = next((node for node in models if node.label == said["model_id"]), None)
    return Evidence("prediction", name, graph, said, model, versions)


def _of_model(name: str, graph: Graph, model: Node) -> Evidence:
    versions = {SILVER.name: int(model.properties["silver_version"])}
    made = [graph.nodes[edge.source] for edge in graph.into(model.key)]
    for step in sorted(made, key=lambda node: node.created)[:1]:
        versions |= _read(graph, step, FAILURES.name)
    return Evidence("model", name, graph, None, model, versions)


def _read(graph: Graph, step: Node, table: str) -> dict[str, int]:
    """The newest version of a table that a step read."""
    known = (table_version(graph.nodes[edge.source]) for edge in graph.into(step.key))
    found = [version[1] for version in known if version and version[0] == table]
    return {table: max(found)} if found else {}


def _with_deliveries(sources: Sources, evidence: Evidence) -> Evidence:
    """With the deliveries that taught the model, and those that brought the engine's rows."""
    asked: list[Callable[[], pl.LazyFrame]] = [lambda: evidence.used(sources, SILVER.name)]
    if evidence.said is not None and evidence.model is not None:
        taught = _of_model(evidence.model.label, evidence.graph, evidence.model)
        asked.append(lambda: taught.used(sources, SILVER.name))
    ids: set[str] = set()
    for rows in asked:
        try:
            ids |= set(rows().select("delivery_id").unique().collect()["delivery_id"].drop_nulls())
        except (Exception, PanicException) as error:
            evidence.left_out["deliveries"] = reason(error)
    return replace(evidence, deliveries=tuple(sorted(ids)))


def reason(error: BaseException) -> str:
    """Why something could not be had, in one line."""
    return f"{type(error).__name__}: {error}".splitlines()[0][:500]
