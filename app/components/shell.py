"""The shell around every page: brand, navigation, as-of stamp, banner, user menu, footer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

import dash_bootstrap_components as dbc
from dash import ClientsideFunction, Dash, Input, Output, State, dcc, html, set_props
from dash.development.base_component import Component

from app.components.addresses import page_address
from app.components.aria import aria
from app.components.as_of import as_of_control
from app.components.fetch_button import fetch_button
from app.components.states import skeleton
from app.components.times import exactly
from app.security.roles import Action, allowed
from lakehouse import VERSION
from lakehouse.snapshots import Snapshot
from lakehouse.users import User


class Ids(StrEnum):
    """Ids of the shell; pages may read THEME and URL."""

    URL = "url"
    THEME = "theme"
    THEME_BUTTON = "shell-theme-button"
    NAV = "shell-nav"
    STAMP = "shell-stamp"
    NEWEST = "shell-newest"
    BANNER = "shell-banner"
    PAGE = "page"
    TITLE = "shell-title"
    HEARD = "shell-heard"


@dataclass(frozen=True)
class Place:
    """Where a visitor is.

    Attributes:
        path: the URL's path, as it is.
        query: the URL's query.
        active: label of the page in the navigation, None for others.
        fleet: the fleet that the page shows, empty for none in particular.
    """

    path: str
    query: Mapping[str, str]
    active: str | None = None
    fleet: str = ""


@dataclass(frozen=True)
class Stamp:
    """What the page was drawn from.

    Attributes:
        snapshot: the pinned snapshot.
        pinned: an older one was asked for.
        fleets: the fleets that there are.
        simulated: those of them that the simulator made.
    """

    snapshot: Snapshot
    pinned: bool = False
    fleets: Sequence[str] = ()
    simulated: Sequence[str] = ()


def shell(user: User, theme: str, csrf_token: str) -> Component:
    """The whole document; the router fills navigation, stamp, banner and page."""
    return html.Div(
        [
            dcc.Location(id=Ids.URL, refresh="callback-nav"),
            dcc.Store(id=Ids.THEME, data=theme),
            dcc.Store(id=Ids.TITLE),
            dcc.Store(id=Ids.HEARD),
            html.A("Skip to the page", href="#page", className="skip"),
            _header(user, csrf_token),
            html.Div(id=Ids.BANNER),
            html.Main(skeleton(), id=Ids.PAGE, className="page", tabIndex="-1"),
            html.Footer(["Stillwater ", html.Code(VERSION), " · all times UTC"], className="foot"),
        ],
        className="shell",
    )


def register(app: Dash) -> None:
    """Register what the shell does in the browser; the functions are in ``assets/shell.js``."""
    app.clientside_callback(
        ClientsideFunction("stillwater", "toggleTheme"),
        Output(Ids.THEME, "data"),
        Input(Ids.THEME_BUTTON, "n_clicks"),
        State(Ids.THEME, "data"),
        prevent_initial_call=True,
    )
    app.clientside_callback(
        ClientsideFunction("stillwater", "arrive"),
        Output(Ids.HEARD, "data"),
        Input(Ids.TITLE, "data"),
        prevent_initial_call=True,
    )


def navigation(pages: Sequence[tuple[str, str]], place: Place) -> list[Component]:
    """Links to (label, path) pairs; the one where the visitor is, is marked."""
    here = html.Span(" (you are here)", className="visually-hidden")
    return [
        dcc.Link([label, here], href=_kept(path, place), className="nav-link active")
        if label == place.active
        else dcc.Link(label, href=_kept(path, place), className="nav-link")
        for label, path in pages
    ]


def stamp(found: Stamp | None, place: Place) -> list[Component]:
    """The fleet and "as of" chips; None when the lake cannot be read."""
    if found is None:
        return [html.Span("The lake cannot be read", className="chip chip-act", role="alert")]
    return [*_fleet_chip(found, place), _as_of_chip(found, place)]


def show_newest(seq: int) -> None:
    """Tell the newest snapshot in the header too; for callbacks of pages that follow the lake."""
    set_props(Ids.NEWEST, {"children": _newest(seq)})


def banner(found: Stamp | None, role: str, place: Place) -> Component | None:
    """Says that what is shown was simulated; real data are offered while there are none."""
    if found is None or not found.simulated or _shown(found, place) not in ("", *found.simulated):
        return None
    names = ", ".join(found.simulated)
    what = f"Fleet {names} was made by the built-in simulator; no real engine flew it."
    only = set(found.fleets) <= set(found.simulated)
    parts = [html.Strong("SIMULATED"), html.Span(what), *([fetch_button(role)] if only else [])]
    return html.Div(parts, className="banner", role="note")


def _shown(found: Stamp, place: Place) -> str:
    """The fleet that the page is about, empty for none in particular."""
    first = found.fleets[0] if found.fleets and place.path == "/" else ""
    return place.fleet or first


def _header(user: User, csrf_token: str) -> Component:
    brand = dcc.Link(
        [html.Img(src="/assets/logo.svg", alt="", width=22, height=22), "Stillwater"],
        href="/",
        className="brand",
    )
    return html.Header(
        [
            brand,
            html.Nav(id=Ids.NAV, className="nav-bar", **aria(label="Pages")),
            html.Div(id=Ids.STAMP, className="stamp"),
            as_of_control(),
            _theme_button(),
            _user_menu(user, csrf_token),
        ],
        className="bar",
    )


def _theme_button() -> Component:
    # One glyph for both themes: the style sheet turns it.
    return html.Button(
        html.Span(className="theme-mark", **aria(hidden="true")),
        id=Ids.THEME_BUTTON,
        className="icon-button",
        title="Light or dark",
        type="button",
        **aria(label="Change between light and dark"),
    )


def _user_menu(user: User, csrf_token: str) -> Component:
    items: list[Component] = [
        html.Div([html.Strong(user.name), html.Span(user.role)], className="menu-who"),
        dbc.DropdownMenuItem("Account", href="/account"),
    ]
    if allowed(user.role, Action.MANAGE_USERS):
        items.append(dbc.DropdownMenuItem("Users", href="/users"))
    sign_out = html.Form(
        [
            dbc.Input(type="hidden", name="csrf_token", value=csrf_token),
            html.Button("Sign out", type="submit", className="dropdown-item"),
        ],
        method="post",
        action="/sign-out",
    )
    menu: Component = dbc.DropdownMenu(
        [*items, dbc.DropdownMenuItem(divider=True), sign_out],
        label=user.name,
        align_end=True,
        className="user-menu",
        toggleClassName="chip",
        color="link",
    )
    return menu


def _fleet_chip(found: Stamp, place: Place) -> list[Component]:
    if not found.fleets:
        return []
    if len(found.fleets) == 1:
        return [html.Span(["Fleet ", html.B(found.fleets[0])], className="chip")]
    shown = _shown(found, place)
    items = [
        dbc.DropdownMenuItem(
            name,
            href=page_address("/", **_as_of(place), fleet=name),
            active=name == shown,
        )
        for name in found.fleets
    ]
    label = html.Span(["Fleet ", html.B(shown)] if shown else "Fleets")
    return [
        dbc.DropdownMenu(
            items, label=label, toggleClassName="chip", color="link", className="fleet-menu"
        )
    ]


def _as_of_chip(found: Stamp, place: Place) -> Component:
    seq, time = found.snapshot.seq, found.snapshot.time
    if not found.pinned:
        newest = html.Span(_newest(seq), id=Ids.NEWEST)
        return html.Span(["As of ", html.B("now"), newest], className="chip as-of")
    when = f"{exactly(time)} · " if time else ""
    rest = {name: value for name, value in place.query.items() if name != "as_of"}
    return html.Span(
        [
            "As of ",
            html.B(f"snapshot {seq}"),
            f" · {when}",
            dcc.Link("back to now", href=page_address(place.path, **rest)),
        ],
        className="chip as-of chip-pinned",
    )


def _newest(seq: int) -> str:
    return f" · snapshot {seq}" if seq else " · nothing ingested yet"


def _kept(path: str, place: Place) -> str:
    """A link that keeps the snapshot and the fleet that the visitor looks at."""
    return page_address(path, **_as_of(place), fleet=place.fleet if path == "/" else "")


def _as_of(place: Place) -> dict[str, str]:
    return {name: value for name, value in place.query.items() if name == "as_of"}
