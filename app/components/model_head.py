"""The head of one model's page: what it is, what the gate said, and the form that promotes it."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import (
    compared_address,
    fleet_address,
    models_address,
    run_address,
    table_address,
)
from app.components.aria import aria
from app.components.decision_form import About, decision_form
from app.components.model_body import gate_words, plain
from app.components.run_state import model_state
from app.components.stamp import Part, stamp
from app.components.times import exactly
from app.queries.models import ModelView, Row

SILVER = "silver/readings"


def model_head(view: ModelView, live: str, as_of: int | None, may_promote: bool) -> Component:
    """Everything over the parts of one model.

    Args:
        view: the model.
        live: what is live for its fleet, empty for nothing.
        as_of: the snapshot that was asked for, None for now.
        may_promote: whether the form is shown.
    """
    row, model = view.row, view.row.model
    back = dcc.Link("Models", href=models_address(model.fleet, as_of))
    trail: list[Component | str] = [back, f" / {model.fleet}"]
    title = [html.H1(model.model_id), model_state(row.state)]
    return html.Header(
        [
            html.Nav(trail, className="run-trail", **aria(label="Where this is")),
            html.Div(title, className="run-title"),
            _stamp(row, as_of),
            *_broken(view),
            html.P(gate_words(model.verdict, as_of), className="quality-verdict"),
            *_compare(row, live, as_of),
            *(_promote(row, live) if may_promote and row.state != "live" else []),
        ],
        className="mdl-head",
    )


def _stamp(row: Row, as_of: int | None) -> Component:
    model, asked = row.model, row.asked
    version = model.silver_version
    parts = [
        Part("fleet", model.fleet, href=fleet_address(model.fleet, as_of)),
        Part("trained", exactly(model.created)),
        Part("asked by", asked.who or "unknown"),
        Part("learnt from silver", f"v{version}", href=table_address(SILVER, version, as_of)),
        Part("transform", model.transform_id),
        Part("sha256", model.sha256[:12], hint=model.sha256),
    ]
    if asked.run_id:
        parts.append(Part("run", asked.run_id, href=run_address(asked.run_id)))
    return stamp(parts)


def _broken(view: ModelView) -> list[Component]:
    if not view.broken:
        return []
    words = f"▲ Its published files are not what they were: {view.broken} "
    advice = "It cannot be promoted. Take the files from a backup, or retrain."
    return [html.P([html.Strong(words), advice], className="notice quality-blocked", role="alert")]


def _compare(row: Row, live: str, as_of: int | None) -> list[Component]:
    model_id = row.model.model_id
    if not live or live == model_id:
        return []
    link = dcc.Link(
        f"Compare with {live}, which is live", href=compared_address(live, model_id, as_of)
    )
    return [html.P(link)]


def _promote(row: Row, live: str) -> list[Component]:
    model = row.model
    if model.verdict is None:
        return []
    instead = f"in the place of {live}" if live else "as its first model"
    hint = f"{model.model_id} will serve {model.fleet} {instead}, and says at once what it thinks "
    hint += "of every engine. What was issued before stays as it was. "
    if not model.verdict.blessed:
        hint += f"The gate refused it ({plain(model.verdict.reasons)}): say why it serves anyway."
    form = decision_form(About("model", model.model_id), {"promote": "Make it live"}, hint)
    summary = html.Summary("Promote this model…")
    return [html.Section(html.Details([summary, form]), className="quality-card")]
