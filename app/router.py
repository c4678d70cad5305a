"""From a URL to a page: which page it names, and what to show when it cannot be drawn."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote

from dash import Dash
from dash.development.base_component import Component
from polars.exceptions import PanicException

from app.components.shell import Place, Stamp, banner, navigation, stamp
from app.components.states import failed, missing, no_longer
from app.pages import PageRequest, Theme
from app.queries.as_of import asked, resolve
from app.queries.fleet import fleets as fleet_names
from app.queries.let_go import let_go
from app.queries.simulated import simulated_fleets
from app.security import current_user, request_id
from app.security.roles import Action, Refused, allowed
from app.services import Services

_LOG = logging.getLogger(__name__)


class Page(Protocol):
    """What a page module has.

    ``PATH`` is a template such as ``/engine/<fleet>/<engine>``, ``NAV`` the label in the
    navigation or None. A page that not everybody may see says by ``NEEDS`` what one must be
    allowed to; its layout refuses all others, the navigation does not offer it to them.
    """

    @property
    def PATH(self) -> str: ...

    @property
    def TITLE(self) -> str: ...

    @property
    def NAV(self) -> str | None: ...

    def layout(self, services: Services, request: PageRequest) -> Component:
        """The page for one request."""
        ...

    def register(self, app: Dash, services: Services) -> None:
        """Register the page's callbacks."""
        ...


@dataclass(frozen=True)
class Url:
    """Where the browser is, as the browser says it, and the theme that it shows."""

    path: str
    search: str
    theme: Theme


def view(services: Services, pages: Sequence[Page], url: Url) -> tuple[Any, ...]:
    """What the shell shows for a URL: navigation, stamp, banner, page and title."""
    page, variables = find(pages, url.path)
    query, problem = _at_snapshot(services, query_of(url.search))
    user = current_user()
    request = PageRequest(variables, query, url.theme, user.name, user.role)
    fleet = variables.get("fleet") or query.get("fleet", "")
    place = Place(url.path, query, _active(pages, page, variables), fleet)
    stamped = _stamp(services, request.as_of)
    return (
        navigation(_offered(pages, user.role), place),
        stamp(stamped, place),
        banner(stamped, user.role, place),
        problem or draw(services, page, request),
        f"{page.TITLE if page else 'Not found'} · Stillwater",
    )


def find(pages: Sequence[Page], path: str) -> tuple[Page | None, Mapping[str, str]]:
    """The page that a URL path names, and the values of its variables, unquoted."""
    segments = [unquote(part) for part in path.rstrip("/").split("/")]
    for page in pages:
        variables = _match(page.PATH.rstrip("/").split("/"), segments)
        if variables is not None:
            return page, variables
    return None, {}


def query_of(search: str | None) -> dict[str, str]:
    """The query of a URL, last value of each name."""
    return dict(parse_qsl((search or "").removeprefix("?"), max_num_fields=100))


def _at_snapshot(
    services: Services, query: dict[str, str]
) -> tuple[dict[str, str], Component | None]:
    """The query with the number of the snapshot that it names by a time; why it names none."""
    text = query.get("as_of", "")
    if not text or asked(text) is not None:
        return query, None
    rest = {name: value for name, value in query.items() if name != "as_of"}
    try:
        seq = resolve(services.lake, text)
    except LookupError as error:
        words = str(error)
        return rest, missing(f"{words[0].upper()}{words[1:]}.", "See the newest one", "?")
    return (rest if seq is None else rest | {"as_of": str(seq)}), None


def draw(services: Services, page: Page | None, request: PageRequest) -> Component:
    """The page, or in words why there is none."""
    try:
        if request.as_of is not None:
            services.pinned(request.as_of)
    except LookupError:
        return missing(f"There is no snapshot {request.as_of}.", "See the newest one", "?")
    if page is None:
        return missing("There is no such page.", "Go to the fleet", "/")
    try:
        return page.layout(services, request)
    except Refused as refusal:
        return missing(f"{str(refusal).capitalize()}.", "Go to the fleet", "/")
    except (Exception, PanicException):
        if request.as_of is not None and (gone := let_go(services.pinned(request.as_of))):
            return no_longer(request.as_of, gone)
        _LOG.exception("request %s: %s cannot be drawn", request_id(), page.PATH)
        return failed("This page cannot be drawn.", request_id())


def _stamp(services: Services, as_of: int | None) -> Stamp | None:
    """What the page is drawn from; None when the lake cannot be read."""
    pinned = None
    try:
        pinned = services.pinned(as_of)
        fleets, simulated = fleet_names(pinned), simulated_fleets(pinned)
    except LookupError:
        return _stamp(services, None)
    except (Exception, PanicException):
        _LOG.exception("request %s: the lake cannot be read", request_id())
        # An old snapshot whose tables were let go is still the one that was asked for.
        return Stamp(pinned.snapshot, pinned=True) if pinned and as_of is not None else None
    return Stamp(pinned.snapshot, as_of is not None, fleets, simulated)


def _offered(pages: Sequence[Page], role: str) -> list[tuple[str, str]]:
    """Label and path of the pages that a role is shown the way to."""
    mine = [each for each in pages if allowed(role, getattr(each, "NEEDS", Action.SEE))]
    return [(each.NAV, each.PATH) for each in mine if each.NAV]


def _active(pages: Sequence[Page], page: Page | None, variables: Mapping[str, str]) -> str | None:
    """Label of the navigation's page that a page is or belongs to."""
    if page is None or page.NAV:
        return page.NAV if page else None
    home = "/" if "fleet" in variables else "/" + page.PATH.split("/")[1]
    return next((each.NAV for each in pages if each.NAV and home == each.PATH), None)


def _match(template: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    if len(template) != len(segments):
        return None
    variables = {}
    for pattern, segment in zip(template, segments, strict=True):
        if pattern.startswith("<"):
            # Names are looked up and never become file names; control characters name nothing.
            if not segment or not segment.isprintable():
                return None
            variables[pattern.strip("<>")] = segment
        elif pattern != segment:
            return None
    return variables
