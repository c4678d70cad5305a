"""Serving the dashboard with gunicorn."""

import ipaddress
import logging
import sys
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from app.factory import create_app
from lakehouse.settings import Settings, SettingsError
from lakehouse.users import UserStore


def create_server() -> Flask:
    """The WSGI application, for a gunicorn that somebody starts themselves.

    ``gunicorn --worker-class gthread "app.server:create_server()"``; never with ``--preload``.
    """
    settings = Settings.load()
    check_address(settings)
    return _wsgi(settings)


def serve(settings: Settings) -> None:
    """Serve until the process is told to stop; call it before any table was read.

    Raises:
        SettingsError: the address can be reached from elsewhere and nobody has a password.
    """
    check_address(settings)
    _Gunicorn(settings).run()


def check_address(settings: Settings) -> None:
    """Refuse to listen where others can come in while only printed links guard the door.

    Raises:
        SettingsError: saying what to do.
    """
    if _is_loopback(settings.host) or UserStore(settings.users).any_password():
        return
    raise SettingsError(
        f"host (STILLWATER_HOST) = {settings.host!r}: other machines can reach this address and no "
        "user has a password yet. Add one first: stillwater user add NAME --role admin"
    )


def gunicorn_options(settings: Settings) -> dict[str, Any]:
    """What gunicorn is told."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return {
        "bind": f"{host}:{settings.port}",
        "worker_class": "gthread",
        "workers": settings.web.workers,
        "threads": settings.web.threads,
        "preload_app": False,
        "timeout": 60,
        "graceful_timeout": 5,
        "loglevel": settings.log_level,
        "proc_name": "stillwater-web",
        # Its control socket has one path for all of a user's servers, and nobody asks for it.
        "control_socket_disable": True,
        # Nobody's word about the scheme or the client's address is believed.
        "forwarded_allow_ips": "",
        "secure_scheme_headers": {},
    }


class _Gunicorn(BaseApplication):  # type: ignore[misc]
    """gunicorn, told by settings; each worker makes its own app after the fork."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        super().__init__()

    def load_config(self) -> None:
        for name, value in gunicorn_options(self._settings).items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        return _wsgi(self._settings)


def _wsgi(settings: Settings) -> Flask:
    server = create_app(settings).server
    if not isinstance(server, Flask):
        raise TypeError("Dash was given another server than Flask")
    _log_to_stderr(settings)
    return server


def _log_to_stderr(settings: Settings) -> None:
    """The dashboard's own messages, beside gunicorn's."""
    handler = logging.StreamHandler()
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("app")
    logger.handlers = [handler]
    logger.setLevel(settings.log_level.upper())


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> None:
    """Serve with the settings of file and environment."""
    try:
        serve(Settings.load())
    except SettingsError as error:
        sys.exit(f"stillwater: {error}")


if __name__ == "__main__":
    main()
