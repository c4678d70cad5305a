"""The ingest dialog at work: open it, show what was uploaded, start."""

from typing import Any

from dash import Dash, Input, Output, State, ctx, no_update

from app.components import fetch_button, ingest_form
from app.launcher import Files, Launcher
from app.pages.runs.answer import answer
from app.queries import deliverable
from app.security import current_user
from app.services import Services


def register(app: Dash, services: Services, launcher: Launcher) -> None:
    """Register the dialog's callbacks."""
    ids = ingest_form.Ids

    @app.callback(
        Output(ids.DIALOG, "is_open"),
        Output(ids.BODY, "children"),
        Output(ids.PROBLEM, "children"),
        Input(ids.OPEN, "n_clicks"),
        Input(ids.CLOSE, "n_clicks"),
        prevent_initial_call=True,
    )
    def toggle_ingest(_open: int | None, _close: int | None) -> Any:
        if ctx.triggered_id != ids.OPEN:
            return False, no_update, ""
        folder = services.settings.landing_folder
        files = deliverable.landing_files(folder)
        body = ingest_form.ingest_body(files, str(folder), services.settings.web.upload_mb)
        return True, body, ""

    @app.callback(
        Output(ids.UPLOADS, "options"),
        Output(ids.UPLOADS, "value"),
        Output(ids.UPLOAD_PROBLEMS, "children"),
        Input(ids.UPLOADED, "data"),
        prevent_initial_call=True,
    )
    def show_uploads(uploaded: list[dict[str, str]]) -> Any:
        options = ingest_form.upload_options(uploaded)
        values = [option["value"] for option in options]
        return options, values, ingest_form.upload_problems(uploaded)

    @app.callback(
        Output(ids.GO, "href"),
        Output(ids.PROBLEM, "children", allow_duplicate=True),
        Input(ids.SUBMIT, "n_clicks"),
        State(ids.UPLOADS, "value"),
        State(ids.LANDING, "value"),
        State(ids.FLEET, "value"),
        State(ids.KIND, "value"),
        running=[(Output(ids.SUBMIT, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def start_ingest(
        _clicks: int,
        uploads: list[str] | None,
        landing: list[str] | None,
        fleet: str | None,
        kind: str | None,
    ) -> Any:
        said = "" if kind == ingest_form.BY_NAME else kind
        files = Files.chosen(uploads, landing, fleet, said)
        return answer(lambda: launcher.ingest(current_user(), files))


def register_fetch(app: Dash, launcher: Launcher) -> None:
    """Register the button that stands beside SIMULATED, on whatever page."""
    ids = fetch_button.Ids

    @app.callback(
        Output(ids.GO, "href"),
        Output(ids.TOLD, "children"),
        Input(ids.FETCH, "n_clicks"),
        running=[(Output(ids.FETCH, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def start_fetch(_clicks: int) -> Any:
        return answer(lambda: launcher.fetch_dataset(current_user(), fetch_button.DATASET))
