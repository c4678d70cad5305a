"""The models pages: what they say, who sees a form, and what becomes of a forged request."""

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from app.services import Services
from lakehouse.requests import PromoteRequest
from tests.app.conftest import app_over, signed_in_to
from tests.app.model_home import FLEET, NEW, OLD, UNJUDGED, make_model_home
from tests.app.pages.callbacks import call, press
from tests.app.sample_runs import SampleRuns
from tests.app.security.conftest import Browser

SIGNED_IN = Callable[[str], Browser]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """The hand-made home; its users, runs and audit log are each test's own."""
    return make_model_home(tmp_path_factory.mktemp("models") / "home")


@pytest.fixture
def model_services(made: Services, run_services: Services, store: SampleRuns) -> Services:
    return replace(made, users=run_services.users, audit=run_services.audit, runs=store)  # type: ignore[arg-type]


@pytest.fixture
def model_app(model_services: Services, monkeypatch: pytest.MonkeyPatch) -> Dash:
    return app_over(model_services, monkeypatch)


@pytest.fixture
def model_browser(model_services: Services, model_app: Dash) -> SIGNED_IN:
    return partial(signed_in_to, model_services, model_app)


def drawn(browser: Browser, path: str, search: str = "") -> str:
    return json.dumps(browser.page(path, search), ensure_ascii=False)


def test_the_list_leads_to_every_model_and_says_what_serves_and_why(
    model_browser: SIGNED_IN,
) -> None:
    page = drawn(model_browser("auditor"), "/models")
    links = (f"/models/{OLD}", f"/models/{NEW}", f"left={OLD}&right={NEW}", "/runs/promote-3")
    for word in (*links, UNJUDGED, "rolled back", "alarms", "ada", "tie with live", "not judged"):
        assert word in page, word


def test_what_was_live_is_asked_by_the_address(model_browser: SIGNED_IN, model_app: Dash) -> None:
    """Also as of a snapshot; a text that is no time is refused in words."""
    browser = model_browser("operator")
    values = {"models-when.value": " 2000-01-01 ", "models-view.data": {"fleet": "F", "as_of": 2}}
    answer = call(model_app, browser, "models-go", "models-ask.n_clicks", values).get_json()
    assert answer["response"]["models-go"]["href"] == "/models?fleet=F&at=2000-01-01&as_of=2"
    assert f"nothing was live for {FLEET}" in drawn(browser, "/models", "?at=2000-01-01")
    assert "neither a snapshot" in drawn(browser, "/models", "?at=soon")
    then = drawn(browser, "/models", "?as_of=1")
    assert OLD in then and NEW not in then and "then" in then


