"""A part of a graph for other eyes: as a Mermaid flowchart, and as CSV."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import polars as pl

from lakehouse.export import csv_chunks
from lakehouse.lineage.graph import Edge, Node
from lakehouse.lineage.walk import Part

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
    into, out = _ends(part.edges)
    ordered = sorted(part.nodes.values(), key=lambda node: (node.created, node.key))
    schema = dict.fromkeys(_COLUMNS, pl.String) | {"seconds": pl.Float64, "rows": pl.Int64}
    told = [_row(node, into.get(node.key, ()), out.get(node.key, ())) for node in ordered]
    return pl.DataFrame(told, schema=schema)


_COLUMNS = ("key", "kind", "type", "name", "state", "run", "who", "time", "seconds", "rows",
            "sha256", "code_version", "uri", "from", "to")  # fmt: skip


def _row(node: Node, into: Iterable[str], out: Iterable[str]) -> dict[str, object]:
    known = node.properties
    seconds, count = known.get("seconds"), known.get("row_count", known.get("rows"))
    return {
        "key": node.key,
        "kind": node.kind,
        "type": node.type,
        "name": node.label,
        "state": node.state,
        "run": node.run,
        "who": _text(known, "who"),
        "time": time_of(node),
        "seconds": float(seconds) if isinstance(seconds, int | float) else None,
        "rows": count if isinstance(count, int) else None,
        "sha256": next((_text(known, name) for name in _HASHES if name in known), ""),
        "code_version": _text(known, "code_version"),
        "uri": node.uri,
        "from": " ".join(into),
        "to": " ".join(out),
    }


def time_of(node: Node) -> str:
    """When it was recorded, in UTC; empty where nobody says."""
    if not node.created:
        return ""
    return datetime.fromtimestamp(node.created / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _ends(edges: Iterable[Edge]) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    into: dict[str, list[str]] = {}
    out: dict[str, list[str]] = {}
    for edge in edges:
        into.setdefault(edge.target, []).append(edge.source)
        out.setdefault(edge.source, []).append(edge.target)
    return into, out


def _words(node: Node) -> str:
    return f"{node.label} ({node.state.lower()})" if node.cached else node.label


def _escaped(text: str) -> str:
    """Text inside quotes of Mermaid, which has entities but no other way to escape."""
    return "".join(_ENTITIES.get(sign, sign if sign.isprintable() else " ") for sign in text)


def _text(known: Mapping[str, object], name: str) -> str:
    return str(known[name]) if known.get(name) is not None else ""
