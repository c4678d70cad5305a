"""Statistics of any two deliveries or trainings side by side, the columns furthest apart first."""

from dataclasses import asdict
from enum import StrEnum
from typing import Any

from dash import Dash, Input, Output, State, dcc, html
from dash.development.base_component import Component
from dash.exceptions import PreventUpdate

from app.components import comparing
from app.components.compared_rows import Sides
from app.components.comparing import Looked
from app.components.quality_head import quality_head
from app.components.rendered import rendered
from app.components.shell import Ids as Shell
from app.components.statistics_view import (
    SORTS,
    Asked,
    ChooserIds,
    about,
    chooser,
    compared,
    names_of,
    nothing,
    titles,
)
from app.pages import PageRequest
from app.queries.statistics import Pair, Published, find, offered, pair, published
from app.services import Services

PATH = "/quality/statistics"
TITLE = "Statistics"
NAV = None
KIND = "statistics"
Json = dict[str, Any]


class Ids(StrEnum):
    """Ids of this page."""

    GO = "statistics-go"
    VIEW = "statistics-view"
    LEFT = "statistics-left"
    RIGHT = "statistics-right"
    SORT = "statistics-sort"
    BODY = "statistics-body"


CHOOSER = ChooserIds(Ids.LEFT, Ids.RIGHT, Ids.SORT)


def layout(services: Services, request: PageRequest) -> Component:
    """Both as the URL asks for them: ``left``, ``right``, ``sort``, ``page``, ``as_of``."""
    pinned = services.pinned(request.as_of)
    every = published(services, pinned)
    asked = _asked(request, every)
    left = next((each.fleet for each in every if each.name == asked.left), "")
    fleet = request.query.get("fleet", "") or left
    return html.Div(
        [
            dcc.Location(id=Ids.GO, refresh="callback-nav"),
            dcc.Store(id=Ids.VIEW, data=asdict(asked)),
            *quality_head(pinned, PATH, fleet, request.as_of),
            *([chooser(CHOOSER, every, asked)] if every else []),
            html.Div(_body(services, every, asked, request.theme), id=Ids.BODY),
        ],
        className="quality-page cmp-page",
    )


def register(app: Dash, services: Services) -> None:
    """Register the page's callbacks."""

    @app.callback(
        Output(Ids.GO, "href"),
        Input(Ids.LEFT, "value"),
        Input(Ids.RIGHT, "value"),
        Input(Ids.SORT, "value"),
        State(Ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def choose(left: str, right: str, sort: str, view: Json) -> str:
        asked = Asked(**view)
        if (left, right, sort) == (asked.left, asked.right, asked.sort):
            raise PreventUpdate
        return asked.address(left=left or "", right=right or "", sort=sort, page=1)

    @app.callback(
        Output(Ids.BODY, "children"),
        Input(Shell.THEME, "data"),
        State(Ids.VIEW, "data"),
        prevent_initial_call=True,
    )
    def show_theme(theme: str, view: Json) -> Any:
        asked = Asked(**view)
        every = published(services, services.pinned(asked.as_of))
        return _body(services, every, asked, theme)

    comparing.register(app, KIND, Ids.VIEW, lambda view, theme: _look(services, view, theme))


def _asked(request: PageRequest, every: tuple[Published, ...]) -> Asked:
    query = request.query
    left, right = query.get("left", ""), query.get("right", "")
    if not left and not right:
        left, right = offered(every, query.get("fleet", ""))
    left, right = _resolved(every, left), _resolved(every, right)
    sort, page = query.get("sort", ""), query.get("page", "1")
    number = int(page) if page.isdecimal() and len(page) < 6 else 1
    return Asked(left, right, sort if sort in SORTS else "distance", number, request.as_of)


def _resolved(every: tuple[Published, ...], name: str) -> str:
    """The artifact's name where a table's version was asked for."""
    known = find(every, name)
    return known.name if known else name


def _body(
    services: Services, every: tuple[Published, ...], asked: Asked, theme: str
) -> list[Component]:
    left, right = find(every, asked.left), find(every, asked.right)
    both = pair(left, right)
    parts = [about(left, right)] if left or right else []
    if not both.columns:
        return [*parts, nothing(every, asked, both.problem)]
    sides = _sides(services, left, right, theme)
    return [*parts, rendered(compared(both.columns, asked, sides))]


def _look(services: Services, view: Json, theme: str) -> Looked:
    every = published(services, services.pinned(view["as_of"]))
    left, right = find(every, view["left"]), find(every, view["right"])
    both: Pair = pair(left, right)
    return Looked(both.columns, _sides(services, left, right, theme))


def _sides(
    services: Services, left: Published | None, right: Published | None, theme: str
) -> Sides:
    return Sides(KIND, names_of(left, right), theme, titles=titles(services.profile))
