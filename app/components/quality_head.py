"""What stands over the data quality pages: title, stamp, tabs, what is blocked or newer."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import RUNS, quality_address
from app.components.numbers import counted
from app.components.quality_nav import quality_nav
from app.components.stamp import Part, stamp
from app.queries.quality import Ask
from lakehouse.snapshots import Pinned

TITLE = "Data quality"
_TABLES = ("bronze/deliveries", "quality/anomalies")


def quality_head(pinned: Pinned, here: str, fleet: str, as_of: int | None) -> list[Component]:
    """Title with what the page was drawn from, and the tabs."""
    parts = [Part("snapshot", str(pinned.snapshot.seq))]
    versions = [(table, pinned.version(table)) for table in _TABLES]
    parts += [Part(table, f"v{version}") for table, version in versions if version is not None]
    head = html.Div([html.H1(TITLE), stamp(parts)], className="page-head")
    return [head, quality_nav(here, fleet, as_of)]


def blocked_notice(count: int, ask: Ask, as_of: int | None) -> list[Component]:
    """That deliveries wait for a decision, and the way to them; nothing when none do."""
    if not count or ask.state == "blocked" or ask.delivery:
        return []
    link = dcc.Link("See what is blocked", href=quality_address(ask, as_of, state="blocked"))
    verb, them = ("is", "it") if count == 1 else ("are", "them")
    words: list[Component | str] = [
        html.Strong(f"▲ {counted(count, 'delivery')} {verb} blocked. "),
        f"Nothing of {them} is in silver until somebody decides. ",
        link,
        ".",
    ]
    return [html.P(words, className="notice quality-blocked", role="status")]


def nothing_yet() -> Component:
    """What stands here before the first delivery."""
    return html.Section(
        [
            html.H2("Nothing was delivered yet"),
            html.P(
                "Every delivery is looked at before it goes on: its schema, its distributions and "
                "the time series of every engine. The verdicts and what was found stand here."
            ),
            dcc.Link("Ingest data", href=RUNS, className="btn btn-primary"),
        ],
        className="sheet empty",
    )


def newer(seq: int, drawn: int, address: str) -> Component | None:
    """That the page shows an older state than there is; None while it does not."""
    if seq == drawn:
        return None
    link = html.A("Show it", href=address)
    words = f"Snapshot {seq} is there; what stands here is snapshot {drawn}. "
    return html.P([words, link, "."], className="notice stale", role="status")
