"""The bundle for a reader: one page that asks nobody for anything and runs nothing."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

from lakehouse.bundle.checks import Check
from lakehouse.bundle.evidence import Evidence
from lakehouse.clock import moment
from lakehouse.lineage import Node

_STYLE = """
body { max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #17262b; background: #fff;
  font: 14px/1.5 Inter, system-ui, sans-serif; font-variant-numeric: tabular-nums; }
h1 { font-size: 24px; } h2 { margin-top: 2rem; font-size: 16px; }
table { width: 100%; border-collapse: collapse; }
th, td { padding: 4px 8px 4px 0; text-align: left; vertical-align: top;
  border-bottom: 1px solid #dde3e1; overflow-wrap: anywhere; }
th { font-weight: 400; color: #52646a; }
.bad { color: #b3261e; font-weight: 650; } .hint { color: #52646a; }
code { font-size: 12px; }
"""
_HEAD = (
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">\n'
    '<meta http-equiv="Content-Security-Policy" '
    "content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
    '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
)
_MARKS = {True: "✓", False: "▲ no", None: "– not looked at"}


def report(
    evidence: Evidence,
    subject: Mapping[str, Any],
    looked: Sequence[Check],
    files: Mapping[str, Mapping[str, Any]],
) -> str:
    """The page; whatever comes from the home is text in it, never markup."""
    title = f"Evidence of {evidence.kind} {evidence.name}"
    parts = [
        f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1>",
        *_said(evidence),
        *_model(subject["model"]),
        *_checks(looked),
        *_steps(evidence),
        *_left_out(evidence.left_out),
        *_files(files),
        "</body></html>\n",
    ]
    return _HEAD + "\n".join(parts)


def _said(evidence: Evidence) -> list[str]:
    said = evidence.said
    if said is None:
        return []
    opened = "at the horizon or later" if said["window_to"] is None else f"{said['window_to']}"
    words = (
        f"At cycle {said['cycle']} engine {said['engine']} of fleet {said['fleet']} was predicted "
        f"to fail in cycles {said['window_from']} to {opened} ({said['coverage']:.0%}), with a "
        f"probability of {said['probability']:.4f} that it is within its last cycles."
    )
    known = (
        "origin",
        "model_id",
        "rul",
        "features_version",
        "run_id",
        "predicted_at",
        "input_digest",
    )
    rows = [(name, said.get(name)) for name in known if said.get(name) is not None]
    return [f"<p>{escape(words)}</p>", *_table(("What", "Value"), rows)]


def _model(model: Mapping[str, Any] | None) -> list[str]:
    if model is None:
        return ["<h2>Model</h2>", "<p>The metadata store does not know the model.</p>"]
    verdict = {True: "blessed", False: "not blessed", None: "not judged"}[model["blessed"]]
    reasons = "; ".join(model["reasons"]) or "no reason was given"
    maker = model["trained_by"] or {}
    rows: list[tuple[str, Any]] = [
        ("model", model.get("model_id")),
        ("sha256 of its files", model.get("sha256")),
        ("learnt from silver/readings", f"v{model.get('silver_version')}"),
        ("features", model.get("transform_id")),
        ("trained by", f"{maker.get('who') or 'unknown'}, run {maker.get('run_id')}"),
        ("code", maker.get("code_version")),
        ("verdict", f"{verdict}: {reasons}"),
        *((f"parameter {name}", value) for name, value in sorted(model["parameters"].items())),
        *((f"metric {name}", value) for name, value in sorted(model["metrics"].items())),
    ]
    return ["<h2>Model</h2>", *_table(("What", "Value"), rows)]


def _checks(looked: Sequence[Check]) -> list[str]:
    bad = [one for one in looked if one.ok is False]
    words = f"{len(bad)} of {len(looked)} differ from what was recorded." if bad else (
        f"{len(looked)} looked at again when this was made; none differs from what was recorded."
    )  # fmt: skip
    rows = [(one.what, _MARKS[one.ok], one.detail) for one in looked]
    told = f'<p class="{"bad" if bad else "hint"}">{escape(words)}</p>'
    return ["<h2>Looked at again</h2>", told, *_table(("What", "Same", "Detail"), rows)]


def _steps(evidence: Evidence) -> list[str]:
    graph = evidence.graph
    steps = [node for node in graph.nodes.values() if node.kind == "execution"]
    rows = [
        (
            _when(step), step.label, step.run, step.properties.get("who") or "",
            ", ".join(graph.nodes[edge.source].label for edge in graph.into(step.key)),
            ", ".join(graph.nodes[edge.target].label for edge in graph.out_of(step.key)),
        )
        for step in sorted(steps, key=lambda node: (node.created, node.key))
    ]  # fmt: skip
    heads = ("When (UTC)", "Step", "Run", "Who", "Read", "Wrote")
    delivered = [
        (node.label, node.type, node.state, node.properties.get("sha256"))
        for node in graph.nodes.values()
        if node.kind == "delivery"
    ]
    return [
        "<h2>Where it comes from</h2>", *_table(heads, rows),
        "<h2>Delivered files</h2>", *_table(("File", "Kind", "State", "sha256"), delivered),
    ]  # fmt: skip


def _left_out(left_out: Mapping[str, str]) -> list[str]:
    if not left_out:
        return []
    return ["<h2>What could not be had</h2>", *_table(("What", "Why"), sorted(left_out.items()))]


def _files(files: Mapping[str, Mapping[str, Any]]) -> list[str]:
    rows = [(name, f"{one['bytes']:,}", one["sha256"]) for name, one in sorted(files.items())]
    words = "stillwater bundle verify FILE checks them, without any lake."
    return ["<h2>Files of this bundle</h2>", f'<p class="hint">{escape(words)}</p>',
            *_table(("File", "Bytes", "sha256"), rows)]  # fmt: skip


def _table(heads: Iterable[str], rows: Iterable[Iterable[Any]]) -> list[str]:
    head = "".join(f"<th>{escape(name)}</th>" for name in heads)
    body = [
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    ]
    return [f"<table><thead><tr>{head}</tr></thead><tbody>", *body, "</tbody></table>"]


def _when(node: Node) -> str:
    return f"{moment(node.created):%Y-%m-%d %H:%M:%S}"
