"""What a run made of a person's word about rows or a model, in words."""

from collections.abc import Mapping
from typing import Any

from dash import dcc
from dash.development.base_component import Component

from app.components.addresses import engine_address, fleet_address, model_address

Words = list[Component | str]
_DONE = {"correct": "corrected", "withdraw": "withdrawn", "retract": "taken back"}


def corrected(result: Mapping[str, Any]) -> Words:
    """The correction, with a link to its engine."""
    told = result.get("correction") or {}
    fleet, engine = str(told.get("fleet")), str(told.get("engine"))
    first, last = told.get("first_cycle"), told.get("last_cycle")
    where = f"cycle {first}" if first == last else f"cycles {first} to {last}"
    done = _DONE.get(str(told.get("action")), "")
    words = f"{where.capitalize()} {done} as {told.get('correction_id')}: "
    return [words, dcc.Link(f"{fleet}/{engine}", href=engine_address(fleet, engine)), "."]


def restored(result: Mapping[str, Any]) -> Words:
    """What was restored, and what was decided anew for that."""
    told = result.get("restored") or {}
    states = told.get("deliveries") or {}
    parts = [f"{name} is {state}" for name, state in states.items()]
    decided = f" Decided anew: {', '.join(parts)}." if parts else ""
    what = f"{told.get('table')} is what it was at version {told.get('version')}"
    return [f"{what}: {told.get('engines'):,} engines changed.{decided}"]


def promoted(result: Mapping[str, Any]) -> Words:
    """The model that is live now and the one that it took the place of."""
    told = result.get("promoted") or {}
    fleet, model, before = (str(told.get(name) or "") for name in ("fleet", "model_id", "replaces"))
    done = " is live again for " if told.get("roll_back") else " is live for "
    words: Words = [_model(model), done, dcc.Link(fleet, href=fleet_address(fleet))]
    if before:
        words += [" in the place of ", _model(before)]
    return [*words, "."]


def _model(model_id: str) -> Component:
    link: Component = dcc.Link(model_id, href=model_address(model_id))
    return link
