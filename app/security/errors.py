"""What a refused or failed request is answered with: one sentence and the request's number."""

import logging

from flask import Flask, Response, g, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import Forbidden, HTTPException, InternalServerError

from app.security import request_id
from app.security.roles import Refused
from lakehouse.audit import AuditError, AuditLog, Event

_LOG = logging.getLogger(__name__)
_EXPIRED = "This form was too old, or came from elsewhere. Load the page again and repeat it."


def register(server: Flask, audit: AuditLog) -> None:
    """Answer every error of ``server`` in one way; refusals of a signed-in user are audited."""

    @server.errorhandler(HTTPException)
    def explain(error: HTTPException) -> ResponseReturnValue:
        if isinstance(error, CSRFError | Forbidden):
            _write_down(audit, error.description or "")
        text = _EXPIRED if isinstance(error, CSRFError) else error.description or error.name
        if isinstance(error, InternalServerError):
            text = "Something went wrong here. What was shown before still holds."
        return answer(error.code or 500, text)

    @server.errorhandler(Refused)
    def refuse(error: Refused) -> ResponseReturnValue:
        return answer(403, f"{str(error).capitalize()}.")

    @server.errorhandler(AuditError)
    def hold(error: AuditError) -> ResponseReturnValue:
        _LOG.error("request %s: %s", request_id(), error)
        return answer(503, "This cannot be written to the audit log, so it was not done.")


def answer(code: int, text: str) -> Response:
    """One sentence as a page for a form, as JSON for everything else."""
    if request.method == "GET" or request.mimetype != "application/x-www-form-urlencoded":
        response = jsonify(error=text, request_id=request_id())
    else:
        response = Response(render_template("problem.html", text=text, request_id=request_id()))
    response.status_code = code
    return response


def _write_down(audit: AuditLog, reason: str) -> None:
    user = g.get("user")
    if user is not None:
        asked = f"{request.method} {request.path}"
        audit.append(Event(user.name, user.role, "ask", asked, "refused", reason, request_id()))
