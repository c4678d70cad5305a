"""The read API: tables of the lake at any version, for programs."""

from collections.abc import Callable
from math import ceil
from typing import Any

import orjson
from flask import Blueprint, Response, request

from app.api.v1.exporting import Slots
from app.api.v1.openapi import document
from app.api.v1.operations import TABLE_OPERATIONS, Context, Operation
from app.api.v1.parameters import Query, parsed
from app.queries.read_api import UnavailableError
from app.security import asker, current_user
from app.security.errors import Problem, details
from app.security.roles import Action, require
from app.security.throttle import Pace
from app.services import Services
from lakehouse.diffs import DiffError, LargeDiffError
from lakehouse.export import DamagedError, GoneError, NotThereError, SelectionError

DOCUMENT = Operation(
    name="read_openapi",
    path="/api/v1/openapi.json",
    summary="This document",
    query=Query,
    view=lambda *_: _document(),
    answer=dict[str, Any],
)
OPERATIONS = (*TABLE_OPERATIONS, DOCUMENT)
_STATUS: dict[type[Exception], tuple[int, str]] = {
    SelectionError: (400, "bad_parameter"),
    NotThereError: (404, "not_there"),
    GoneError: (410, "gone"),
    DamagedError: (500, "damaged"),
    UnavailableError: (503, "unavailable"),
    DiffError: (422, "not_comparable"),
    LargeDiffError: (422, "too_much"),
}


def blueprint(services: Services) -> Blueprint:
    """``GET /api/v1/…``; the rest of ``/api`` says that there is nothing."""
    routes = Blueprint("api_v1", __name__)
    context = Context(services, Slots(services.settings.web))
    pace = Pace(services.settings.web.api_per_minute)

    @routes.before_request
    def admit() -> None:
        require(current_user(), Action.SEE, services.audit, request.endpoint or "")
        wait = ceil(pace.wait(asker()))
        if wait:
            told = f"Too many requests a minute: wait {wait} s."
            raise Problem(429, "too_many_requests", told, {"Retry-After": str(wait)})

    for operation in OPERATIONS:
        routes.add_url_rule(operation.path, operation.name, _answering(context, operation))
    for path in ("/api/", "/api/<path:rest>"):
        routes.add_url_rule(path, "nothing", _nothing, strict_slashes=False)
    for error, (status, code) in _STATUS.items():
        routes.register_error_handler(error, _explaining(status, code))
    return routes


def _answering(context: Context, operation: Operation) -> Callable[..., Response]:
    def answer(layer: str = "", table: str = "") -> Response:
        query = parsed(operation.query, request.args)
        found = operation.view(context, f"{layer}/{table}", query)
        if isinstance(found, Response):
            return found
        body = orjson.dumps(found, option=orjson.OPT_UTC_Z)
        return Response(body, mimetype="application/json")

    return answer


def _explaining(status: int, code: str) -> Callable[[Exception], Response]:
    def explain(error: Exception) -> Response:
        return details(Problem(status, code, f"{error}."))

    return explain


def _nothing(rest: str = "") -> Response:
    told = f"There is nothing at /api/{rest[:100]}; {DOCUMENT.path} says what there is."
    raise Problem(404, "not_there", told)


def _document() -> dict[str, Any]:
    return document(OPERATIONS)
