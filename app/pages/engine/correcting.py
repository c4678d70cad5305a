"""The correction dialog at work: fill it when it opens, show what a value reads, send."""

from typing import Any

from dash import ALL, Dash, Input, Output, State, no_update
from dash.development.base_component import Component

from app.components import correction_form
from app.components.correction_form import DIALOG, field_id
from app.components.report_failure import not_reported
from app.launcher import Launcher, LaunchError
from app.pages import Field, Named, OfEngine
from app.queries import corrections, launchable
from app.security import current_user
from app.security.roles import Refused
from app.services import Services

Json = dict[str, Any]


def register(app: Dash, services: Services, view: str, launcher: Launcher) -> None:
    """Register the dialog's callbacks; ``view`` is the id of the store that names the engine."""
    ids, profile = correction_form.Ids, services.profile

    @app.callback(
        Output(ids.BODY, "children"),
        Output(ids.RESULT, "children"),
        Input(DIALOG, "is_open"),
        State(view, "data"),
        prevent_initial_call=True,
    )
    def fill_form(is_open: bool, of: OfEngine) -> Any:
        if not is_open:
            return no_update, no_update
        pinned, engine = services.pinned(), (of["fleet"], of["engine"])
        state = launchable.engine_state(pinned, *engine)
        said = corrections.corrections(pinned, *engine)
        return correction_form.correction_form(state.cycle if state else None, said, profile), None

    @app.callback(Output(ids.FORM, "className"), Input(field_id("action"), "value"))
    def show_fields(action: str | None) -> str:
        return correction_form.form_class(action or "")

    @app.callback(
        Output(ids.NOW, "children"),
        Output(ids.SEEN, "data"),
        Input(field_id("cycle"), "value"),
        Input(field_id("column"), "value"),
        State(view, "data"),
    )
    def show_reading(cycle: Field, column: Field, of: OfEngine) -> tuple[str, Json | None]:
        if not isinstance(cycle, int) or column not in profile.signal_names:
            return "Choose a flight and a column.", None
        place = (of["fleet"], of["engine"], cycle)
        found = corrections.reading(services.pinned(), place, column)
        seen = {"cycle": cycle, "column": column, "value": found.value} if found else None
        return correction_form.reading_words(found, profile), seen

    @app.callback(
        Output(ids.RESULT, "children", allow_duplicate=True),
        Input(ids.SEND, "n_clicks"),
        State(field_id(ALL), "value"),
        State(field_id(ALL), "id"),
        State(ids.SEEN, "data"),
        State(view, "data"),
        running=[(Output(ids.SEND, "disabled"), True, False)],
        prevent_initial_call=True,
    )
    def send(
        _clicks: int, values: list[Field], names: list[Named], seen: Json | None, of: OfEngine
    ) -> Component:
        fields = {each["name"]: value for each, value in zip(names, values, strict=True)}
        return _send(launcher, of, fields, seen)


def _send(launcher: Launcher, view: OfEngine, fields: Json, seen: Json | None) -> Component:
    try:
        asked = correction_form.asked_correction(view, fields, seen)
        done = launcher.correct(current_user(), asked)
    except (Refused, LaunchError) as error:
        return not_reported(f"{error}")
    return correction_form.sent(done.run_id)
