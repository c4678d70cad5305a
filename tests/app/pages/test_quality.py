"""The data quality pages as they are drawn and as their forms answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from app.components.quality_filter import filtered
from app.services import Services
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.requests import LimitRequest, ReviewRequest
from tests.app.conftest import app_over, signed_in_to
from tests.app.decided_lake import FLEET, HOSTILE, WHY, delivery, put, snapshot
from tests.app.pages.callbacks import call, press
from tests.app.sample_runs import SampleRuns
from tests.app.security.conftest import Browser

Enter = Callable[[str], Browser]
BLOCKED = ("delivery", "d-blocked")
BUTTON = '"type": "decide"'
FIELDS = '{"name":["ALL"],"type":"quality-limit"}'
PATHS = (
    "/quality", "/quality?delivery=d-blocked", "/quality?delivery=d-absent",
    "/quality?engine=nobody", "/quality/anomaly/a-unit", "/quality/anomaly/a-fleet",
    "/quality/limits?fleet=FD001&limit_id=l-now",
)  # fmt: skip


def text_of(browser: Browser, address: str) -> str:
    """The drawn page as JSON text, which must not have failed."""
    path, _, query = address.partition("?")
    text = json.dumps(browser.page(path, f"?{query}" if query else ""), ensure_ascii=False)
    assert "cannot be drawn" not in text
    return text


@pytest.mark.parametrize("address", PATHS)
@pytest.mark.parametrize("role", ["operator", "engineer", "auditor", "admin"])
def test_everybody_may_look(decided_browser: Enter, role: str, address: str) -> None:
    assert "Data quality" in text_of(decided_browser(role), address)


def test_the_verdicts_and_what_was_found_are_told(decided_browser: Enter) -> None:
    text = text_of(decided_browser("operator"), "/quality")
    assert "1 delivery is blocked" in text
    assert WHY in text
    assert "1 error, 2 warnings" in text
    assert "7 anomalies, 2 of them errors" in text
    assert HOSTILE.replace('"', '\\"') in text


def test_a_page_is_small(decided_browser: Enter) -> None:
    answer = decided_browser("operator").open("/quality")
    assert len(answer.get_data()) < 100_000


@pytest.mark.parametrize(("role", "may"), [("operator", False), ("auditor", False),
                                           ("engineer", True), ("admin", True)])  # fmt: skip
def test_only_who_may_decide_sees_the_buttons(decided_browser: Enter, role: str, may: bool) -> None:
    browser = decided_browser(role)
    for address in ("/quality?delivery=d-blocked", "/quality/anomaly/a-unit"):
        text = text_of(browser, address)
        assert (BUTTON in text) is may
        assert ("An engineer decides about it." in text) is not may
    assert ("quality-limit-send" in text_of(browser, "/quality/limits")) is may


def test_nothing_is_decided_on_an_older_snapshot(decided_browser: Enter) -> None:
    browser = decided_browser("engineer")
    for address in ("/quality?delivery=d-blocked&as_of=2", "/quality/limits?as_of=2"):
        text = text_of(browser, address)
        assert BUTTON not in text
        assert "quality-limit-send" not in text


@pytest.mark.parametrize(("delivery", "decisions"), [
    ("d-blocked", ["accept", "quarantine"]), ("d-warned", ["quarantine"]),
    ("d-withdrawn", ["accept"]), ("d-rejected", []), ("d-again", []), ("d-truth", []),
])  # fmt: skip
def test_what_can_be_decided_depends_on_the_state(
    decided_browser: Enter, delivery: str, decisions: list[str]
) -> None:
    text = text_of(decided_browser("engineer"), f"/quality?delivery={delivery}")
    offered = [name for name in ("accept", "quarantine") if f'"decision": "{name}"' in text]
    assert offered == decisions


def test_a_decision_with_a_reason_becomes_a_run(
    decided_app: Dash, decided_browser: Enter, store: SampleRuns
) -> None:
    text = press(decided_app, decided_browser("engineer"), BLOCKED, "accept", "  seen ")
    assert "Follow the run" in text
    ((request, who),) = store.submitted
    assert isinstance(request, ReviewRequest)
    assert (request.decision, request.reason, who) == ("accept", "seen", "engineer")


@pytest.mark.parametrize("about", [BLOCKED, ("schema", "s-proposed")])
@pytest.mark.parametrize("reason", [None, "", "  "])
def test_a_decision_without_a_reason_is_refused_in_words(
    decided: Services,
    decided_app: Dash,
    decided_browser: Enter,
    about: tuple[str, str],
    reason: str | None,
) -> None:
    """Before anything is asked for: the audit log tells of nothing."""
    browser = decided_browser("engineer")
    before = decided.audit.entries()
    assert "Give a reason" in press(decided_app, browser, about, "accept", reason)
    assert decided.audit.entries() == before


def test_a_forged_decision_is_refused_and_written_down(
    decided: Services, decided_app: Dash, decided_browser: Enter, store: SampleRuns
) -> None:
    text = press(decided_app, decided_browser("operator"), BLOCKED, "accept", "forged")
    assert "the role operator may not decide" in text
    assert not store.submitted
    last = decided.audit.entries()[-1]
    assert (last.actor, last.action, last.outcome) == ("operator", "decide", "refused")
    assert last.object == "accept d-blocked"


def limit(app: Dash, browser: Browser, **fields: Any) -> str:
    """The answer to the limit form."""
    named = [({"type": "quality-limit", "name": name}, value) for name, value in fields.items()]
    ids = [(field, field) for field, _ in named]
    values = {"quality-limit-send.n_clicks": 1, f"{FIELDS}.value": named, f"{FIELDS}.id": ids}
    values |= {"quality-limit-fleet.data": FLEET}
    answer = call(app, browser, "quality-limit-result", "quality-limit-send.n_clicks", values)
    return answer.get_data(as_text=True)


def test_a_limit_is_set_from_the_form(
    decided_app: Dash, decided_browser: Enter, store: SampleRuns
) -> None:
    browser = decided_browser("engineer")
    said = limit(decided_app, browser, sensor="sensor_2", regime="every", low="",
                 high="650,5", reason="hot section")  # fmt: skip
    assert "Follow the run" in said
    ((request, _),) = store.submitted
    assert isinstance(request, LimitRequest)
    assert (request.fleet, request.low, request.high) == (FLEET, None, 650.5)


@pytest.mark.parametrize(("fields", "problem"), [
    ({"sensor": "sensor_2", "high": "hot", "reason": "x"}, "is no number"),
    ({"sensor": "sensor_2", "high": "nan", "reason": "x"}, "high"),
    ({"sensor": "sensor_2", "low": "3", "high": "2", "reason": "x"}, "is not below"),
    ({"sensor": "sensor_2", "high": "2"}, "Give a reason"),
    ({}, "sensor"),
])  # fmt: skip
def test_a_limit_that_makes_no_sense_is_refused_in_words(
    decided_app: Dash, decided_browser: Enter, fields: dict[str, str], problem: str
) -> None:
    assert problem in limit(decided_app, decided_browser("engineer"), **fields)


def test_a_forged_limit_is_refused_and_written_down(
    decided: Services, decided_app: Dash, decided_browser: Enter, store: SampleRuns
) -> None:
    said = limit(decided_app, decided_browser("auditor"), sensor="sensor_2", high="1", reason="x")
    assert "the role auditor may not limit" in said
    assert not store.submitted
    assert decided.audit.entries()[-1].outcome == "refused"


def test_rows_and_chart_of_an_anomaly_come_in_a_second_answer(
    decided_app: Dash, decided_browser: Enter
) -> None:
    view = {"anomaly": "a-unit", "engine": "", "as_of": None, "seq": 2}
    answer = call(decided_app, decided_browser("operator"), "anomaly-body", "anomaly-view.data",
                  {"anomaly-view.data": view, "theme.data": "dark"})  # fmt: skip
    text = answer.get_data(as_text=True)
    assert "Rows as delivered: test-001" in text
    assert "357.1" in text
    assert '"type":"Graph"' in text
    assert "scattergl" not in text


def test_a_filter_leads_to_an_address_that_keeps_the_rest() -> None:
    asked = {"delivery": "d-blocked", "page": "3", "as_of": 2}
    fields = {"severity": "error", "type": "any", "engine": None, "fleet": "any", "column": "-"}
    address = filtered(asked, fields)
    assert address == "/quality?severity=error&column=-&delivery=d-blocked&as_of=2"
    assert filtered({"severity": "error", "as_of": None}, {"severity": "error"}) is None


def test_what_does_not_exist_is_said_so(decided_browser: Enter) -> None:
    browser = decided_browser("operator")
    assert "There is no anomaly a-absent" in text_of(browser, "/quality/anomaly/a-absent")
    assert "There is no delivery d-absent" in text_of(browser, "/quality?delivery=d-absent")
    assert "Nothing that was found matches" in text_of(browser, "/quality?engine=nobody")


def test_a_newer_snapshot_is_told_and_nothing_else_changes(
    decided_app: Dash, decided_browser: Enter
) -> None:
    def look(drawn: int) -> str:
        values = {"quality-tick.n_intervals": 1, "quality-seq.data": drawn,
                  "url.pathname": "/quality", "url.search": "?state=blocked"}  # fmt: skip
        answer = call(decided_app, decided_browser("operator") if drawn == 1 else browser,
                      "quality-newer", "quality-tick.n_intervals", values)  # fmt: skip
        return answer.get_data(as_text=True)

    browser = decided_browser("engineer")
    assert "what stands here is snapshot 1" in look(1)
    assert "Show it" not in look(2)


def test_before_the_first_delivery_the_page_says_what_will_stand_here(
    signed_in: Enter,
) -> None:
    for address in ("/quality", "/quality/limits"):
        assert "Nothing was delivered yet" in text_of(signed_in("engineer"), address)


def test_the_fleet_page_keeps_the_last_good_state_and_says_what_is_blocked(
    decided_browser: Enter,
) -> None:
    text = text_of(decided_browser("operator"), "/?fleet=FD001")
    assert "1 delivery is blocked: " in text
    assert f"{WHY}. What is shown is of 2026-11-23 04:00 UTC" in text
    assert "/quality?fleet=FD001&engine=test-001" in text
    assert "◆ 2 warnings" in text
    assert "is blocked" not in text_of(decided_browser("auditor"), "/?fleet=FD002")


def test_what_leads_to_the_blocked_delivery_keeps_the_snapshot(decided_browser: Enter) -> None:
    text = text_of(decided_browser("operator"), "/?fleet=FD001&as_of=2")
    assert "/quality?fleet=FD001&delivery=d-blocked&as_of=2" in text


def test_a_fleet_whose_only_delivery_is_blocked_has_its_pages(
    tmp_path: Path, run_services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has no engine yet; of a live model that nobody knows, that is said, too."""
    lake = Lake(tmp_path / "lake", LocalEngine())
    put(lake, "bronze/deliveries", [delivery("d-1", "blocked", fleet="N&1", reason=WHY),
                                    delivery("d-2", "accepted")])  # fmt: skip
    snapshot(lake)
    services = replace(run_services, lake=lake)
    browser = signed_in_to(services, app_over(services, monkeypatch), "operator")
    assert "N&1 has no schema yet" in text_of(browser, "/quality/schema?fleet=N%261")
    assert "No model is live for N&1" in text_of(browser, "/quality/drift?fleet=N%261")
    known = text_of(browser, f"/quality/drift?fleet={FLEET}")
    assert "/quality/drift?fleet=N%261" in known
    assert f"is live for {FLEET}, but the metadata store has no record of it" in known


