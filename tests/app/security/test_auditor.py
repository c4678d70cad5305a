"""The auditor opens everything and changes nothing: every page, every file, every way to write."""

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from dash import Dash

from app.factory import PAGES
from app.security.roles import RIGHTS, Action, Role
from app.services import Services
from lakehouse.requests import VerifyRequest
from tests.app.sample_runs import SampleRuns, run_id, sample_run
from tests.app.security.conftest import Browser
from tests.app.security.test_guard import routes
from tests.app.security.test_roles import pressed
from tests.app.taught_home import FLEET, TaughtHome

READS = {"see", "read_audit", "verify"}
# What comes of a field and of a store, as a browser sends them and otherwise; a click is a number.
_PLACE = {"search": "", "pathname": "/"}
SENT: dict[str, dict[str, Any]] = {
    "as it should be": {"value": "1", "data": {}} | _PLACE,
    "other values": {"value": {"x": [1]}, "data": [[]]} | _PLACE,
    "other stores": {"value": ["1"], "data": {"fleet": 1, "engine": [], "as_of": "x"}} | _PLACE,
    "nothing": {"value": None, "data": None, "search": None, "pathname": None},
}
# Ids of the answers of callbacks that may change something.
WRITES = (
    "engine-correct-result", "engine-report", "quality-limit", "retrain-go", "ingest-go",
    "decide-result", "maintain", "verify-go", "run-go", "account", "users", "fetch",
)  # fmt: skip
# Signing in and out, one's own password and one's own tokens are everybody's.
OWN = {"sign_in", "sign_out", "change_password", "sign_out_elsewhere", "create_token"}


@pytest.fixture
def store() -> SampleRuns:
    """A finished and a failed run, and whatever is asked for."""
    return SampleRuns((sample_run("maintain", "SUCCEEDED", 30), sample_run("retrain", "FAILED", 6)))


@pytest.fixture
def taught_services(taught_services: Services, store: SampleRuns) -> Services:
    """The home that has lived, with those runs."""
    return replace(taught_services, runs=store)  # type: ignore[arg-type]


def names(services: Services, home: TaughtHome) -> dict[str, str]:
    """What the variables of the pages' addresses stand for in that home."""
    anomalies = services.lake.scan("quality/anomalies").collect("polars").to_native()
    schemas = services.lake.scan("quality/schemas").collect("polars").to_native()
    said = services.lake.scan("gold/predictions").collect("polars").to_native().row(0, named=True)
    return {
        "fleet": FLEET, "engine": said["engine"], "cycle": str(said["cycle"]),
        "anomaly": anomalies["anomaly_id"][0], "schema_id": schemas["schema_id"][0],
        "layer": "silver", "table": "readings", "run_id": run_id("retrain", 6),
        "run": run_id("retrain", 6), "model": home.trained["model_id"],
        "model_id": home.trained["model_id"], "form": "csv", "file": "nodes.csv",
    }  # fmt: skip


def filled(path: str, known: dict[str, str]) -> str:
    for name, value in known.items():
        path = path.replace(f"<{name}>", value)
    assert "<" not in path, f"say what stands for the variables of {path}"
    return path


def test_every_page_opens(
    taught_services: Services, taught_browser: Callable[[str], Browser], taught_home: TaughtHome
) -> None:
    """Those that are made later too; only users and their roles are not an auditor's."""
    auditor, known = taught_browser("auditor"), names(taught_services, taught_home)
    for page in PAGES:
        path = filled(page.PATH, known)
        drawn = json.dumps(auditor.page(path), ensure_ascii=False)
        assert "cannot be drawn" not in drawn, path
        assert ("may not" in drawn) is (path == "/users"), path
        assert auditor.client.get(path).status_code == 200, path


