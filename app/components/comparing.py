"""What the pages with two statistics share: redrawn for another theme, columns that open."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from dash import MATCH, Dash, Input, Output, State, ctx
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components.compared_rows import Sides, compared_detail
from app.components.shell import Ids as Shell
from lakehouse.validation.comparison import Compared

Json = dict[str, Any]


@dataclass(frozen=True)
class Looked:
    """The columns that a page shows and how."""

    columns: Sequence[Compared]
    sides: Sides


def register(app: Dash, kind: str, view: str, look: Callable[[Json, str], Looked]) -> None:
    """Fill a column's details when it is opened for the first time, the first one's at once.

    Only then is the library that draws them needed, so that the rows do not wait for it.

    Args:
        app: the dashboard.
        kind: as in the rows' :class:`Sides`.
        view: id of the store that says what the page shows.
        look: the columns of such a view in a theme.
    """

    @app.callback(
        Output({"type": f"{kind}-detail", "column": MATCH}, "children"),
        Input({"type": f"{kind}-open", "column": MATCH}, "n_clicks"),
        State(view, "data"),
        State(Shell.THEME, "data"),
        prevent_initial_call=True,
    )
    def show_column(clicks: int, view: Json, theme: str) -> list[Component]:
        # What is open already is drawn, and what was closed keeps what was drawn.
        if clicks != 1 or not ctx.triggered_id:
            raise PreventUpdate
        return _detail(look(view, theme), str(ctx.triggered_id["column"]))

    @app.callback(
        Output(f"{kind}-first-detail", "children"),
        Input(f"{kind}-first", "data"),
        State(view, "data"),
        State(Shell.THEME, "data"),
    )
    def show_first(name: str | None, view: Json, theme: str) -> list[Component]:
        return _detail(look(view, theme), name)


def _detail(looked: Looked, name: str | None) -> list[Component]:
    found = next((each for each in looked.columns if each.name == name), None)
    if found is None:
        raise PreventUpdate
    return compared_detail(found, looked.sides)
