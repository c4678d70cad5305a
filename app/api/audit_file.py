"""The audit log as a file, as much of it as fits a filter."""

from typing import get_args

from flask import Blueprint, Response, abort, jsonify, request
from flask.typing import ResponseReturnValue

from app.queries.as_of import asked
from app.queries.audit import Ask, fitting
from app.security import current_user
from app.security.roles import Action, acting
from app.services import Services
from lakehouse.audit.files import Format, chunks
from lakehouse.audit.selection import SelectionError
from lakehouse.clock import now

_TYPES: dict[Format, str] = {"jsonl": "application/jsonl", "csv": "text/csv"}


def blueprint(services: Services) -> Blueprint:
    """``GET /audit/log.jsonl`` and ``GET /audit/log.csv``; the query is that of the page.

    Each export is itself an entry of the log.
    """
    routes = Blueprint("audit_file", __name__)

    @routes.get("/audit/log.<form>")
    def download(form: str) -> ResponseReturnValue:
        chosen: Format | None = next((each for each in get_args(Format) if each == form), None)
        if chosen is None:
            abort(404)
        ask, as_of = Ask.of(request.args), asked(request.args.get("as_of", ""))
        told = {**ask.selection.asked, **({} if as_of is None else {"as_of": as_of})}
        try:
            with acting(
                current_user(), Action.READ_AUDIT, services.audit, f"log.{form}", told or None
            ):
                until = None if as_of is None else services.pinned(as_of).snapshot.time
                found = fitting(ask, services.audit.read(), until)
        except (SelectionError, LookupError) as error:
            return jsonify(error=str(error)), 400
        response = Response(chunks(found, chosen), mimetype=_TYPES[chosen])
        name = f"audit-{now():%Y%m%dT%H%M%SZ}.{chosen}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    return routes
