"""The dashboard, put together: the only place that joins the parts."""

from collections.abc import Callable, Sequence
from importlib import resources
from pathlib import Path
from typing import Any

from dash import Dash, Input, Output, State, html, no_update
from dash.development.base_component import Component
from flask import Blueprint, Flask, g, has_request_context, request
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response

from app import router
from app.api import audit_file, evidence_file, health, run_log, schema_file, uploads, v1
from app.api import lineage as lineage_files
from app.components import as_of, shell
from app.components.shell import Ids
from app.pages import (
    Theme,
    account,
    anomaly,
    audit,
    compare_models,
    diff,
    drift,
    engine,
    fleet,
    limits,
    lineage,
    model,
    models,
    proof,
    proofs,
    quality,
    retention,
    run,
    runs,
    schema,
    sign_in,
    statistics,
    table,
    tables,
    users,
)
from app.queries.as_of import resolve
from app.security import guard, headers
from app.services import Services
from lakehouse.audit import AuditLog
from lakehouse.engines.local import LocalEngine
from lakehouse.home_format import check_home
from lakehouse.lake import Lake
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.runs import RunStore
from lakehouse.settings import Settings
from lakehouse.users import UserStore

ASSETS = Path(__file__).parent.parent / "assets"
PAGES: tuple[router.Page, ...] = (
    fleet,
    engine,
    quality,
    anomaly,
    statistics,
    schema,
    drift,
    limits,
    tables,
    retention,
    table,
    diff,
    models,
    compare_models,
    model,
    runs,
    run,
    lineage,
    proof,
    proofs,
    audit,
    account,
    users,
)
BLUEPRINTS: tuple[Callable[[Services], Blueprint], ...] = (
    sign_in.blueprint,
    health.blueprint,
    uploads.blueprint,
    run_log.blueprint,
    schema_file.blueprint,
    v1.blueprint,
    lineage_files.blueprint,
    audit_file.blueprint,
    evidence_file.blueprint,
)
# They stand in the index by hand, so that they come before the pages' own style sheets.
_IN_INDEX = r"^(theme\.js|tokens\.css|shell\.css)$"
_INDEX = (Path(__file__).parent / "templates" / "index.html").read_text(encoding="utf-8")


def create_app(settings: Settings, pages: Sequence[router.Page] = PAGES) -> Dash:
    """The dashboard of one home, ready to be served; starts nothing and reads no table."""
    services = open_services(settings)
    server = Flask("app", static_folder=None)
    server.config["COMPRESS_ALGORITHM"] = ["zstd", "gzip"]
    guard.protect(server, services)
    for blueprint in BLUEPRINTS:
        server.register_blueprint(blueprint(services))
    server.register_blueprint(_bootstrap())
    app = _dash(server)
    shell.register(app)
    _register_router(app, services, pages)
    _register_as_of(app, services)
    for page in pages:
        page.register(app, services)
    guard.check_callbacks(server, app)
    headers.allow_scripts(server, app.csp_hashes())
    server.after_request(_mark_unknown_pages(pages))
    return app


def open_services(settings: Settings) -> Services:
    """The stores and logs of the home; the dashboard always reads with the local engine.

    Raises:
        HomeFormatError: a newer Stillwater wrote it.
    """
    check_home(settings.home)
    return Services(
        settings,
        PROFILE,
        Lake(settings.lake, LocalEngine()),
        RunStore(settings),
        AuditLog(settings.audit),
        UserStore(settings.users),
    )


def _dash(server: Flask) -> Dash:
    app = Dash(
        "app",
        server=server,  # type: ignore[arg-type]  # Dash's annotation forgets Flask
        assets_folder=str(ASSETS),
        assets_ignore=_IN_INDEX,
        pages_folder="",
        use_pages=False,
        index_string=_INDEX,
        title="Stillwater",
        update_title="",
        compress=True,
        suppress_callback_exceptions=True,
        add_log_handler=False,
        enable_mcp=False,
        csrf_token_name=guard.CSRF_COOKIE,
    )
    app.layout = _layout
    return app


def _layout() -> Component:
    # Dash also calls this to look at it, with nobody there.
    if not has_request_context() or g.get("user") is None:
        return html.Div()
    return shell.shell(g.user, _theme(), generate_csrf())


def _register_router(app: Dash, services: Services, pages: Sequence[router.Page]) -> None:
    @app.callback(
        Output(Ids.NAV, "children"),
        Output(Ids.STAMP, "children"),
        Output(Ids.BANNER, "children"),
        Output(Ids.PAGE, "children"),
        Output(Ids.TITLE, "data"),
        Input(Ids.URL, "pathname"),
        Input(Ids.URL, "search"),
        State(Ids.THEME, "data"),
    )
    def show_page(path: str | None, search: str | None, theme: str) -> tuple[Any, ...]:
        place = router.Url(path or "/", search or "", "dark" if theme == "dark" else "light")
        return router.view(services, pages, place)


def _register_as_of(app: Dash, services: Services) -> None:
    @app.callback(
        Output(Ids.URL, "search"),
        Output(as_of.Ids.PROBLEM, "children"),
        Input(as_of.Ids.GO, "n_clicks"),
        Input(as_of.Ids.WHEN, "n_submit"),
        State(as_of.Ids.WHEN, "value"),
        State(Ids.URL, "search"),
        prevent_initial_call=True,
    )
    def look_back(_clicks: Any, _enter: Any, text: str | None, search: str | None) -> Any:
        try:
            seq = resolve(services.lake, text or "")
        except LookupError as problem:
            return no_update, f"{str(problem).capitalize()}."
        return as_of.search_as_of(search or "", seq), ""


def _mark_unknown_pages(pages: Sequence[router.Page]) -> Callable[[Response], Response]:
    """The shell explains that there is no such page; scripts and probes see it by the status."""

    def mark(response: Response) -> Response:
        if guard.is_page(request.endpoint) and response.status_code == 200:
            page, _ = router.find(pages, request.path)
            response.status_code = 404 if page is None else 200
        return response

    return mark


def _bootstrap() -> Blueprint:
    """Bootstrap's style sheet from the installed package: nothing is copied in or fetched."""
    folder = resources.files("flask_bootstrap") / "static" / "bootstrap5" / "css"
    return Blueprint("bootstrap", "app", static_folder=str(folder), static_url_path="/bootstrap")


def _theme() -> Theme:
    return "dark" if request.cookies.get("theme") == "dark" else "light"
