"""One schema as the file that TFX reads."""

import re

from flask import Blueprint, Response, jsonify
from flask.typing import ResponseReturnValue

from app.queries.schemas import text_of
from app.security import current_user
from app.security.roles import Action, require
from app.services import Services

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


def blueprint(services: Services) -> Blueprint:
    """``GET /quality/schema/<id>/schema.pbtxt``."""
    routes = Blueprint("schema_file", __name__)

    @routes.get("/quality/schema/<schema_id>/schema.pbtxt")
    def download(schema_id: str) -> ResponseReturnValue:
        require(current_user(), Action.SEE, services.audit, schema_id[:64])
        text = text_of(services.pinned(), schema_id)
        if text is None:
            return jsonify(error="there is no such schema"), 404
        response = Response(text, mimetype="text/plain")
        name = f"{_UNSAFE.sub('_', schema_id)}.schema.pbtxt"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response

    return routes
