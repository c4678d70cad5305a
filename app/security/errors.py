"""What a refused or failed request is answered with: one sentence and the request's number."""

import logging
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import (
    BadRequest,
    Forbidden,
    HTTPException,
    InternalServerError,
    MethodNotAllowed,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)

from app.security import request_id
from app.security.roles import Refused
from lakehouse.audit import AuditError, AuditLog, Event, Outcome

_LOG = logging.getLogger(__name__)
_API = "/api/"
_EXPIRED = "This form was too old, or came from elsewhere. Load the page again and repeat it."


@dataclass(frozen=True)
class Details:
    """Why a request was refused, and what to do: the problem details of RFC 9457."""

    title: str
    status: int
    code: str
    detail: str
    request_id: str


_READING = ("GET", "HEAD", "OPTIONS")


class Forged(BadRequest):
    """A request that no page would send."""


class Problem(Exception):
    """Why a request to the read API is refused, and what to do; answered as RFC 9457 has it.

    Args:
        status: the HTTP status.
        code: names the problem for programs.
        detail: says it for people.
        headers: further headers of the answer.
    """

    def __init__(
        self, status: int, code: str, detail: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.headers = dict(headers or {})


def register(server: Flask, audit: AuditLog) -> None:
    """Answer every error of ``server`` in one way.

    What is refused a signed-in user, or fails while it may change something, is audited.
    """

    @server.errorhandler(HTTPException)
    def explain(error: HTTPException) -> ResponseReturnValue:
        if isinstance(error, CSRFError | Forbidden | Forged | UnsupportedMediaType) or (
            isinstance(error, MethodNotAllowed | RequestEntityTooLarge)
            and request.method not in _READING
        ):
            _write_down(audit, "refused", error.description or "")
        if isinstance(error, InternalServerError) and request.method != "GET":
            # It failed already, and the server's log says so, whatever becomes of this entry.
            with suppress(AuditError):
                _write_down(audit, "failed", type(error.original_exception).__name__)
        response = answer(error.code or 500, _words(error))
        if isinstance(error, MethodNotAllowed):
            response.allow.update(error.valid_methods or ())
        return response

    server.register_error_handler(Problem, details)

    @server.errorhandler(Refused)
    def refuse(error: Refused) -> ResponseReturnValue:
        return answer(403, f"{str(error).capitalize()}.")

    @server.errorhandler(AuditError)
    def hold(error: AuditError) -> ResponseReturnValue:
        _LOG.error("request %s: %s", request_id(), error)
        return answer(503, "This cannot be written to the audit log, so it was not done.")


def answer(code: int, text: str) -> Response:
    """One sentence as a page for a form, as JSON for everything else."""
    if is_api():
        name = HTTPStatus(code).phrase.lower().replace(" ", "_")
        return details(Problem(code, name, text))
    if request.method == "GET" or request.mimetype != "application/x-www-form-urlencoded":
        response = jsonify(error=text, request_id=request_id())
    else:
        response = Response(render_template("problem.html", text=text, request_id=request_id()))
    response.status_code = code
    return response


def is_api() -> bool:
    """Whether the request is one to the read API."""
    return f"{request.path}/".startswith(_API)


def details(problem: Problem) -> Response:
    """The answer to a request to the read API that is refused."""
    title = HTTPStatus(problem.status).phrase
    told = Details(title, problem.status, problem.code, str(problem), request_id())
    response = jsonify(told)
    response.status_code = problem.status
    response.mimetype = "application/problem+json"
    response.headers.update(problem.headers)
    return response


def _words(error: HTTPException) -> str:
    if isinstance(error, CSRFError):
        return _EXPIRED
    if isinstance(error, InternalServerError):
        return "Something went wrong here. What was shown before still holds."
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        methods = ", ".join(sorted(error.valid_methods))
        return f"This address does not take {request.method}, but {methods}."
    return error.description or error.name


def _write_down(audit: AuditLog, outcome: Outcome, reason: str) -> None:
    user = g.get("user")
    if user is not None:
        asked = f"{request.method} {request.path}"
        audit.append(Event(user.name, user.role, "ask", asked, outcome, reason, request_id()))
