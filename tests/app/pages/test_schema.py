"""The schema page: read, compare, decide."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash

from app.queries.schemas import schemas
from app.services import Services
from lakehouse.runs import Submitted
from tests.app.pages.callbacks import call, press
from tests.app.security.conftest import Browser
from tests.app.taught_home import FLEET

SIGNED_IN = Callable[[str], Browser]
PATH = "/quality/schema"
BUTTON = '"type": "decide"'


@pytest.fixture
def proposed(taught_services: Services) -> str:
    every = schemas(taught_services.pinned(), FLEET)
    return next(each.schema_id for each in every if each.is_open)


def page(browser: Browser, search: str = "") -> str:
    return json.dumps(browser.page(PATH, search), ensure_ascii=False)


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
    assert "least share of rows" in engineer and BUTTON in engineer
    operator = page(taught_browser("operator"))
    assert "An engineer decides on it." in operator and BUTTON not in operator
    assert BUTTON not in page(taught_browser("admin"), "?as_of=4")


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
    browser, about = taught_browser("engineer"), ("schema", proposed)
    assert "Give a reason" in press(taught_app, browser, about, "accept", " ")
    told = press(taught_app, browser, about, "reject", "sensor 7 is to be mended")
    assert "schema-1" in told and "Follow the run" in told
    (request,) = asked
    assert (request.schema_id, request.decision) == (proposed, "reject")
    assert request.reason == "sensor 7 is to be mended"


def test_who_may_not_decide_is_refused(
    taught_browser: SIGNED_IN, taught_app: Dash, proposed: str
) -> None:
    """A button that was never drawn can still be pressed."""
    about = ("schema", proposed)
    told = press(taught_app, taught_browser("operator"), about, "accept", "because")
    assert "may not decide" in told


def test_the_file_can_be_fetched(
    taught_browser: SIGNED_IN, taught_services: Services, proposed: str
) -> None:
    """By everybody who is signed in; a name of none is not found."""
    client = taught_browser("auditor").client
    answer = client.get(f"/quality/schema/{proposed}/schema.pbtxt")
    wanted = next(each for each in schemas(taught_services.pinned(), FLEET) if each.is_open)
    assert answer.status_code == 200
    assert answer.get_data(as_text=True) == wanted.text and "sensor_7" in wanted.text
    assert answer.headers["Content-Disposition"].endswith(f'"{proposed}.schema.pbtxt"')
    for name in ("s-none", "..%2f..%2fetc", "%00", "x" * 999):
        assert client.get(f"/quality/schema/{name}/schema.pbtxt").status_code == 404
