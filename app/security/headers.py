"""The headers of every response."""

from collections.abc import Sequence

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

_POLICY = {
    "default-src": "'self'",
    # dcc and Plotly write inline styles; there is no way around this one.
    "style-src": "'self' 'unsafe-inline'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
_HASHES = "CSP_SCRIPT_HASHES"
_YEAR = 31_536_000


def register(server: Flask, *, behind_tls: bool) -> None:
    """Add the headers to whatever ``server`` answers."""
    fixed = dict(_FIXED)
    if behind_tls:
        fixed["Strict-Transport-Security"] = f"max-age={_YEAR}"

    def add(response: Response) -> Response:
        response.headers.update(fixed)
        response.headers["Content-Security-Policy"] = _policy(server.config.get(_HASHES, ()))
        if _is_file(response):
            response.cache_control.private = True
            if "m" in request.args:
                response.cache_control.no_cache = None
                response.cache_control.max_age = _YEAR
        else:
            response.headers["Cache-Control"] = "no-store"
            response.vary.add("Cookie")
        return response

    server.session_interface = _Sessions()
    server.after_request(add)


def allow_scripts(server: Flask, hashes: Sequence[str]) -> None:
    """Let the page's own inline scripts run, and no other."""
    server.config[_HASHES] = tuple(hashes)


def _policy(hashes: Sequence[str]) -> str:
    scripts = " ".join(["'self'", *hashes])
    rules = {**_POLICY, "script-src": scripts}
    return "; ".join(f"{name} {value}" for name, value in rules.items())


class _Sessions(SecureCookieSessionInterface):
    """Signed cookies, which do not make a browser fetch files again that all users share."""

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        super().save_session(app, session, response)
        if _is_file(response):
            response.vary.discard("cookie")  # werkzeug finds it in lower case only


def _is_file(response: Response) -> bool:
    name = request.endpoint or ""
    found = response.status_code in (200, 304)
    return found and (name.endswith(".static") or name.startswith("/_dash-component-suites/"))
