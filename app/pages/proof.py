"""The proof of one prediction: the sentence, then every link behind it down to the file."""

import logging
from enum import StrEnum
from typing import Any

from dash import Dash, Input, Output, dcc, html
from dash.development.base_component import Component
from polars.exceptions import PanicException

from app.components.addresses import PROOF, engine_address, lineage_address
from app.components.aria import aria
from app.components.proof_view import proof_chain, waiting
from app.components.states import missing
from app.pages import PageRequest
from app.queries.proof import Ask, proof, said
from app.security import request_id
from app.security.roles import Action, allowed
from app.services import Services
from lakehouse.proof import Said, sentence

PATH = "/proof/<fleet>/<engine>/<cycle>"
TITLE = "Proof"
NAV = None
_LOG = logging.getLogger(__name__)


class Ids(StrEnum):
    """Ids of this page."""

    ASK = "proof-ask"
    CHAIN = "proof-chain"


def layout(services: Services, request: PageRequest) -> Component:
    """What was said, at once; its links follow when they have been looked at."""
    fleet, engine, cycle = (request.path[name] for name in ("fleet", "engine", "cycle"))
    back = engine_address(fleet, engine, request.as_of)
    if not cycle.isdecimal() or len(cycle) > 15:
        return missing(f"{cycle[:40]} is no cycle.", "See the engine", back)
    ask = Ask(fleet, engine, int(cycle), request.query.get("run", ""))
    found, broken = _found(services, ask, request.as_of)
    if found is None and not broken:
        text = f"Nothing was issued of {fleet}/{engine} at cycle {cycle}."
        return missing(text, "See the engine", back)
    # A later promotion says something else of the same cycle: the chain is of what is shown.
    run_id = found.run_id if found else ask.run_id
    asked = {"fleet": fleet, "engine": engine, "cycle": ask.cycle, "run_id": run_id}
    return html.Div(
        [
            dcc.Store(id=Ids.ASK, data=asked),
            *_head(services, request, ask, found),
            html.Div(waiting(), id=Ids.CHAIN, className="tbl-part", **aria(live="polite")),
        ],
        className="tbl-page proof-page",
    )


def register(app: Dash, services: Services) -> None:
    """Register the page's callback."""

    @app.callback(Output(Ids.CHAIN, "children"), Input(Ids.ASK, "data"))
    def show_chain(asked: dict[str, Any]) -> list[Component]:
        return proof_chain(proof(services, Ask(**asked)))


def _found(services: Services, ask: Ask, as_of: int | None) -> tuple[Said | None, bool]:
    """What was said, and whether the predictions cannot be read: then the chain tells why."""
    try:
        return said(services.pinned(as_of), ask), False
    # A file that polars cannot read ends in a panic, which is no Exception.
    except (Exception, PanicException):
        _LOG.exception("request %s: the predictions cannot be read", request_id())
        return None, True


def _head(
    services: Services, request: PageRequest, ask: Ask, found: Said | None
) -> list[Component]:
    back = engine_address(ask.fleet, ask.engine, request.as_of)
    crumb = html.Nav(
        [dcc.Link(f"Engine {ask.engine}", href=back), html.Span(" / proof")],
        className="crumb",
        **aria(label="Where"),
    )
    name = f"{ask.fleet}/{ask.engine}@{ask.cycle}"
    links = [dcc.Link("Lineage", href=lineage_address(name, request.as_of))]
    if allowed(request.role, Action.VERIFY):
        links.append(dcc.Link("Verify a sample", href=PROOF))
    parts = [html.H1(f"Proof of {name}"), html.Div(links, className="proof-links")]
    title = html.Div(parts, className="tbl-title")
    words = sentence(found, services.profile) if found else "What was said cannot be read."
    return [crumb, title, html.P(words, className="sentence")]
