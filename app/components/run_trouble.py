"""The panel of a run that did not end well: what failed, since when, what holds, what to do."""

from dash import html
from dash.development.base_component import Component

from app.components.run_facts import utc
from app.queries.trouble import Trouble


def run_trouble(trouble: Trouble | None) -> Component | None:
    """The panel, None when there is nothing to tell."""
    if trouble is None:
        return None
    facts = [("Since", f"{utc(trouble.since)} UTC" if trouble.since else "")]
    facts += [("Still holds", trouble.holds), ("What to do", trouble.todo)]
    listed = [html.Div([html.Dt(name), html.Dd(text)]) for name, text in facts if text]
    detail = [html.Pre(trouble.detail, className="run-error")] if trouble.detail else []
    return html.Section(
        [html.H2(trouble.what), *detail, html.Dl(listed)],
        className=f"run-trouble run-trouble-{trouble.level}",
        role="alert" if trouble.level == "act" else "status",
    )
