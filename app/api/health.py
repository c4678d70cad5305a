"""Health: is the process alive, and can it answer."""

import logging
from collections.abc import Callable

from flask import Blueprint, jsonify
from flask.typing import ResponseReturnValue
from polars.exceptions import PanicException

from app.services import Services

_LOG = logging.getLogger(__name__)


def blueprint(services: Services) -> Blueprint:
    """``/healthz`` and ``/readyz``; they tell names of parts and no more, as anybody may ask."""
    routes = Blueprint("health", __name__)

    @routes.get("/healthz")
    def alive() -> ResponseReturnValue:
        return jsonify(status="ok")

    @routes.get("/readyz")
    def ready() -> ResponseReturnValue:
        parts = {name: _state(name, check) for name, check in _checks(services).items()}
        # Without a worker everything can still be read; only new runs have to wait.
        broken = any(state == "failed" for name, state in parts.items() if name != "worker")
        return jsonify(status="failed" if broken else "ok", parts=parts), 503 if broken else 200

    return routes


def _checks(services: Services) -> dict[str, Callable[[], object]]:
    return {
        "lake": services.pinned,
        "users": services.users.any_password,
        "audit": services.audit.check,
        "runs": lambda: services.runs.recent(1),
        "worker": lambda: _insist(services.runs.worker_alive()),
    }


def _insist(condition: bool) -> None:
    if not condition:
        raise RuntimeError("no sign of life")


def _state(name: str, check: Callable[[], object]) -> str:
    try:
        check()
    # Polars' panic is no Exception, and the probe must answer whatever it is.
    except (Exception, PanicException) as error:
        _LOG.warning("not ready: %s: %s", name, error)
        return "failed"
    return "ok"
