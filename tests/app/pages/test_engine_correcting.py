"""The correction dialog and what the engine page says of what was corrected."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from app.components import correction_form
from app.components.correction_form import DIALOG, field_id
from app.pages.engine import Ids
from app.services import Services
from lakehouse.requests import CorrectRequest
from tests.app.conftest import app_over, signed_in_to
from tests.app.corrected_lake import ENGINE, FLEET, WITHDRAWN, write_corrected
from tests.app.pages.callbacks import call
from tests.app.pages.test_engine import body
from tests.app.sample_runs import SampleRuns
from tests.app.security.conftest import Browser

FORM = correction_form.Ids
PAGE = f"/engine/{FLEET}/{ENGINE}"
VIEW = {"fleet": FLEET, "engine": ENGINE, "as_of": None}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corrected")
    write_corrected(folder)
    return folder


@pytest.fixture
def services(run_services: Services, root: Path) -> Services:
    lake = type(run_services.lake)(root, run_services.lake.engine)
    return replace(run_services, lake=lake)


@pytest.fixture
def app(services: Services, monkeypatch: pytest.MonkeyPatch) -> Dash:
    return app_over(services, monkeypatch)


@pytest.fixture
def browser(services: Services, app: Dash) -> Callable[[str], Browser]:
    return lambda role: signed_in_to(services, app, role)


def shown(app: Dash, browser: Browser, engine: str = ENGINE) -> str:
    second: dict[str, Any] = {Ids.SEQ: 2}
    return json.dumps(body(app, browser, engine, **second), ensure_ascii=False)


def name(field: str) -> str:
    return json.dumps(field_id(field), separators=(",", ":"), sort_keys=True)


def read(app: Dash, browser: Browser, cycle: Any, column: str = "sensor_4") -> dict[str, Any]:
    """What the dialog says that a value reads."""
    values = {f"{name('cycle')}.value": cycle, f"{name('column')}.value": column}
    values |= {f"{Ids.VIEW}.data": VIEW}
    answer = call(app, browser, f"{FORM.SEEN}.data", f"{name('cycle')}.value", values)
    told: dict[str, Any] = answer.get_json()["response"]
    return told


def send(app: Dash, browser: Browser, seen: Any, **fields: Any) -> Any:
    """Press the button with these fields; what it answers."""
    pattern = json.dumps({"name": ["ALL"], "type": FORM.FIELD}, separators=(",", ":"))
    ids = [field_id(field) for field in fields]
    values = {
        f"{pattern}.value": list(zip(ids, fields.values(), strict=True)),
        f"{pattern}.id": [(one, one) for one in ids],
        f"{FORM.SEEN}.data": seen,
        f"{Ids.VIEW}.data": VIEW,
    }
    return call(app, browser, FORM.RESULT, f"{FORM.SEND}.n_clicks", values)


def test_only_engineers_see_the_dialog(app: Dash, browser: Callable[[str], Browser]) -> None:
    """Nobody does on a page of the past."""
    for role in ("engineer", "admin", "operator", "auditor"):
        may = role in ("engineer", "admin")
        one = browser(role)
        assert ("Correct data…" in shown(app, one)) is may
        assert (f'"{DIALOG}"' in json.dumps(one.page(PAGE, ""))) is may
        assert f'"{DIALOG}"' not in json.dumps(one.page(PAGE, "?as_of=1"))


def test_an_engine_whose_flights_are_all_withdrawn_says_so(
    app: Dash, browser: Callable[[str], Browser]
) -> None:
    """Its page is the way to take that back; an engine that nobody knows has none."""
    engineer = browser("engineer")
    text = shown(app, engineer, WITHDRAWN)
    assert f"No flight of {WITHDRAWN} is left." in text
    assert "cycle 1 withdrawn" in text and "Correct data…" in text
    seen = shown(app, browser("operator"), WITHDRAWN)
    assert "cycle 1 withdrawn" in seen and "Correct data…" not in seen
    assert "There is no engine" in shown(app, engineer, "test-901")


def test_the_dialog_lists_what_can_be_taken_back(
    app: Dash, browser: Callable[[str], Browser]
) -> None:
    values = {f"{DIALOG}.is_open": True, f"{Ids.VIEW}.data": VIEW}
    answer = call(app, browser("engineer"), FORM.BODY, f"{DIALOG}.is_open", values)
    text = answer.get_data(as_text=True)
    assert '"c-second"' in text
    assert '"c-first"' in text
    assert '"c-gone"' not in text
    assert "T50 · sensor_4" in json.dumps(answer.get_json(), ensure_ascii=False)


def test_what_a_value_reads_is_seen_before_it_is_corrected(
    app: Dash, browser: Callable[[str], Browser], services: Services, store: SampleRuns
) -> None:
    one = browser("engineer")
    told = read(app, one, 9)
    seen = told[FORM.SEEN]["data"]
    assert told[FORM.NOW]["children"] == f"Now T50 reads {seen['value']:.10g} °R."
    assert read(app, one, 9999)[FORM.SEEN]["data"] is None
    assert "no such flight" in read(app, one, 9999)[FORM.NOW]["children"]
    assert read(app, one, None)[FORM.SEEN]["data"] is None
    fields = {"action": "correct", "cycle": 9, "column": "sensor_4", "reason": "borescope"}
    for wrong, problem in (
        ({"value": "warm"}, "'warm' is no number"),
        ({"value": ""}, "Give the new value"),
        ({"value": "1", "cycle": 10}, "must be seen"),
        ({"value": "1", "reason": ""}, "Give a reason"),
        ({"value": f"{seen['value']!r}"}, "already"),
    ):
        answer = send(app, one, seen, **fields | wrong)
        assert problem in answer.get_data(as_text=True)
    assert not store.submitted
    answer = send(app, one, seen, value="1300,5", **fields)
    assert "Follow the run" in answer.get_data(as_text=True)
    request, who = store.submitted[0]
    assert isinstance(request, CorrectRequest)
    assert (request.cycle, request.changes["sensor_4"].new, who) == (9, 1300.5, "engineer")
    assert services.audit.entries()[-1].action == "queue"


def test_flights_are_withdrawn_and_corrections_taken_back(
    app: Dash, browser: Callable[[str], Browser], store: SampleRuns
) -> None:
    one = browser("admin")
    send(app, one, None, action="withdraw", cycle=5, until=7, reason="bench")
    send(app, one, None, action="withdraw", cycle=5, until=None, reason="bench")
    send(app, one, None, action="retract", retracts="c-first", cycle=5, value="x", reason="no")
    asked = [request for request, _ in store.submitted]
    assert all(isinstance(request, CorrectRequest) for request in asked)
    assert [(r.cycle, r.until, r.retracts) for r in asked] == [  # type: ignore[attr-defined]
        (5, 7, None), (5, 5, None), (None, None, "c-first"),
    ]  # fmt: skip
    refused = send(app, one, None, action="retract", retracts="c-gone", reason="no")
    assert "taken back before" in refused.get_data(as_text=True)


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_a_forged_correction_is_refused_and_written_down(
    app: Dash,
    browser: Callable[[str], Browser],
    services: Services,
    store: SampleRuns,
    role: str,
) -> None:
    answer = send(app, browser(role), None, action="withdraw", cycle=5, reason="bench")
    assert f"the role {role} may not correct" in answer.get_data(as_text=True)
    assert not store.submitted
    entry = services.audit.entries()[-1]
    assert (entry.actor, entry.action, entry.outcome) == (role, "correct", "refused")
    assert entry.object == f"withdraw {FLEET}/{ENGINE}@5-5"


def test_the_page_says_what_was_corrected_and_which_forecasts_that_outdates(
    app: Dash, browser: Callable[[str], Browser]
) -> None:
    text = shown(app, browser("operator"))
    for word in (
        "Corrected in its data",
        "✎ T50 at cycle 9: 1300 → 1310.5 °R",
        "cycles 3–4 withdrawn (taken back)",
        "<b>bench</b>",
        "outdated by c-first, c-second",
        "issued, its rows were corrected since",
        "Its last forecast is outdated: c-first",
    ):
        assert word in text
    assert "Corrected in its data" not in shown(app, browser("auditor"), "test-002")
