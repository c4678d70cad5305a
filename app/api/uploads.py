"""Uploads: one file a request, as raw bytes, so that nothing is decoded or parsed here."""

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, UnsupportedMediaType

from app.launcher import Launcher, LaunchUnavailableError
from app.security import current_user
from app.services import Services
from app.uploads import UploadError, UploadTooLargeError, too_large


def blueprint(services: Services) -> Blueprint:
    """``POST /upload?name=…``, answered with the upload's id, name and size."""
    routes = Blueprint("uploads", __name__)
    launcher = Launcher(services)
    limit = services.settings.web.upload_mb * 2**20

    @routes.post("/upload")
    def upload() -> ResponseReturnValue:
        if request.mimetype != "application/octet-stream":
            raise UnsupportedMediaType("Send the file itself, as application/octet-stream.")
        try:
            kept = launcher.upload(current_user(), request.args.get("name", ""), request.stream)
        except LaunchUnavailableError as error:
            return jsonify(error=str(error)), 503
        except UploadError as error:
            return jsonify(error=str(error)), 413 if isinstance(error, UploadTooLargeError) else 400
        return jsonify(upload_id=kept.upload_id, name=kept.name, bytes=kept.bytes), 201

    @routes.errorhandler(413)
    def refuse(_error: HTTPException) -> ResponseReturnValue:
        return jsonify(error=too_large(limit)), 413

    return routes
