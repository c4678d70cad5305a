"""The statistics page: which two, what they are, and their columns."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import RUNS, STATISTICS, page_address
from app.components.aria import aria
from app.components.compared_rows import Sides, compared_rows, legend
from app.components.times import exactly, minute
from app.queries.statistics import KINDS, Published
from lakehouse.profiles import Profile
from lakehouse.validation.comparison import Compared

PAGE = 30
SORTS = {"distance": "greatest distance first", "name": "by name"}


@dataclass(frozen=True)
class Asked:
    """What the URL asks for.

    Attributes:
        left: name of the first statistics.
        right: name of the second.
        sort: a key of :data:`SORTS`.
        page: which page of columns, from 1.
        as_of: the snapshot that was asked for, None for now.
    """

    left: str
    right: str
    sort: str = "distance"
    page: int = 1
    as_of: int | None = None

    def address(self, **changed: str | int) -> str:
        """The address of the same with something changed."""
        usual = {"sort": "distance", "page": 1}
        query = asdict(self) | changed
        given = {name: value for name, value in query.items() if value != usual.get(name)}
        return page_address(STATISTICS, **given)


@dataclass(frozen=True)
class ChooserIds:
    """Ids of the two lists and of the order."""

    left: str
    right: str
    sort: str


def chooser(ids: ChooserIds, every: Sequence[Published], asked: Asked) -> Component:
    """Two lists of all statistics, and the order of the columns."""
    options = [{"label": published_words(each), "value": each.name} for each in every]
    swap = dcc.Link(
        "⇄ Swap",
        href=asked.address(left=asked.right, right=asked.left),
        className="btn btn-secondary cmp-swap",
    )
    order = [{"label": label, "value": name} for name, label in SORTS.items()]
    return html.Div(
        [
            _field("Compare", ids.left, options, asked.left),
            _field("with", ids.right, options, asked.right),
            _field("Columns", ids.sort, order, asked.sort),
            swap,
        ],
        className="cmp-chooser",
        role="search",
    )


def about(left: Published | None, right: Published | None) -> Component:
    """What both are: kind, source, time, rows, version."""
    cards = [_about(each, side) for each, side in ((left, "left"), (right, "right")) if each]
    return html.Div(cards, className="cmp-sides")


def columns_of(found: Sequence[Compared], sort: str) -> list[Compared]:
    """In the order that was asked for; what cannot be compared comes last."""
    if sort == "name":
        return sorted(found, key=lambda each: _natural(each.name))
    return sorted(found, key=lambda each: (each.distance is None, -(each.distance or 0.0)))


def compared(found: Sequence[Compared], asked: Asked, sides: Sides) -> Component:
    """One page of the columns."""
    ordered = columns_of(found, asked.sort)
    pages = max(1, -(-len(ordered) // PAGE))
    page = min(max(asked.page, 1), pages)
    shown = ordered[(page - 1) * PAGE : page * PAGE]
    return html.Div(
        [legend(sides), compared_rows(shown, sides), _pager(asked, page, pages, len(ordered))]
    )


def names_of(left: Published | None, right: Published | None) -> tuple[str, str]:
    """Short names of both sides: never the same."""
    names = tuple("" if each is None else short(each) for each in (left, right))
    return (f"{names[0]} (1)", f"{names[1]} (2)") if names[0] == names[1] else (names[0], names[1])


def short(each: Published) -> str:
    """What one is called in legends."""
    if each.kind in ("training", "features"):
        return f"{each.kind} of silver v{each.silver_version}"
    return each.source


def titles(profile: Profile) -> dict[str, str]:
    """What the columns of readings mean."""
    return {
        signal.name: f"{signal.symbol} · {signal.description}"
        + (f", {signal.unit}" if signal.unit else "")
        for signal in profile.signals
    }


def nothing(every: Sequence[Published], asked: Asked, problem: str = "") -> Component:
    """Why there is nothing to compare, and what there is."""
    if problem:
        return html.P(problem, className="sheet empty", role="alert")
    if not every:
        text = "Once data is ingested, the statistics of every delivery stand here side by side."
        link = dcc.Link("Ingest data", href=RUNS, className="btn btn-primary")
        return html.Section([html.P(text), link], className="sheet empty")
    known = {each.name for each in every}
    lost = [name for name in (asked.left, asked.right) if name and name not in known]
    text = f"Nobody published statistics of {' or '.join(lost)}. " if lost else ""
    text += "Choose two above: there are those of "
    return html.P(text + _what_there_is(every) + ".", className="sheet empty", role="status")


def _what_there_is(every: Sequence[Published]) -> str:
    learnt = sorted({each.silver_version or 0 for each in every if each.kind == "training"})
    came = sum(each.kind in ("history", "in_service") for each in every)
    parts = [f"{came:,} deliveries"] if came else []
    if learnt:
        parts.append("what models learnt from silver " + ", ".join(f"v{n}" for n in learnt))
    return " and ".join(parts)


def _field(label: str, id_: str, options: list[dict[str, str]], value: str) -> Component:
    known = any(option["value"] == value for option in options)
    chosen = dbc.Select(
        id=id_, options=options, value=value if known else "", placeholder="Choose statistics"
    )
    return html.Div([html.Label(label, htmlFor=id_), chosen], className="cmp-field")


def published_words(each: Published) -> str:
    """One of the statistics in a list: fleet, kind, version, source, time, rows."""
    when = minute(each.time) if each.time else ""
    version = "" if each.silver_version is None else f"silver v{each.silver_version}"
    rows = "" if each.rows is None else f"{each.rows:,} rows"
    parts = (each.fleet, KINDS.get(each.kind, each.kind), version, each.source, when, rows)
    return " · ".join(part for part in parts if part)


def _about(each: Published, side: str) -> Component:
    when = exactly(each.time) or "—"
    rows = "—" if each.rows is None else f"{each.rows:,}"
    facts = [("Fleet", each.fleet), ("Kind", KINDS.get(each.kind, each.kind)), ("Rows", rows)]
    facts += [("Published" if each.silver_version is not None else "Arrived", when)]
    if each.silver_version is not None:
        facts += [("silver/readings", f"v{each.silver_version}"), ("Taught", each.source)]
    parts = [html.Div([html.Dt(name), html.Dd(value)]) for name, value in facts]
    head = html.H2([html.Span(className=f"swatch cmp-{side}"), short(each)], title=each.name)
    return html.Section([head, html.Dl(parts)], className="sheet cmp-side")


def _pager(asked: Asked, page: int, pages: int, found: int) -> Component:
    first = (page - 1) * PAGE + 1
    text = f"{first:,}–{min(page * PAGE, found):,} of {found:,} columns"
    parts: list[Component] = [html.Span(text, className="pager-count")]
    if page > 1:
        parts.append(dcc.Link("← Nearer the top", href=asked.address(page=page - 1)))
    if page < pages:
        parts.append(dcc.Link("More columns →", href=asked.address(page=page + 1)))
    return html.Nav(parts, className="pager", **aria(label="Pages of columns"))


def _natural(name: str) -> list[tuple[int, str]]:
    """``sensor_2`` before ``sensor_11``."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in name.split("_")]