def test_a_link_in_the_table_of_limits_fills_the_form_with_that_limit(
    decided_browser: Enter,
) -> None:
    """Also one that was replaced; one of another fleet fills nothing."""
    browser = decided_browser("engineer")
    assert "limit_id=l-before" in text_of(browser, "/quality/limits?fleet=FD001")
    for limit_id, high in (("l-now", "650"), ("l-before", "660"), ("l-none", ""), ("l-x", "")):
        drawn = browser.page("/quality/limits", f"?fleet=FD001&limit_id={limit_id}")
        assert field(drawn, "high") == high
    assert field(drawn, "sensor") == "setting_1"
    assert field(browser.page("/quality/limits", "?fleet=FD001&limit_id=l-now"), "sensor") == (
        "sensor_3"
    )
    assert field(browser.page("/quality/limits", "?fleet=FD002&limit_id=l-now"), "high") == ""


def field(drawn: Any, name: str) -> Any:
    """Value of one field of the limit form."""
    if isinstance(drawn, list):
        found = (field(each, name) for each in drawn)
        return next((value for value in found if value is not None), None)
    if not isinstance(drawn, dict):
        return None
    props = drawn.get("props", {})
    if props.get("id") == {"type": "quality-limit", "name": name}:
        return props.get("value")
    return field(props.get("children"), name)


def test_the_engine_page_lists_what_was_found(decided_app: Dash, decided_browser: Enter) -> None:
    view = {"fleet": FLEET, "engine": "test-001", "as_of": None}
    values = {"engine-view.data": view, "engine-seq.data": 2, "engine-norm.data": "",
              "theme.data": "light", "engine-pick.data": {"sensors": "sensor_11"}}  # fmt: skip
    answer = call(decided_app, decided_browser("operator"), "engine-body", "engine-view.data",
                  values)  # fmt: skip
    text = json.dumps(answer.get_json(), ensure_ascii=False)
    assert "Found in its data" in text
    assert "/quality/anomaly/a-unit" in text
    assert "◆ Ps30 reads exactly 14.62" in text
