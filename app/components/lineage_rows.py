"""The files behind a forecast with their hashes, and every prediction that a file touched."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import (
    engine_address,
    lineage_export_address,
    lineage_view_address,
    quality_address,
)
from app.components.aria import aria
from app.components.kpi import Kpi, kpi_row
from app.components.numbers import counted, percent_text
from app.components.run_facts import utc
from app.components.sheet_table import Head, sheet_row, sheet_table
from app.queries.lineage import Ask, Lineage
from app.queries.lineage_rows import Source, Touched
from app.queries.quality import Ask as QualityAsk
from lakehouse.profiles import Profile

_SOURCES = (
    Head("File", "runs-cell-run"), Head("sha256 as delivered"), Head("Kind"), Head("Verdict"),
    Head("Its flights", "runs-number"), Head("Cycles"), Head("Taken in by"),
)  # fmt: skip
_TOUCHED = (
    Head("Prediction", "runs-cell-run"), Head("Probability", "runs-number"), Head("Window"),
    Head("Model"), Head("How"), Head("Said (UTC)"), Head("Engine"),
)  # fmt: skip


def sources_card(found: Lineage, sources: Sequence[Source]) -> list[Component]:
    """The delivered files whose rows a forecast was made from; nothing for any other start."""
    if not sources:
        return []
    rows = [_source(found.ask, each) for each in sources]
    title = "Delivered files behind it"
    words = "Whose rows these flights are; the graph also shows what came in beside them."
    table = html.Div(sheet_table(title, _SOURCES, rows), className="lin-sources")
    parts = [html.H2(title), html.P(words, className="run-hint"), table]
    return [html.Section(parts, className="lin-part")]


def touched_card(found: Lineage, touched: Touched | None, profile: Profile) -> list[Component]:
    """Every prediction that a delivery or a model touched; nothing for any other start."""
    if touched is None or found.start is None:
        return []
    rows = [_said(found.ask, row, profile) for row in touched.page(found.ask.page)]
    table = sheet_table("Predictions that it touched", _TOUCHED, rows)
    link = html.A(
        "CSV of all", href=lineage_export_address("touched.csv", found.ask.to()), download=""
    )
    head = html.Div([html.H2("What it touched"), link], className="run-log-head")
    parts = [head, kpi_row(_figures(found, touched)), *_findings(found, touched)]
    empty = html.P("No prediction was issued from it.", className="runs-empty")
    parts += (
        [html.Div(table, className="lin-touched"), *_pager(found.ask, touched)] if rows else [empty]
    )
    return [html.Section(parts, className="lin-part", id="touched")]


def _source(ask: Ask, each: Source) -> Component:
    href = lineage_view_address(ask.to(of=f"delivery:{each.delivery_id}", page=1))
    run = lineage_view_address(ask.to(of=f"run:{each.run_id}", page=1))
    return sheet_row(
        _SOURCES,
        (
            dcc.Link(each.label, href=href),
            html.Code(each.sha256, className="lin-hash"),
            each.kind.replace("_", " "),
            each.state,
            f"{each.rows:,}",
            f"{each.first:,}–{each.last:,}",
            dcc.Link(each.run_id, href=run),
        ),
    )


def _said(ask: Ask, row: dict[str, Any], profile: Profile) -> Component:
    name = f"{row['fleet']}/{row['engine']}@{row['cycle']}"
    act = row["probability"] is not None and row["probability"] >= profile.act_probability
    chance = "—" if row["probability"] is None else percent_text(row["probability"])
    end = "…" if row["window_to"] is None else f"{row['window_to']:,}"
    window = "—" if row["window_from"] is None else f"{row['window_from']:,}–{end}"
    return sheet_row(
        _TOUCHED,
        (
            dcc.Link(name, href=lineage_view_address(ask.to(of=name, page=1))),
            f"▲ {chance}" if act else chance,
            window,
            row["model_id"],
            row["how"],
            utc(row["predicted_at"])[:16],
            dcc.Link(row["engine"], href=engine_address(row["fleet"], row["engine"], ask.as_of)),
        ),
        "lin-act" if act else "",
    )


def _figures(found: Lineage, touched: Touched) -> list[Kpi]:
    kind = found.start.kind if found.start else ""
    engines = "with rows of it" if kind == "delivery" else "spoken of"
    tone = "act" if touched.act else ""
    figures = [
        Kpi("Predictions", f"{touched.rows.height:,}", "issued"),
        Kpi("Engines", f"{touched.engines:,}", engines),
        Kpi("Alarms", f"{touched.act:,}", "predictions that say act", tone=tone),
    ]
    if kind == "delivery":
        taught = ", ".join(touched.models[-3:]) or "no engine of it had failed"
        figures.append(Kpi("Models taught", f"{len(touched.models):,}", taught))
    return figures


def _findings(found: Lineage, touched: Touched) -> list[Component]:
    errors, warnings = touched.findings
    if not errors and not warnings:
        return []
    delivery = found.start.keys[0][1:] if found.start else ""
    href = quality_address(QualityAsk(delivery=delivery), found.ask.as_of)
    words = f"{counted(errors, 'error')} and {counted(warnings, 'warning')} were found in it"
    return [html.P([dcc.Link(words, href=href), "."], className="notice")]


def _pager(ask: Ask, touched: Touched) -> list[Component]:
    if touched.pages == 1:
        return []
    here = min(ask.page, touched.pages)
    links: list[Component] = [html.Span(f"Page {here:,} of {touched.pages:,}")]
    for label, page in (("Newer", here - 1), ("Older", here + 1)):
        if 1 <= page <= touched.pages:
            links.append(dcc.Link(label, href=lineage_view_address(ask.to(page=page))))
    return [html.Nav(links, className="runs-pager", **aria(label="Pages of predictions"))]