def test_a_snapshot_whose_fleets_were_let_go_still_tells_of_its_models(
    tmp_path: Path, run_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Models and what served when are kept for good."""
    made = make_model_home(tmp_path / "home")
    for file in made.lake.path("gold/engine_status").rglob("*.parquet"):
        file.unlink()
    services = replace(made, users=run_services.users, audit=run_services.audit)
    browser = signed_in_to(services, app_over(services, monkeypatch), "auditor")
    assert OLD in drawn(browser, "/models", "?as_of=1")


def test_one_model_is_told_whole(model_browser: SIGNED_IN) -> None:
    page = drawn(model_browser("engineer"), f"/models/{NEW}")
    for word in ("The gate refused it", "tie with live", "life_drift_10", "70.0 %", "held against",
                 "silver/readings", "for good: it has served", "0.6900",
                 "say why it serves anyway", f"Compare with {OLD}"):  # fmt: skip
        assert word in page, word
    assert "never evaluated" in drawn(model_browser("admin"), f"/models/{UNJUDGED}")
    assert "There is no model nobody" in drawn(model_browser("auditor"), "/models/nobody")


def test_two_models_stand_side_by_side(model_browser: SIGNED_IN, model_app: Dash) -> None:
    browser = model_browser("operator")
    page = drawn(browser, "/models/compare", f"?left={OLD}&right={NEW}")
    for word in ("train-002", "0.8900", "0.6900", "life_mean_5", "seed"):
        assert word in page, word
    assert "There is no model x" in drawn(browser, "/models/compare", f"?left=x&right={NEW}")
    ids = "compare-models"
    values = {
        f"{ids}-left.value": OLD, f"{ids}-right.value": NEW,
        f"{ids}-view.data": {"both": ["", NEW], "as_of": None},
    }  # fmt: skip
    answer = call(model_app, browser, f"{ids}-go", f"{ids}-left.value", values).get_json()
    there = answer["response"][f"{ids}-go"]["href"]
    assert there == f"/models/compare?left={OLD}&right={NEW}"


def test_an_engineer_promotes_and_rolls_back_with_a_reason(
    model_browser: SIGNED_IN, model_app: Dash, store: SampleRuns
) -> None:
    """Each a run that names what it replaces; without a reason nothing is asked for."""
    browser = model_browser("engineer")
    assert '"decision": "promote"' in drawn(browser, f"/models/{NEW}")
    assert '"decision": "roll_back"' in drawn(browser, "/models")
    assert "Give a reason" in press(model_app, browser, ("model", NEW), "promote", " ")
    assert "promote-20261123" in press(model_app, browser, ("model", NEW), "promote", "bench")
    assert "promote-20261123" in press(model_app, browser, ("fleet", FLEET), "roll_back", "alarms")
    about: dict[str, Any] = {"fleet": FLEET, "model_id": NEW, "replaces": OLD}
    assert [request for request, _ in store.submitted] == [
        PromoteRequest(**about, reason="bench"),
        PromoteRequest(**about, roll_back=True, reason="alarms"),
    ]


def test_what_makes_no_sense_is_refused_in_words(
    model_browser: SIGNED_IN, model_app: Dash, store: SampleRuns
) -> None:
    browser = model_browser("engineer")
    for about, told in (
        (("model", OLD), f"is live for {FLEET} already."),
        (("model", "nobody"), "There is no model nobody."),
        (("model", UNJUDGED), "was never evaluated"),
        (("fleet", "none"), "No model is live for none"),
    ):
        assert told in press(model_app, browser, about, "promote", "why")
    assert not store.submitted


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_sees_no_form_and_a_forged_request_is_refused_and_written_down(
    model_browser: SIGNED_IN,
    model_app: Dash,
    model_services: Services,
    store: SampleRuns,
    role: str,
) -> None:
    browser = model_browser(role)
    for path in ("/models", f"/models/{NEW}"):
        assert '"decision"' not in drawn(browser, path)
    for about, decision, action in (
        (("model", NEW), "promote", "promote"), (("fleet", FLEET), "roll_back", "roll_back"),
    ):  # fmt: skip
        assert f"the role {role} may not" in press(model_app, browser, about, decision, "please")
        entry = model_services.audit.entries()[-1]
        told = (entry.actor, entry.action, entry.object, entry.outcome)
        assert told == (role, action, about[1], "refused")
    assert not store.submitted


def test_an_older_snapshot_has_no_form(model_browser: SIGNED_IN) -> None:
    browser = model_browser("engineer")
    assert '"decision"' not in drawn(browser, "/models", "?as_of=2")
    assert '"decision"' not in drawn(browser, f"/models/{OLD}", "?as_of=2")


def test_a_metadata_store_that_cannot_be_read_is_said(
    model_services: Services, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The timeline still stands: it comes from the snapshots."""
    broken = replace(model_services, settings=model_services.settings.model_copy(
        update={"home": tmp_path}))  # fmt: skip
    (tmp_path / "metadata.sqlite").write_bytes(b"no database" * 100)
    browser = signed_in_to(broken, app_over(broken, monkeypatch), "auditor")
    page = drawn(browser, "/models")
    assert "metadata store cannot be read" in page
    assert f"/models/{NEW}" in page
    assert "metadata store cannot be read" in drawn(browser, f"/models/{NEW}")
    compared = drawn(browser, "/models/compare", f"?left={OLD}&right={NEW}")
    assert "metadata store cannot be read" in compared
