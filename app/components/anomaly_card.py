"""One anomaly told in full: what is wrong, in which data, and what that led to."""

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import (
    anomaly_address,
    engine_address,
    limits_address,
    quality_address,
    run_address,
)
from app.components.limit_table import limit_words
from app.components.quality_words import (
    column_words,
    sentence,
    severity_badge,
    span_words,
    type_words,
)
from app.components.run_state import delivery_state
from app.components.sheet_table import Head, sheet_row, sheet_table
from app.components.times import exactly, minute
from app.queries.anomaly import Evidence, Finding, Share
from app.queries.quality import Ask
from lakehouse.profiles import Profile

Fact = tuple[str, str | Component | list[Component | str]]
_SHARES = (
    Head("Engine", "runs-cell-delivery"),
    Head("Rows", "runs-number"),
    Head("Missing", "runs-number"),
    Head("Lowest", "runs-number"),
    Head("Highest", "runs-number"),
    Head("Look at", "runs-cell-why"),
)


def anomaly_card(found: Finding, profile: Profile, as_of: int | None) -> Component:
    """Heading, sentence and facts."""
    anomaly = found.anomaly
    words = type_words(anomaly.type)
    where = column_words(anomaly.column, profile) if anomaly.column else None
    title = f"{words[:1].upper()}{words[1:]}" + (f": {where}" if where else "")
    return html.Section(
        [
            html.Div([html.H2(title), severity_badge(anomaly.severity)], className="run-title"),
            html.P(sentence(anomaly.detail, where), className="quality-verdict"),
            html.Dl([_fact(*fact) for fact in _facts(found, profile, as_of)]),
        ],
        className="quality-card quality-blocked" if anomaly.blocks else "quality-card",
    )


def share_table(found: Finding, evidence: Evidence, as_of: int | None) -> list[Component]:
    """The engines that an anomaly of several is about, the worst first; nothing for one engine."""
    if not evidence.shares:
        return []
    name = found.anomaly.anomaly_id
    rows = [
        sheet_row(_SHARES, _share(share, found, share.engine == evidence.engine, (name, as_of)))
        for share in evidence.shares
    ]
    more = evidence.engines - len(evidence.shares)
    hint = f"It is about {evidence.engines:,} engines of the delivery"
    hint += f"; the {len(evidence.shares)} furthest from the others." if more > 0 else "."
    return [
        html.H2("Engines"),
        html.P(hint, className="run-hint"),
        sheet_table("Engines", _SHARES, rows),
    ]


def _facts(found: Finding, profile: Profile, as_of: int | None) -> list[Fact]:
    anomaly = found.anomaly
    version = "" if anomaly.table_version is None else f" v{anomaly.table_version}"
    facts: list[Fact] = [
        ("Type", html.Code(anomaly.type)),
        ("Column", _column(found, profile)),
        ("Engine", _engine(found, as_of)),
        ("Cycles", span_words(anomaly.span)),
        ("Looked at", html.Code(f"{anomaly.table}{version}")),
        ("Delivery", _delivery(found, as_of)),
        ("Run", dcc.Link(anomaly.run_id, href=run_address(anomaly.run_id))),
        ("Found", exactly(anomaly.found_at) or "—"),
    ]
    if found.limit is not None:
        facts.append(("Limit", _limit(found, profile, as_of)))
    return facts


def _column(found: Finding, profile: Profile) -> str:
    signals = {signal.name: signal for signal in profile.signals}
    signal = signals.get(found.anomaly.column or "")
    if signal is None:
        return found.anomaly.column or "the row, or all columns"
    return f"{signal.name}, {signal.symbol}: {signal.description}"


def _engine(found: Finding, as_of: int | None) -> Component | str:
    anomaly = found.anomaly
    if anomaly.engine is None:
        return f"several of {anomaly.fleet}"
    name = f"{anomaly.fleet}/{anomaly.engine}"
    return dcc.Link(name, href=engine_address(anomaly.fleet, anomaly.engine, as_of))


def _delivery(found: Finding, as_of: int | None) -> str | list[Component | str]:
    if found.delivery is None:
        return found.anomaly.delivery_id or "—"
    href = quality_address(Ask(delivery=found.delivery.delivery_id), as_of)
    link = dcc.Link(found.delivery.name, href=href, title=found.delivery.source)
    return [link, " ", delivery_state(found.delivery.state)]


def _limit(found: Finding, profile: Profile, as_of: int | None) -> list[Component | str]:
    limit = found.limit
    if limit is None:
        return []
    units = {signal.name: signal.unit for signal in profile.signals}
    words = limit_words(limit, units.get(limit.sensor, ""))
    where = f" at {limit.regime}" if limit.regime else ""
    said = f"{words}{where}, set by {limit.author} on {minute(limit.valid_from)}: "
    link = dcc.Link("limits", href=limits_address(limit.fleet, limit.limit_id, as_of))
    return [said, f"“{limit.reason}” (", link, ")"]


def _share(
    share: Share, found: Finding, shown: bool, named: tuple[str, int | None]
) -> list[str | Component | None]:
    name, as_of = named
    low, high = (None if v is None else f"{v:.6g}" for v in (share.low, share.high))
    fleet = found.anomaly.fleet
    rows = dcc.Link("its rows", href=anomaly_address(name, as_of, share.engine))
    return [
        dcc.Link(share.engine, href=engine_address(fleet, share.engine, as_of)),
        f"{share.rows:,}",
        f"{share.missing:,}",
        low or "—",
        high or "—",
        "shown below" if shown else rows,
    ]


def _fact(name: str, value: str | Component | list[Component | str]) -> Component:
    return html.Div([html.Dt(name), html.Dd(value)])
