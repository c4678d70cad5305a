"""The schema page: read, compare, decide."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash

from app.queries.schemas import in_force, schemas
from app.services import Services
from lakehouse.runs import Submitted
from tests.app.pages.callbacks import call
from tests.app.security.conftest import Browser
from tests.app.taught_home import FLEET

SIGNED_IN = Callable[[str], Browser]
PATH = "/quality/schema"


@pytest.fixture
def proposed(taught_services: Services) -> str:
    every = schemas(taught_services.pinned(), FLEET)
    return next(each.schema_id for each in every if each.is_open)


def page(browser: Browser, search: str = "") -> str:
    return json.dumps(browser.page(PATH, search), ensure_ascii=False)


def decide(app: Dash, browser: Browser, schema: str, button: str, reason: str | None) -> str:
    """Press a button of one proposal."""
    name = next(name for name in app.callback_map if "schema-result" in name)
    ids = {kind: {"schema": schema, "type": f"schema-{kind}"} for kind in
           ("accept", "reject", "reason", "result")}  # fmt: skip
    clicks = [
        {"id": ids[kind], "property": "n_clicks", "value": int(kind == button) or None}
        for kind in ("accept", "reject")
    ]
    body: dict[str, Any] = {
        "output": name,
        "outputs": {"id": ids["result"], "property": "children"},
        "inputs": clicks,
        "state": [{"id": ids["reason"], "property": "value", "value": reason}],
        "changedPropIds": [
            json.dumps(ids[button], sort_keys=True, separators=(",", ":")) + ".n_clicks"
        ],
    }
    return browser.call(body).get_data(as_text=True)


def test_before_the_first_delivery_it_says_what_will_stand_here(signed_in: SIGNED_IN) -> None:
    assert "There is no fleet yet." in page(signed_in("operator"))


def test_the_schema_in_force_is_a_table(taught_browser: SIGNED_IN) -> None:
    """With who accepted it and why, and the file itself."""
    told = page(taught_browser("auditor"))
    assert "In force:" in told and "the first schema of the fleet" in told
    assert "in every row" in told and "JS ≤ 0.3" in told
    assert "skew_comparator" in told and "schema.pbtxt" in told


def test_a_proposal_stands_first_with_what_it_changes(
    taught_browser: SIGNED_IN, proposed: str
) -> None:
    """Who may decide gets the buttons; an older snapshot decides nothing."""
    engineer = page(taught_browser("engineer"))
    assert engineer.index("Proposed:") < engineer.index("In force:")
    assert "least share of rows" in engineer and "schema-accept" in engineer
    operator = page(taught_browser("operator"))
    assert "An engineer decides on it." in operator and "schema-accept" not in operator
    assert "schema-accept" not in page(taught_browser("admin"), "?as_of=4")


def test_then_stands_against_now(taught_browser: SIGNED_IN, proposed: str) -> None:
    told = page(taught_browser("operator"), f"?fleet={FLEET}&then={proposed}")
    assert "Then:" in told and told.count("least share of rows") == 2
    assert "There was no other schema" in page(taught_browser("auditor"), "?as_of=1")


def test_a_choice_leads_to_its_address(taught_browser: SIGNED_IN, taught_app: Dash) -> None:
    values = {"schema-then.value": "s-1"}
    values_ = {**values, "schema-view.data": {"fleet": FLEET, "then": "", "as_of": None}}
    answer = call(
        taught_app, taught_browser("operator"), "schema-go.href", "schema-then.value", values_
    )
    found = answer.get_json()["response"]["schema-go"]["href"]
    assert found == f"{PATH}?fleet={FLEET}&then=s-1"


def test_a_decision_asks_for_a_run(
    taught_browser: SIGNED_IN,
    taught_app: Dash,
    taught_services: Services,
    proposed: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With the reason in it; without one nothing is asked for."""
    asked: list[Any] = []

    def submit(_self: Any, request: Any, _who: str) -> Submitted:
        asked.append(request)
        return Submitted("schema-1", True)

    monkeypatch.setattr(type(taught_services.runs), "submit", submit)
    browser = taught_browser("engineer")
    assert "Give a reason" in decide(taught_app, browser, proposed, "accept", " ")
    told = decide(taught_app, browser, proposed, "reject", "sensor 7 is to be mended")
    assert "schema-1" in told and "Follow the run" in told
    (request,) = asked
    assert (request.schema_id, request.decision) == (proposed, "reject")
    assert request.reason == "sensor 7 is to be mended"


def test_who_may_not_decide_is_refused(
    taught_browser: SIGNED_IN, taught_app: Dash, proposed: str
) -> None:
    """A button that was never drawn can still be pressed."""
    told = decide(taught_app, taught_browser("operator"), proposed, "accept", "because")
    assert "may not decide" in told


def test_the_file_can_be_fetched(
    taught_browser: SIGNED_IN, taught_services: Services, proposed: str
) -> None:
    """By everybody who is signed in; a name of none is not found."""
    client = taught_browser("auditor").client
    answer = client.get(f"/quality/schema/{proposed}/schema.pbtxt")
    held = in_force(schemas(taught_services.pinned(), FLEET))
    assert answer.status_code == 200 and held is not None
    assert answer.get_data(as_text=True) != held.text
    assert answer.headers["Content-Disposition"].endswith(f'"{proposed}.schema.pbtxt"')
    for name in ("s-none", "..%2f..%2fetc", "%00", "x" * 999):
        assert client.get(f"/quality/schema/{name}/schema.pbtxt").status_code == 404
