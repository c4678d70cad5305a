"""Sign-in: a plain HTML form outside of Dash, and signing out."""

import math

from flask import Blueprint, g, redirect, render_template, request
from flask.typing import ResponseReturnValue

from app.security import entry
from app.services import Services

PATH = "/sign-in"


def blueprint(services: Services) -> Blueprint:
    """The form, what it posts to, and the way out."""
    routes = Blueprint("sign_in", __name__)

    @routes.get(PATH)
    def show() -> ResponseReturnValue:
        token = request.args.get("token", "")
        target = local_target(request.args.get("next", ""))
        if g.user is not None and not token:
            return redirect(target)
        return _form(target, token=token)

    @routes.post(PATH)
    def enter() -> ResponseReturnValue:
        target = local_target(request.form.get("next", ""))
        token = request.form.get("token", "")
        name = request.form.get("name", "").strip()
        if token:
            found = entry.by_link(services, token)
        else:
            found = entry.by_password(services, name, request.form.get("password", ""))
        if found.user is not None:
            return redirect(target, 303)
        return _refusal(found, target, name, bool(token))

    @routes.post("/sign-out")
    def leave() -> ResponseReturnValue:
        entry.leave(services)
        return redirect(PATH, 303)

    return routes


def local_target(target: str) -> str:
    """Where to go after sign-in: a path of this site, or the first page."""
    plain = target.isprintable() and "\\" not in target
    local = target.startswith("/") and not target.startswith("//")
    circular = target.partition("?")[0] == PATH
    return target if plain and local and not circular else "/"


def _refusal(found: entry.Entry, target: str, name: str, by_link: bool) -> ResponseReturnValue:
    if found.wait > 0:
        seconds = math.ceil(found.wait)
        problem = f"Too many tries. Wait {seconds} s, then try again."
        page = _form(target, problem, name)
        return page, 429, {"Retry-After": str(seconds)}
    if by_link:
        problem = "This link was used already or is too old. Ask for a new one."
        return _form(target, problem), 401
    return _form(target, "That name and password do not match.", name), 401


def _form(target: str, problem: str = "", name: str = "", token: str = "") -> str:
    return render_template(
        "sign_in.html", next=target, problem=problem, name=name[:64], token=token[:128]
    )
