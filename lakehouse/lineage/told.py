"""A part of a graph for other eyes: as a Mermaid flowchart, and as CSV."""

from collections.abc import Mapping
from datetime import datetime

import polars as pl

from lakehouse.clock import iso, moment
from lakehouse.lineage.graph import Graph, Node
from lakehouse.lineage.walk import Part
from lakehouse.row_files import csv_chunks

_SHAPES = {
    "artifact": '(["{}"])', "execution": '["{}"]', "run": '[["{}"]]', "delivery": '[/"{}"/]',
    "subject": '{{{{"{}"}}}}',
}  # fmt: skip
_ENTITIES = {"#": "#35;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;"}
_HASHES = ("content_sha256", "sha256")


def mermaid(part: Part) -> str:
    """A flowchart from left to right; what was asked for is marked, and cached steps are dashed."""
    short = {key: f"n{place}" for place, key in enumerate(part.nodes)}
    lines = ["flowchart LR"]
    for key, node in part.nodes.items():
        lines.append(f"  {short[key]}{_SHAPES[node.kind].format(_escaped(_words(node)))}")
    for edge in part.edges:
        lines.append(f"  {short[edge.source]} --> {short[edge.target]}")
    lines.append("  classDef start stroke-width:3px")
    lines.append("  classDef cached stroke-dasharray:4 4")
    marked = {
        "start": [short[key] for key in part.starts if key in short],
        "cached": [short[key] for key, node in part.nodes.items() if node.cached],
    }
    lines += [f"  class {','.join(keys)} {name}" for name, keys in marked.items() if keys]
    return "\n".join(lines) + "\n"


def csv(part: Part) -> bytes:
    """One row for each node, with the keys of what leads to it and on from it."""
    return b"".join(csv_chunks(rows(part).lazy()))


def rows(part: Part) -> pl.DataFrame:
    """The nodes as a table, in the order in which the data went as far as times tell it."""
    near = Graph.of(part.nodes, part.edges)
    ordered = sorted(part.nodes.values(), key=lambda node: (node.created, node.key))
    schema = dict.fromkeys(_COLUMNS, pl.String) | {"seconds": pl.Float64, "rows": pl.Int64}
    told = [_row(node, near) for node in ordered]
    return pl.DataFrame(told, schema=schema)


_COLUMNS = ("key", "kind", "type", "name", "state", "run", "who", "time", "seconds", "rows",
            "sha256", "code_version", "uri", "from", "to")  # fmt: skip


def _row(node: Node, near: Graph) -> dict[str, object]:
    known, time = node.properties, recorded_at(node)
    return {
        "key": node.key,
        "kind": node.kind,
        "type": node.type,
        "name": node.label,
        "state": node.state,
        "run": node.run,
        "who": _text(known, "who"),
        "time": "" if time is None else iso(time),
        "seconds": took(node),
        "rows": row_count(node),
        "sha256": next((_text(known, name) for name in _HASHES if name in known), ""),
        "code_version": _text(known, "code_version"),
        "uri": node.uri,
        "from": " ".join(edge.source for edge in near.into(node.key)),
        "to": " ".join(edge.target for edge in near.out_of(node.key)),
    }


def recorded_at(node: Node) -> datetime | None:
    """When it was recorded, None where nobody says."""
    return moment(node.created) if node.created else None


def took(node: Node) -> float | None:
    """Seconds that a step took: as it says, else from its first record to its last."""
    said = node.properties.get("seconds")
    if isinstance(said, int | float):
        return float(said)
    return (node.updated - node.created) / 1000 if node.kind == "execution" else None


def row_count(node: Node) -> int | None:
    """Rows of a table version or of a delivered file, None where nobody counted."""
    known = node.properties
    count = known.get("row_count", known.get("rows"))
    return count if isinstance(count, int) else None


def _words(node: Node) -> str:
    return f"{node.label} ({node.state.lower()})" if node.cached else node.label


def _escaped(text: str) -> str:
    """Text inside quotes of Mermaid, which has entities but no other way to escape."""
    return "".join(_ENTITIES.get(sign, sign if sign.isprintable() else " ") for sign in text)


def _text(known: Mapping[str, object], name: str) -> str:
    return str(known[name]) if known.get(name) is not None else ""
