"""All evidence of a prediction or a model as one file."""

import re
from collections.abc import Iterator
from hashlib import file_digest
from os import SEEK_END
from tempfile import TemporaryFile
from typing import IO

from flask import Blueprint, Response, jsonify, request
from flask.typing import ResponseReturnValue

from app.security import current_user
from app.security.roles import Action, acting, require
from app.services import Services

LONGEST = 300
_BLOCK = 1 << 20
_ODD = re.compile(r"[^A-Za-z0-9._-]+")


def blueprint(services: Services) -> Blueprint:
    """``GET /audit/evidence.zip?of=…``: of ``FLEET/ENGINE@CYCLE`` or of a model's id.

    The audit log notes the sha256 of each bundle that was handed out.
    """
    routes = Blueprint("evidence_file", __name__)

    @routes.get("/audit/evidence.zip")
    def download() -> ResponseReturnValue:
        # The metadata store's library is loaded by who asks for evidence, not at the start.
        from lakehouse.bundle import Sources, StartError, StoreError, make_bundle

        name, user = request.args.get("of", "").strip()[:LONGEST], current_user()
        require(user, Action.READ_AUDIT, services.audit, f"bundle {name}")
        sources = Sources(services.settings, services.lake, services.profile)
        content = TemporaryFile()  # noqa: SIM115  (it is sent after this function has ended)
        try:
            make_bundle(sources, name, content)
        except StartError as error:
            content.close()
            return jsonify(error=f"{error}"), 404
        except StoreError as error:
            content.close()
            return jsonify(error=f"{error}"), 503
        size = content.seek(0, SEEK_END)
        content.seek(0)
        told = {"sha256": file_digest(content, "sha256").hexdigest()}
        with acting(user, Action.READ_AUDIT, services.audit, f"bundle {name}", told):
            response = Response(_read(content), mimetype="application/zip")
        response.headers["Content-Length"] = str(size)
        target = f"evidence-{_ODD.sub('-', name)}.zip"
        response.headers["Content-Disposition"] = f'attachment; filename="{target}"'
        return response

    return routes


def _read(content: IO[bytes]) -> Iterator[bytes]:
    with content:
        content.seek(0)
        while block := content.read(_BLOCK):
            yield block
