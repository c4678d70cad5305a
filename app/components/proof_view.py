"""A proof as a page shows it: the chain as rows, each with a verdict in word and shape."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import (
    engine_address,
    model_address,
    proof_address,
    quality_address,
    run_address,
    schema_address,
    table_address,
)
from app.components.sheet_table import Cell, Head, sheet_row, sheet_table
from app.queries.proof import Proof, Sample
from app.queries.quality import Ask
from lakehouse.proof import Link, Part, Said, Verdict

MOST_PARTS = 24
MOST_FINDINGS = 100
_WORDS = {
    Verdict.GREEN: "✓ proven",
    Verdict.RED: "✕ broken",
    Verdict.UNCHECKED: "? cannot be checked",
}
_HEADS = (Head("Prediction", "runs-cell-run"), Head("Link"), Head("Verdict"), Head("Why"))


def verdict_badge(verdict: Verdict) -> Component:
    """A verdict as a small sign: never by its colour alone."""
    return html.Span(_WORDS[verdict], className=f"badge-state proof-{verdict.value}")


def proof_chain(proof: Proof) -> list[Component]:
    """What the chain came to, and its links in order."""
    if proof.problem:
        return [html.P(proof.problem, className="notice", role="status")]
    rows = html.Ol([_link(each) for each in proof.links], className="proof-chain sheet")
    return [_summary(proof), rows]


def waiting() -> Component:
    """What stands there while everything is looked at."""
    return html.P("Every link is being looked at…", className="notice", role="status")


def sample_view(found: Sample) -> list[Component]:
    """What a sample came to, and every link that is not proven."""
    if found.problem:
        return [html.P(found.problem, className="notice", role="status")]
    if not found.size:
        return [html.P("No prediction has been issued yet.", className="notice", role="status")]
    counts = [
        f"{found.counts[verdict]:,} {_WORDS[verdict]}"
        for verdict in Verdict
        if found.counts.get(verdict)
    ]
    told = f"{found.size:,} of {found.of:,} predictions: {', '.join(counts)}."
    again = html.Code(f"stillwater prove --sample {found.size} --seed {found.seed}")
    head = html.P([html.Strong(told), " The same ones again: ", again], className="notice")
    return [head, *_findings(found)]


def _summary(proof: Proof) -> Component:
    counts = dict.fromkeys(Verdict, 0)
    for each in proof.links:
        counts[each.verdict] += 1
    red, open_ = counts[Verdict.RED], counts[Verdict.UNCHECKED]
    if red:
        text = f"{_counted(red)} broken: what stands there is not what was written down."
    elif open_:
        text = f"Nothing is broken; {_counted(open_).lower()} out of reach of a check."
    else:
        text = f"All {len(proof.links)} links hold: what stands there is what was written down."
    kind = " proof-broken" if red else ""
    return html.P(html.Strong(text), className=f"notice{kind}", role="status")


def _counted(count: int) -> str:
    return "One link is" if count == 1 else f"{count} links are"


def _link(link: Link) -> Component:
    head = html.Div([html.H2(link.label), verdict_badge(link.verdict)], className="proof-head")
    parts = [_part(part) for part in link.parts[:MOST_PARTS]]
    more = len(link.parts) - MOST_PARTS
    if more > 0:
        parts.append(html.Div(html.Dd(f"and {more:,} more")))
    listed = [html.Dl(parts, className="proof-parts")] if parts else []
    reason = html.P(link.reason, className="run-hint")
    return html.Li([head, *listed, reason], id=f"proof-{link.name}")


def _part(part: Part) -> Component:
    href = _href(part)
    value = dcc.Link(part.value, href=href) if href else part.value
    return html.Div([html.Dt(part.label), html.Dd(value)])


def _href(part: Part) -> str:
    """Where the page of a part is; empty where it has none."""
    about = {name: str(value) for name, value in part.about.items()}
    fleet, engine = about.get("fleet", ""), about.get("engine", "")
    if "table" in about:
        of, _, unit = engine.partition("/")
        version = int(about["version"]) if "version" in about else None
        return table_address(about["table"], version, engine=(of, unit))
    if "model" in about:
        return model_address(about["model"])
    if "schema" in about:
        return schema_address(about["schema"])
    if "delivery" in about and fleet:
        return quality_address(Ask(fleet=fleet, delivery=about["delivery"]))
    if "run" in about:
        return run_address(about["run"])
    return engine_address(fleet, engine) if fleet and engine else ""


def _findings(found: Sample) -> list[Component]:
    if not found.findings:
        return []
    rows = [_finding(said, link) for said, link in found.findings[:MOST_FINDINGS]]
    more = len(found.findings) - MOST_FINDINGS
    rest = [html.P(f"{more:,} more are not listed.", className="run-hint")] if more > 0 else []
    return [sheet_table("Links that are not proven", _HEADS, rows), *rest]


def _finding(said: Said, link: Link) -> Component:
    href = proof_address((said.fleet, said.engine), said.cycle, said.run_id)
    cells: list[Cell] = [
        dcc.Link(said.name, href=href, title=f"Proof of {said.name}"),
        link.label,
        verdict_badge(link.verdict),
        link.reason,
    ]
    return sheet_row(_HEADS, cells)
