"""The guard before every request: nothing anonymous but sign-in, health and what sign-in needs."""

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from dash import Dash
from flask import Flask, abort, g, redirect, request
from flask.typing import ResponseReturnValue
from flask_wtf import CSRFProtect
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import Forbidden, MethodNotAllowed
from werkzeug.wrappers import Response

from app.security import errors, headers, tokens
from app.security.callbacks import problem_of
from app.security.entry import session_token
from app.security.secret import secret_key
from app.security.sessions import session_user
from app.services import Services
from lakehouse.audit import new_request

LARGEST_BODY = 2**20
CSRF_COOKIE = "_csrf_token"
INDEX_ENDPOINTS = frozenset({"/", "/<path:path>"})
UPLOAD_BLUEPRINT = "uploads"
CALLBACK_ENDPOINT = "/_dash-update-component"
RELOAD_ENDPOINT = "/_reload-hash"
PUBLIC_ENDPOINTS = frozenset({"sign_in.show", "sign_in.enter", "health.alive", "health.ready"})
PUBLIC_FILES = frozenset(
    {
        ("_dash_assets.static", "favicon.svg"),
        ("_dash_assets.static", "logo.svg"),
        ("_dash_assets.static", "shell.css"),
        ("_dash_assets.static", "theme.js"),
        ("_dash_assets.static", "tokens.css"),
        ("bootstrap.static", "bootstrap.min.css"),
    }
)

_Check = Callable[[], ResponseReturnValue | None]


def protect(server: Flask, services: Services) -> None:
    """Put the guard before everything that is registered on ``server`` later."""
    web = services.settings.web
    server.secret_key = secret_key(services.settings.home)
    server.config.update(
        MAX_CONTENT_LENGTH=LARGEST_BODY,
        MAX_FORM_MEMORY_SIZE=LARGEST_BODY,
        SESSION_COOKIE_NAME="stillwater_session",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=web.behind_tls,
        # A token is good for as long as its session, and there is no sure referrer behind a proxy.
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,
    )
    headers.register(server, behind_tls=web.behind_tls)
    errors.register(server, services.audit)
    for check in (_begin, _limit_body(web.upload_mb), _identify(services), _check_origin):
        server.before_request(check)
    CSRFProtect(server)
    server.after_request(_hand_out_csrf_token(web.behind_tls))


def check_callbacks(server: Flask, app: Dash) -> None:
    """Refuse what no page would send without a stack trace in the log, and hot reload."""

    def check() -> None:
        if is_page(request.endpoint) and "POST" in _methods(server):
            # Dash's catch-all takes every GET, also that of an address that only takes POST.
            abort(405)
        if request.endpoint == RELOAD_ENDPOINT:
            abort(404)
        if request.endpoint == CALLBACK_ENDPOINT:
            # Another content type is answered with 415 by whoever reads it.
            try:
                problem = problem_of(request.get_json(silent=request.is_json), app.callback_map)
            except RecursionError:
                problem = "The request is nested too deep."
            if problem is not None:
                raise errors.Forged(problem)

    server.before_request(check)


def is_page(endpoint: str | None) -> bool:
    """Whether an endpoint answers with the shell."""
    return endpoint in INDEX_ENDPOINTS


def _methods(server: Flask) -> set[str]:
    adapter = server.create_url_adapter(request)
    return set(adapter.allowed_methods(request.path)) if adapter else set()


def _begin() -> None:
    g.request_id = new_request()
    g.user = None
    g.token = None


def _limit_body(upload_mb: int) -> _Check:
    def limit() -> None:
        if request.blueprint == UPLOAD_BLUEPRINT:
            # Room for the envelope of a multipart body.
            request.max_content_length = upload_mb * 2**20 + LARGEST_BODY

    return limit


def _identify(services: Services) -> _Check:
    def identify() -> ResponseReturnValue | None:
        if errors.is_api() and tokens.is_sent():
            # Who sends a token means it: a session beside it does not make a bad one good.
            g.user = tokens.bearer(services)
            return None
        token = session_token()
        if token:
            hours = services.settings.web.session_hours
            g.user = session_user(services.users, token, hours)
        if g.user is not None or _is_public():
            return None
        return _refuse_stranger()

    return identify


def _is_public() -> bool:
    # No view runs for a wrong method, and 405 tells nobody anything.
    if isinstance(request.routing_exception, MethodNotAllowed):
        return True
    file = (request.view_args or {}).get("filename", "")
    return request.endpoint in PUBLIC_ENDPOINTS or (request.endpoint, file) in PUBLIC_FILES


def _refuse_stranger() -> ResponseReturnValue:
    if is_page(request.endpoint) and request.method in ("GET", "HEAD"):
        query = request.query_string.decode("latin-1")
        here = quote(request.path) + (f"?{query}" if query else "")
        return redirect("/sign-in" if here == "/" else f"/sign-in?next={quote(here)}")
    if errors.is_api():
        raise tokens.unauthorized(tokens.SEND_ONE)
    return errors.answer(401, "Sign in first.")


def _check_origin() -> None:
    """Refuse what another site makes a browser send; the cookie alone would let it in."""
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return
    origin = request.headers.get("Origin")
    elsewhere = origin is not None and origin.partition("://")[2] != request.host
    if elsewhere or request.headers.get("Sec-Fetch-Site") == "cross-site":
        raise Forbidden("The request comes from another site.")


def _hand_out_csrf_token(secure: bool) -> Callable[[Response], Response]:
    def hand_out(response: Response) -> Response:
        # Dash's renderer reads this cookie and sends it back as X-CSRFToken.
        if g.get("user") is not None and is_page(request.endpoint):
            options: dict[str, Any] = {"secure": secure, "samesite": "Lax", "path": "/"}
            response.set_cookie(CSRF_COOKIE, generate_csrf(), **options)
        return response

    return hand_out
