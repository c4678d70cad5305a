"""The head of one run's page: what it is, its state, who asked for what and when."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import RUNS, lineage_address, run_address
from app.components.aria import aria
from app.components.run_facts import seconds, utc
from app.components.run_state import run_state
from app.queries.run_words import asked, duration, subject
from lakehouse.runs import FINAL, Run


def run_head(run: Run) -> list[Component]:
    """Title with the state, and one line of provenance."""
    trail: list[str | Component] = [dcc.Link("Runs", href=RUNS), f" / {run.kind}"]
    title = [html.H1(f"{run.kind.capitalize()} {subject(run)}"), run_state(run.state)]
    return [
        html.Nav(trail, className="run-trail", **aria(label="Where this is")),
        html.Div(title, className="run-title"),
        html.P(_facts(run), className="run-provenance"),
    ]


def action_class(run: Run) -> str:
    """Which of the buttons beside the head make sense."""
    if run.state in ("FAILED", "CANCELLED"):
        return "runs-actions run-can-retry"
    can_cancel = run.state not in FINAL and run.state != "CANCELLING"
    return "runs-actions run-can-cancel" if can_cancel else "runs-actions"


def _facts(run: Run) -> list[str | Component]:
    took = duration(run)
    times = f" at {utc(run.queued)} UTC" + (f" · {seconds(took)}" if took is not None else "")
    facts: list[str | Component] = ["by ", html.B(run.who or "unknown"), times]
    if asked(run):
        facts.append(f" · {asked(run)}")
    if run.retry_of:
        facts += [" · retry of ", dcc.Link(run.retry_of, href=run_address(run.retry_of))]
    lineage = dcc.Link("lineage", href=lineage_address(f"run:{run.run_id}"))
    return [*facts, " · ", html.Code(run.run_id), " · ", lineage]
