"""The filter over the anomalies; what is chosen stands in the URL."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import quality_address
from app.components.filter_fields import given, select_field, text_field
from app.components.quality_words import column_words, type_words
from app.queries.quality import Ask, QualityPage
from lakehouse.profiles import Profile


class Ids(StrEnum):
    """Ids of the filter; its fields carry the name that they have in the URL."""

    FIELD = "quality-filter"
    ASK = "quality-ask"
    GO = "quality-go"


def field_id(name: Any) -> dict[str, Any]:
    """Id of the field of one name, or of the fields of all."""
    return {"type": Ids.FIELD, "name": name}


def quality_filter(page: QualityPage, profile: Profile, as_of: int | None) -> Component:
    """Fields of fleet, severity, type, column and engine, and what clears them."""
    ask = page.ask
    fleets = [(name, name) for name in page.fleets]
    severities = [("error", "▲ error"), ("warning", "◆ warning")]
    types = [(name, type_words(name)) for name in page.types]
    columns = [(name or "-", column_words(name, profile)) for name in page.columns]
    fields = [
        select_field(field_id("fleet"), "Fleet", fleets, ask.fleet),
        select_field(field_id("severity"), "Severity", severities, ask.severity),
        select_field(field_id("type"), "Type", types, ask.type),
        select_field(field_id("column"), "Column", columns, ask.column),
        text_field(field_id("engine"), "Engine", ask.engine),
    ]
    clear = [_clear(ask, as_of)] if chosen(ask) else []
    stores = [dcc.Store(id=Ids.ASK, data={**ask.to(), "as_of": as_of})]
    go = dcc.Location(id=Ids.GO, refresh="callback-nav")
    return html.Div([*stores, go, *fields, *clear], className="quality-filter", role="search")


def chosen(ask: Ask) -> bool:
    """Whether anything narrows the anomalies."""
    return any((ask.fleet, ask.severity, ask.type, ask.column, ask.engine))


def filtered(asked: Mapping[str, Any], fields: Mapping[str, str | None]) -> str | None:
    """Address of what the fields ask for, None when the page shows that already."""
    query = {name: str(value) for name, value in asked.items() if name != "as_of"}
    before = Ask.of(query)
    after = Ask.of(query | {name: given(value) for name, value in fields.items()})
    if before == after:
        return None
    return quality_address(after, asked.get("as_of"), page=1)


def _clear(ask: Ask, as_of: int | None) -> Component:
    none = {"fleet": "", "severity": "", "type": "", "column": "", "engine": ""}
    return dcc.Link("Clear", href=quality_address(ask, as_of, **none), className="quality-clear")
