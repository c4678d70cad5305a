"""The files of a bundle, each with what it holds; what cannot be had is said, not left silent."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import narwhals as nw
import polars as pl
from polars.exceptions import PanicException

from lakehouse.artifacts import MANIFEST, check
from lakehouse.bundle.evidence import Evidence, Sources, reason
from lakehouse.bundle.written import concerning
from lakehouse.history import VersionFacts, table_history
from lakehouse.lineage import Node, told
from lakehouse.lineage.graph import table_version
from lakehouse.lineage.walk import Part as Walked
from lakehouse.proof.evidence import collected
from lakehouse.quality import ANOMALIES
from lakehouse.row_files import csv_chunks
from lakehouse.snapshots import pin
from lakehouse.tables import DELIVERIES, FAILURES, FEATURES, SILVER

File = tuple[str, Iterable[bytes]]
NAMESPACE = "stillwater"
# More rows than this stay in the lake: their version's content hash says which they are.
MOST_ROWS = 200_000
_JUDGED = ("ModelEvaluation", "ModelBlessing", "PushedModel")
_FACTS = ("version", "time", "operation", "run_id", "node", "who", "inputs", "rows", "rows_added",
          "rows_updated", "rows_removed", "files", "files_added", "files_removed", "bytes",
          "moved_only")  # fmt: skip


def files(sources: Sources, evidence: Evidence) -> Iterator[File]:
    """All but the report; what could not be had is added to ``evidence.left_out`` on the way."""
    yield from _lineage(evidence)
    yield from _tables(sources, evidence)
    yield from _data(sources, evidence)
    yield from _published(sources, evidence)
    yield "audit.jsonl", (entry.line() for entry in concerning(sources, evidence))


def json_bytes(value: Any) -> bytes:
    """A document, readable and always written the same."""
    text = json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False, default=plain)
    return f"{text}\n".encode("utf-8", "backslashreplace")


def plain(value: Any) -> Any:
    """A time as ISO 8601."""
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _json_lines(rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    for row in rows:
        text = json.dumps(row, sort_keys=True, ensure_ascii=False, default=plain)
        yield f"{text}\n".encode("utf-8", "backslashreplace")


def _lineage(evidence: Evidence) -> Iterator[File]:
    """The records of the metadata store, and the same for other tools."""
    graph = evidence.graph
    ordered = sorted(graph.nodes.values(), key=lambda node: (node.created, node.key))
    for kind in ("artifact", "execution"):
        of_kind = [_record(node) for node in ordered if node.kind == kind]
        yield f"mlmd/{kind}s.jsonl", _json_lines(of_kind)
    # The spec's classes bring a client for the network, which only an export needs to load.
    from lakehouse.lineage.openlineage import lines

    edges = [edge for node in ordered for edge in graph.out_of(node.key)]
    joined = [{name: getattr(edge, name) for name in edge.__slots__} for edge in edges]
    yield "mlmd/events.jsonl", _json_lines(joined)
    steps = (node for node in ordered if node.kind == "execution")
    events = lines(graph, steps, NAMESPACE)
    yield "lineage/openlineage.jsonl", (f"{line}\n".encode() for line in events)
    part = Walked(graph.nodes, tuple(edges), ())
    yield "lineage/graph.csv", [told.csv(part)]
    yield "lineage/graph.mmd", [told.mermaid(part).encode()]


def _record(node: Node) -> dict[str, Any]:
    known = {name: getattr(node, name) for name in ("key", "type", "label", "run", "state", "uri")}
    return {**known, "created": node.created, "properties": node.properties}


def _tables(sources: Sources, evidence: Evidence) -> Iterator[File]:
    """What every version of each table was, up to the last one that is concerned."""
    concerned: dict[str, set[int]] = {}
    for node in evidence.graph.nodes.values():
        version = table_version(node)
        if version is not None:
            concerned.setdefault(version[0], set()).add(version[1])
    for table, versions in evidence.rows.items():
        concerned.setdefault(table, set()).add(versions)
    for table, numbers in sorted(concerned.items()):
        name = f"tables/{table}.jsonl"
        history = _had(evidence, name, partial(table_history, sources.lake, table, max(numbers)))
        rows = [{**_facts(one), "concerned": one.version in numbers} for one in history or ()]
        yield name, _json_lines(rows)


def _facts(version: VersionFacts) -> dict[str, Any]:
    return {name: getattr(version, name) for name in _FACTS}


def _data(sources: Sources, evidence: Evidence) -> Iterator[File]:
    """The rows used, the deliveries that they came in, and what was found in those."""
    for table in (SILVER.name, FAILURES.name if evidence.said is None else FEATURES.name):
        name = f"rows/{table}.csv"
        yield from _rows(evidence, name, partial(evidence.used, sources, table))
    pinned, ids = pin(sources.lake), list(evidence.deliveries)
    mine = nw.col("delivery_id").is_in(ids)
    for name, table in (("deliveries", DELIVERIES.name), ("anomalies", ANOMALIES.name)):
        rows = _had(evidence, f"{name}.jsonl", partial(collected, pinned.scan(table).filter(mine)))
        if rows is not None:
            key = "delivery_id" if table == DELIVERIES.name else "anomaly_id"
            yield f"{name}.jsonl", _json_lines(rows.sort(key).iter_rows(named=True))


def _rows(evidence: Evidence, name: str, ask: Callable[[], pl.LazyFrame]) -> Iterator[File]:
    counted = _had(evidence, name, lambda: int(ask().select(pl.len()).collect().item()))
    if counted is None:
        return
    if counted > MOST_ROWS:
        why = f"{counted:,} rows: the content hash of the table's version says which they are"
        evidence.left_out[name] = why
        return
    # Read before anything of it is sealed: what is damaged in its middle is left out as a whole.
    read = _had(evidence, name, lambda: list(csv_chunks(ask())))
    if read is not None:
        yield name, read


def _published(sources: Sources, evidence: Evidence) -> Iterator[File]:
    """Statistics, schemas, anomalies and verdicts as published; of the model its hashes."""
    model = evidence.model
    wanted = [node for kind in _JUDGED if (node := evidence.about_model(kind))]
    wanted += evidence.of_type("Schema")
    taught = str(model.properties.get("transform_id")) if model else ""
    for kind in ("ExampleStatistics", "ExampleAnomalies"):
        about = {*evidence.deliveries, taught, f"{taught}.features"} - {""}
        wanted += [n for n in evidence.of_type(kind) if about & {n.label, n.label.split(".")[0]}]
    for node in sorted(wanted, key=lambda node: (node.type, node.label)):
        folder = sources.settings.home / node.uri
        at = f"artifacts/{node.type}/{quote(node.label, safe='@')}"
        for name in sorted(_had(evidence, at, partial(check, folder)) or ()):
            yield f"{at}/{name}", [(folder / name).read_bytes()]
    if model is not None:
        manifest = sources.settings.home / model.uri / MANIFEST
        content = _had(evidence, f"model/{MANIFEST}", manifest.read_bytes)
        if content is not None:
            yield f"model/{MANIFEST}", [content]


def _had(evidence: Evidence, name: str, ask: Callable[[], Any]) -> Any:
    """What there is, or None and a word about why not."""
    try:
        return ask()
    # A file that polars cannot read ends in a panic, which is no Exception.
    except (Exception, PanicException) as error:
        evidence.left_out[name] = reason(error)
        return None
