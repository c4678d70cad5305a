"""The steps of a run, in order, as they go: state, progress, time, tables read and written."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from app.components.aria import aria
from app.components.run_facts import seconds, versions
from app.components.run_state import step_state, step_tone
from lakehouse.journal import Step

# A stream's component has no duration and no share that is done.
_ENDLESS = ("WAITING", "STREAMING", "ENDED")


def step_graph(steps: Sequence[Step]) -> Component:
    """One box a step, joined in the order in which they run."""
    return html.Ol([_box(step) for step in steps], className="step-graph")


def _box(step: Step) -> Component:
    timed = step.state not in _ENDLESS and (step.seconds or step.state == "COMPLETE")
    time = seconds(step.seconds) if timed else ""
    head = html.Div(
        [html.Strong(step.node), html.Span(time, className="step-time")], className="step-head"
    )
    parts = [head, step_state(step.state), *_progress(step), *_message(step), *_tables(step)]
    return html.Li(parts, className=f"step-box step-{step_tone(step.state)}")


def _progress(step: Step) -> list[Component]:
    if step.state != "RUNNING":
        return []
    label = aria(label=f"{step.node}: share that is done")
    share = str(round(min(max(step.fraction, 0.0), 1.0), 3))
    return [html.Progress(value=share, max="1", className="step-progress", **label)]


def _message(step: Step) -> list[Component]:
    # The badge says that already.
    if step.message in ("", f"{step.node} started", f"{step.node} {step.state.lower()}"):
        return []
    return [html.P(step.message, className="step-message")]


def _tables(step: Step) -> list[Component]:
    lines = [("read", step.reads), ("wrote", step.writes)]
    return [
        html.P([f"{word} ", versions(tables)], className="step-tables")
        for word, tables in lines
        if tables
    ]
