"""The log of one run as a text file."""

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy.exc import SQLAlchemyError

from app.components.run_log import log_text
from app.security import current_user
from app.security.roles import Action, require
from app.services import Services
from lakehouse.runs import RunError

MOST_LINES = 100_000


def blueprint(services: Services) -> Blueprint:
    """``GET /runs/<id>/log.txt``."""
    routes = Blueprint("run_log", __name__)

    @routes.get("/runs/<run_id>/log.txt")
    def download(run_id: str) -> ResponseReturnValue:
        require(current_user(), Action.SEE, services.audit, run_id[:64])
        try:
            run = services.runs.run(run_id)
        except RunError as error:
            return jsonify(error=str(error)), 404
        except SQLAlchemyError:
            return jsonify(error="the run records do not answer just now"), 503
        text = log_text(services.runs.log(run.run_id, MOST_LINES))
        response = Response(text, mimetype="text/plain")
        response.headers["Content-Disposition"] = f'attachment; filename="{run.run_id}.log.txt"'
        return response

    return routes
