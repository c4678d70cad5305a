"""The dialog that asks for an ingest: from this computer, from the landing folder, or both."""

from collections.abc import Sequence
from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.aria import aria, data
from app.components.launch_dialog import launch_dialog
from app.components.run_facts import size, utc
from app.queries.deliverable import SUFFIXES, LandingFile

BY_NAME = "name"
_KINDS = (
    (BY_NAME, "as the name says"),
    ("history", "history: ends with the failure"),
    ("in_service", "in service: stops before it"),
    ("truth", "truth: cycles that were left"),
)


class Ids(StrEnum):
    """Ids of the dialog; ``assets/runs.js`` knows the first four."""

    DROP = "ingest-drop"
    PROGRESS = "ingest-progress"
    UPLOADED = "ingest-uploaded"
    SUBMIT = "ingest-submit"
    OPEN = "ingest-open"
    GO = "ingest-go"
    DIALOG = "ingest-dialog"
    BODY = "ingest-body"
    UPLOADS = "ingest-uploads"
    UPLOAD_PROBLEMS = "ingest-upload-problems"
    LANDING = "ingest-landing"
    FLEET = "ingest-fleet"
    KIND = "ingest-kind"
    PROBLEM = "ingest-problem"
    CLOSE = "ingest-close"


def ingest_dialog() -> Component:
    """The closed dialog."""
    start = dbc.Button("Start ingest", id=Ids.SUBMIT, color="primary")
    return launch_dialog(Ids, "Ingest data", start)


def ingest_body(files: Sequence[LandingFile], folder: str, upload_mb: int) -> list[Component]:
    """The form: uploads, files of the landing folder, fleet and kind."""
    return [
        dcc.Store(id=Ids.UPLOADED, data=[]),
        _upload(upload_mb),
        _landing(files, folder),
        _named(),
    ]


def upload_options(uploaded: Sequence[dict[str, str]]) -> list[dict[str, str]]:
    """Choices for files that have arrived, as ``assets/runs.js`` lists them."""
    return [
        {"label": f"{entry['name']} · {size(int(entry['bytes']))}", "value": entry["upload_id"]}
        for entry in uploaded
        if "upload_id" in entry
    ]


def upload_problems(uploaded: Sequence[dict[str, str]]) -> list[Component]:
    """What was refused and why."""
    refused = [entry for entry in uploaded if "error" in entry]
    return [html.P(f"{entry['name']}: {entry['error']}") for entry in refused]


def _upload(upload_mb: int) -> Component:
    button = html.Button("Choose files", type="button", className="btn btn-secondary btn-sm")
    hint = f"or drop them here. Up to {upload_mb} MiB each: {' '.join(SUFFIXES)}, also .gz."
    zone = dcc.Upload(
        html.Div([button, html.Span(hint, className="run-hint")], className="run-drop-text"),
        id=Ids.DROP,
        multiple=True,
        style={},
        style_active={},
        className="run-drop",
        className_active="run-drop run-drop-active",
    )
    progress = html.Progress(id=Ids.PROGRESS, max="1", value="0", **aria(label="Upload"))
    parts = [
        html.H3("From this computer"),
        html.Div(zone, **data(limit=str(upload_mb))),
        html.Div(progress, className="run-upload-progress"),
        html.Div(id=Ids.UPLOAD_PROBLEMS, className="run-form-problem", role="alert"),
        dbc.Checklist(id=Ids.UPLOADS, options=[], value=[], className="run-files"),
    ]
    return html.Section(parts)


def _landing(files: Sequence[LandingFile], folder: str) -> Component:
    options = [
        {"label": _told(file), "value": file.name, "disabled": not file.complete} for file in files
    ]
    empty = html.P(
        ["No files. Put some into ", html.Code(folder), " and open this again."],
        className="run-hint",
    )
    choices = dbc.Checklist(id=Ids.LANDING, options=options, value=[], className="run-files")
    hint = [html.P(html.Code(folder), className="run-hint")] if files else [empty]
    return html.Section([html.H3("From the landing folder"), *hint, choices])


def _told(file: LandingFile) -> str:
    state = f"arrived {utc(file.modified)}" if file.complete else "still being written"
    return f"{file.name} · {size(file.bytes)} · {state}"


def _named() -> Component:
    kinds = [{"label": label, "value": value} for value, label in _KINDS]
    fleet = dbc.Input(id=Ids.FLEET, placeholder="as the name says", maxLength=64, debounce=False)
    fields = [
        html.Div([dbc.Label("Fleet", html_for=Ids.FLEET), fleet]),
        html.Div(
            [
                dbc.Label("Kind", html_for=Ids.KIND),
                dbc.Select(id=Ids.KIND, options=kinds, value=BY_NAME),
            ]
        ),
    ]
    hint = "Only for files whose names do not say it, as NASA's do."
    return html.Section(
        [
            html.H3("Fleet and kind"),
            html.P(hint, className="run-hint"),
            html.Div(fields, className="run-fields"),
        ]
    )