def test_every_file_can_be_had(
    taught_services: Services,
    taught_app: Dash,
    taught_browser: Callable[[str], Browser],
    taught_home: TaughtHome,
) -> None:
    """Whatever answers a GET, by its own address."""
    auditor, known = taught_browser("auditor"), names(taught_services, taught_home)
    of = {"of": f"{FLEET}/{known['engine']}@{known['cycle']}"}
    for rule in taught_app.server.url_map.iter_rules():
        name = rule.endpoint
        if "GET" not in (rule.methods or ()) or "." not in name or "static" in name:
            continue
        if name == "api_v1.nothing":
            continue  # answers whatever else is asked for under /api
        versions = {"from": "0", "to": "0"} if name == "api_v1.read_diff" else {}
        query = versions if name.startswith("api_v1.") else of
        answer = auditor.client.get(filled(rule.rule, known), query_string=query)
        # Who is signed in already is led on from the form.
        assert answer.status_code == (302 if name == "sign_in.show" else 200), rule.rule


@pytest.mark.parametrize("shape", list(SENT))
def test_every_forged_callback_changes_nothing_and_is_in_the_log(
    shape: str,
    taught_services: Services,
    taught_app: Dash,
    taught_browser: Callable[[str], Browser],
    store: SampleRuns,
) -> None:
    """Every callback that there is, with every button pressed; a verification changes nothing.

    Whatever a field holds: what may change something is refused, it does not fail.
    """
    auditor, accounts = taught_browser("auditor"), taught_services.users.accounts()
    before, answered = len(taught_services.audit.entries()), Counter[int]()
    for output, callback in taught_app.callback_map.items():
        if "callback" in callback:
            body = pressed(taught_app, output)
            for field in (*body["inputs"], *body["state"]):
                for part in field if isinstance(field, list) else [field]:
                    known = SENT[shape] | {"id": part["id"]}
                    part["value"] = known.get(part["property"], 1)
            status = auditor.call(body).status_code
            answered[status] += 1
            assert status != 500 or not any(word in output for word in WRITES), output
    assert {request for request, _ in store.submitted} <= {VerifyRequest()}
    assert (store.cancelled, taught_services.users.accounts()) == ([], accounts)
    entries = taught_services.audit.entries()[before:]
    outcomes = Counter(entry.outcome for entry in entries)
    assert outcomes["refused"] >= answered[403] + answered[400] > 5
    assert outcomes["failed"] == answered[500]
    done = {entry.action for entry in entries if entry.outcome == "allowed"}
    assert done <= READS | OWN | {"queue"}


def test_every_route_that_takes_something_refuses_it(
    taught_app: Dash,
    taught_browser: Callable[[str], Browser],
    store: SampleRuns,
    taught_services: Services,
) -> None:
    """Uploads and whatever comes later; signing out is everybody's."""
    auditor = taught_browser("auditor")
    for endpoint, method, path in routes(taught_app):
        if method in ("GET", "OPTIONS") or endpoint.startswith(("/_dash", "sign_in.")):
            continue
        headers = {"X-CSRFToken": auditor.token()}
        answer = auditor.client.open(
            path, method=method, data=b"x", headers=headers,
            content_type="application/octet-stream", query_string={"name": "a.csv"},
        )  # fmt: skip
        assert answer.status_code >= 400, path
        assert taught_services.audit.entries()[-1].outcome == "refused", path
    assert store.submitted == []


def test_a_way_to_write_that_there_is_not_is_refused_and_in_the_log(
    taught_browser: Callable[[str], Browser], taught_services: Services
) -> None:
    """Who tries one meant to change something, whatever the answer."""
    auditor = taught_browser("auditor")
    headers = {"X-CSRFToken": auditor.token()}
    for method, path in (("POST", "/runs"), ("PUT", "/models/m-1"), ("DELETE", "/tables")):
        answer = auditor.client.open(path, method=method, headers=headers)
        assert answer.status_code == 405
        entry = taught_services.audit.entries()[-1]
        assert (entry.outcome, entry.object) == ("refused", f"{method} {path}")
    before = len(taught_services.audit.entries())
    auditor.client.open("/runs", method="OPTIONS")
    assert len(taught_services.audit.entries()) == before


def test_the_role_holds_nothing_that_writes() -> None:
    """A right that is added to it must be one to look."""
    assert {str(action) for action in RIGHTS[Role.AUDITOR]} == READS
    assert Action.VERIFY not in RIGHTS[Role.ENGINEER]
