"""The filter over the audit log; what is chosen stands in the URL."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import audit_address
from app.components.filter_fields import given, select_field, text_field
from app.queries.audit import Ask, AuditPage

_WHEN = "2026-11-20"
_TEXTS = (
    ("since", "From (UTC)", _WHEN),
    ("until", "To (UTC)", _WHEN),
    ("object", "Object contains", "All"),
    ("request_id", "Request", "All"),
)
_CHOICES = (("actor", "Who"), ("role", "Role"), ("action", "Action"), ("outcome", "Outcome"))


class Ids(StrEnum):
    """Ids of the filter; its fields carry the name that they have in the URL."""

    FIELD = "audit-filter"
    ASK = "audit-ask"
    GO = "audit-go"


def field_id(name: Any) -> dict[str, Any]:
    """Id of the field of one name, or of the fields of all."""
    return {"type": Ids.FIELD, "name": name}


def audit_filter(page: AuditPage, as_of: int | None) -> Component:
    """The fields, and what clears them."""
    asked = page.ask.selection
    known = page.choices or {}
    fields = [
        select_field(
            field_id(name), label, [(each, each) for each in known.get(name, ())],
            getattr(asked, name),
        )
        for name, label in _CHOICES
    ]  # fmt: skip
    fields += [
        text_field(field_id(name), label, getattr(asked, name), hint)
        for name, label, hint in _TEXTS
    ]
    clear = dcc.Link("Clear", href=audit_address({}, as_of), className="quality-clear")
    stores = [dcc.Store(id=Ids.ASK, data={"asked": page.ask.to(), "as_of": as_of})]
    go = dcc.Location(id=Ids.GO, refresh="callback-nav")
    parts = [*stores, go, *fields, *([clear] if asked.asked else [])]
    return html.Div(parts, className="quality-filter audit-filter", role="search")


def filtered(drawn: Mapping[str, Any], fields: Mapping[str, str | None]) -> str | None:
    """Address of what the fields ask for, None when the page shows that already."""
    before = Ask.of(drawn["asked"])
    after = Ask.of({name: given(value) for name, value in fields.items()})
    if before.selection == after.selection:
        return None
    return audit_address(after.to(), drawn.get("as_of"))
