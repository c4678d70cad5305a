"""The retrain dialog at work: open it, show what would be learnt from, start."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, ctx, no_update

from app.components import retrain_form
from app.launcher import Launcher
from app.pages import Field, Named
from app.pages.runs.answer import answer
from app.queries import launchable
from app.security import current_user
from app.services import Services


def register(app: Dash, services: Services, launcher: Launcher) -> None:
    """Register the dialog's callbacks."""
    _register_form(app, services)
    _register_launch(app, launcher)


def _register_form(app: Dash, services: Services) -> None:
    ids = retrain_form.Ids

    @app.callback(
        Output(ids.DIALOG, "is_open"),
        Output(ids.BODY, "children"),
        Output(ids.PROBLEM, "children"),
        Input(ids.OPEN, "n_clicks"),
        Input(ids.CLOSE, "n_clicks"),
        prevent_initial_call=True,
    )
    def toggle_retrain(_open: int | None, _close: int | None) -> Any:
        if ctx.triggered_id != ids.OPEN:
            return False, no_update, ""
        return True, retrain_form.retrain_body(launchable.fleets(services.pinned())), ""

    @app.callback(Output(ids.FACTS, "children"), Input(ids.FLEET, "value"))
    def show_facts(name: str | None) -> Any:
        found = launchable.fleets(services.pinned())
        fleet = next((fleet for fleet in found if fleet.name == name), None)
        version = services.lake.version("silver/readings")
        return retrain_form.training_facts(fleet, version, services.profile.minimum_failures)


def _register_launch(app: Dash, launcher: Launcher) -> None:
    ids = retrain_form.Ids

    @app.callback(
        Output(ids.GO, "href"),
        Output(ids.PROBLEM, "children", allow_duplicate=True),
        Input(ids.SUBMIT, "n_clicks"),
        State(ids.FLEET, "value"),
        State(retrain_form.parameter_id(ALL), "id"),
        State(retrain_form.parameter_id(ALL), "value"),
        running=[(Output(ids.SUBMIT, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def start_training(
        _clicks: int, fleet: str | None, names: list[Named], values: list[Field]
    ) -> Any:
        parameters = retrain_form.given(names, values)
        return answer(lambda: launcher.retrain(current_user(), fleet or "", parameters))

    @app.callback(
        Output(ids.GO, "href", allow_duplicate=True),
        Output(ids.PROBLEM, "children", allow_duplicate=True),
        Input(ids.SCORE, "n_clicks"),
        State(ids.FLEET, "value"),
        running=[(Output(ids.SCORE, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def start_scoring(_clicks: int, fleet: str | None) -> Any:
        return answer(lambda: launcher.score(current_user(), fleet or ""))
