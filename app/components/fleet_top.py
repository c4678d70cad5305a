"""What stands over the fleet's table: title, stamp, what is wrong with it, key figures."""

from dataclasses import dataclass
from datetime import datetime

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import (
    RUNS,
    model_address,
    quality_address,
    run_address,
    table_address,
)
from app.components.delivery_table import why
from app.components.kpi import Kpi, kpi_row
from app.components.numbers import counted
from app.components.stamp import Part, stamp
from app.components.times import exactly, said_ago
from app.queries.deliveries import Blocked
from app.queries.fleet import FleetPage
from app.queries.held import Held
from app.queries.quality import Ask
from lakehouse.profiles import Profile
from lakehouse.snapshots import Pinned


@dataclass(frozen=True)
class Over:
    """All that stands over the table.

    Attributes:
        as_of: the snapshot that was asked for, None for now.
        training: run that trains the fleet's first model just now, empty for none.
    """

    page: FleetPage
    held: Held
    pinned: Pinned
    profile: Profile
    now: datetime
    as_of: int | None = None
    training: str = ""


def fleet_top(over: Over) -> Component:
    """Title, stamp, notices and key figures of one fleet."""
    title = html.H1(f"Fleet {over.page.ask.fleet}")
    head = html.Div([title, _stamp(over)], className="page-head")
    return html.Div([head, *_notices(over), kpi_row(_figures(over))], className="fleet-over")


def no_fleet(blocked: Blocked | None = None, as_of: int | None = None) -> Component:
    """What stands here before the first ingest that went in."""
    text = "There are no engines yet. Once data is ingested, every engine in service stands "
    text += "here, the one whose failure window opens first on top."
    link = dcc.Link("Ingest data", href=RUNS, className="btn btn-primary")
    if blocked is not None:
        text = f"There are no engines yet: {blocked.newest.name} is blocked, because "
        text += f"{why(blocked.newest).rstrip('.')}. Somebody has to decide about it."
        href = quality_address(Ask(delivery=blocked.newest.delivery_id), as_of)
        link = dcc.Link("See what is blocked", href=href, className="btn btn-primary")
    return html.Section([html.H1("Fleet"), html.P(text), link], className="sheet empty")


def no_match(page: FleetPage) -> Component:
    """What stands in the table's place when nothing matches."""
    text = "No engine matches. Clear the search or choose all states."
    if not page.in_service and not page.ask.state and not page.ask.text:
        text = "No engine is in service yet; those that have failed are under the state failed."
    return html.P(text, className="no-match")


def _stamp(over: Over) -> Component:
    page = over.page
    parts = [Part("snapshot", str(over.pinned.snapshot.seq))]
    if page.model_id:
        parts = [
            _table(over, "predictions"),
            Part("model", page.model_id, href=model_address(page.model_id, over.as_of)),
            _table(over, "features"),
            Part("scored", said_ago(page.scored_at, over.now), hint=exactly(page.scored_at)),
            *parts,
        ]
    return stamp(parts)


def _table(over: Over, name: str) -> Part:
    """The version of a gold table, and the way to it."""
    table = f"gold/{name}"
    version = over.pinned.version(table)
    if version is None:
        return Part(name, "—")
    return Part(name, f"v{version}", href=table_address(table, version, over.as_of))


def _notices(over: Over) -> list[Component]:
    found: list[Component] = []
    if over.page.blocked is not None:
        found.append(_notice(_blocked(over, over.page.blocked), "notice blocked"))
    if over.page.stale:
        since = said_ago(over.page.received_at, over.now)
        days = over.profile.stale_after.days
        text = f" The newest delivery came {since}; after {days} days without one, what stands "
        text += "here is what was true then."
        found.append(_notice([html.Strong("Stale."), text], "notice stale"))
    if not over.page.model_id:
        found.append(_notice(_no_model(over), "notice"))
    return found


def _blocked(over: Over, blocked: Blocked) -> list[Component | str]:
    """What waits, why, and of when that is what stands here nevertheless."""
    one = blocked.count == 1
    many = f"{counted(blocked.count, 'delivery')} {'is' if one else 'are'}"
    link = dcc.Link("decide" if one else "see them", href=_waiting(over, blocked))
    seq, time = over.pinned.snapshot.seq, exactly(over.page.received_at)
    return [
        html.Strong(f"▲ {many} blocked: "),
        f"{why(blocked.newest).rstrip('.')}. What is shown is of {time}, the newest delivery "
        f"that was let in (snapshot {seq}). To change that, ",
        link,
        ".",
    ]


def _waiting(over: Over, blocked: Blocked) -> str:
    fleet = over.page.ask.fleet
    if blocked.count > 1:
        return quality_address(Ask(fleet=fleet, state="blocked"), over.as_of)
    return quality_address(Ask(fleet=fleet, delivery=blocked.newest.delivery_id), over.as_of)


def _no_model(over: Over) -> list[Component | str]:
    if over.training:
        link = dcc.Link("follow the training", href=run_address(over.training))
        return ["No model is live for this fleet yet. One is being trained: ", link, "."]
    link = dcc.Link("retrain", href=RUNS)
    return ["No model is live for this fleet yet, so no window is shown. To get one, ", link, "."]


def _notice(words: list[Component | str], kind: str) -> Component:
    return html.P(words, className=kind, role="status")


def _figures(over: Over) -> list[Kpi]:
    counts, profile = over.page.counts, over.profile
    act, watch = counts.get("act", 0), counts.get("watch", 0)
    scored = bool(over.page.model_id)
    likely = f"likely within {profile.label_cycles} cycles"
    opens = f"window opens within {profile.watch_cycles}"
    return [
        Kpi("Need action", f"{act:,}" if scored else "—", likely, tone="act" if act else ""),
        Kpi("Watch", f"{watch:,}" if scored else "—", opens, tone="watch" if watch else ""),
        Kpi("In service", f"{over.page.in_service:,}", f"{counts.get('failed', 0):,} have failed"),
        _next(over.page),
        _held(over.held, profile),
    ]


def _next(page: FleetPage) -> Kpi:
    label, row = "Next window opens", page.next_engine
    if row is None or row.opens is None:
        return Kpi(label, "—", "no window yet")
    if row.opens <= 0:
        return Kpi(label, "now", row.engine)
    return Kpi(label, f"{row.opens}", row.engine, "cycle" if row.opens == 1 else "cycles")


def _held(held: Held, profile: Profile) -> Kpi:
    label, nominal = "Windows that held", f"nominal {100 * profile.coverage:.0f} %"
    if held.share is None:
        return Kpi(label, "—", f"{nominal}, none tested yet")
    over = f"{held.windows:,} over {counted(held.engines, 'failure')}"
    return Kpi(label, f"{100 * held.share:.0f} %", f"{nominal}, {over}")
