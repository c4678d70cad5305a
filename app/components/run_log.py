"""The tail of a run's log."""

from collections.abc import Sequence

from dash import html
from dash.development.base_component import Component

from lakehouse.journal import LogLine

_LEVELS = ("debug", "info", "warning", "error")


def run_log(lines: Sequence[LogLine], most: int) -> Component:
    """The newest lines, oldest first; a screen reader hears new ones when it has time."""
    if not lines:
        return html.P("Nothing has been logged yet.", className="run-hint")
    note = [html.P(f"The newest {most} lines; the download holds all.", className="run-hint")]
    rows = html.Ol([_line(line) for line in lines], className="run-log")
    return html.Div([*(note if len(lines) >= most else []), rows])


def log_text(lines: Sequence[LogLine]) -> str:
    """The log as a text file, one line each."""
    return "".join(
        f"{line.time} {line.level.upper():<7} {line.node or '-':<12} {_flat(line.message)}\n"
        for line in lines
    )


def _line(line: LogLine) -> Component:
    level = line.level if line.level in _LEVELS else "info"
    cells = [
        html.Span(line.time[11:19], className="run-log-time", title=line.time),
        html.Span(line.node or "run", className="run-log-node"),
        html.Span([_word(level), line.message], className="run-log-text"),
    ]
    return html.Li(cells, className=f"run-log-{level}")


def _word(level: str) -> str:
    return f"{level}: " if level in ("warning", "error") else ""


def _flat(message: str) -> str:
    return message.replace("\r", "\\r").replace("\n", "\\n")
