"""The drift page."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from dash import Dash

from tests.app.pages.callbacks import call
from tests.app.security.conftest import Browser
from tests.app.taught_home import FLEET, TaughtHome

SIGNED_IN = Callable[[str], Browser]
PATH = "/quality/drift"


def page(browser: Browser, search: str = "") -> str:
    return json.dumps(browser.page(PATH, search), ensure_ascii=False)


def view(**more: Any) -> dict[str, Any]:
    return {"fleet": FLEET, "delivery": "", "all": "", "as_of": None} | more


def test_before_the_first_delivery_it_says_what_will_stand_here(signed_in: SIGNED_IN) -> None:
    assert "Once data is ingested and a model is live" in page(signed_in("operator"))


def test_it_says_exactly_what_it_compares_with(
    taught_browser: SIGNED_IN, taught_home: TaughtHome
) -> None:
    """Model, transform and version; the newest delivery in service beside it."""
    told = page(taught_browser("auditor"))
    assert taught_home.trained["model_id"] in told
    assert "learnt from silver/readings" in told and '"v1"' in told
    assert "Settings and sensors" in told and "Inputs of the model" in told
    assert "odd.csv" in told and "flights since" in told
    assert len(told) < 1_000_000


def test_all_columns_stand_there_on_demand(taught_browser: SIGNED_IN) -> None:
    browser = taught_browser("operator")
    assert "Show all 24 columns" in page(browser)
    told = page(browser, "?all=drift-raw")
    assert "Show all 24 columns" not in told and "sensor_18" in told


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ("?as_of=1", "No model is live for SIM"),
        ("?as_of=2", "No flight has arrived since the live model was trained"),
        ("?fleet=none&delivery=none", "odd.csv"),
    ],
)
def test_where_there_is_nothing_it_says_so(
    taught_browser: SIGNED_IN, search: str, words: str
) -> None:
    assert words in page(taught_browser("operator"), search)


def test_another_delivery_leads_to_its_address(
    taught_browser: SIGNED_IN, taught_app: Dash, taught_home: TaughtHome
) -> None:
    """The one that is shown leads nowhere."""
    browser = taught_browser("operator")

    def choose(name: str) -> Any:
        values = {"drift-delivery.value": name, "drift-view.data": view(as_of=4)}
        return call(taught_app, browser, "drift-go.href", "drift-delivery.value", values)

    found = choose("d-1").get_json()["response"]["drift-go"]["href"]
    assert found == f"{PATH}?fleet={FLEET}&delivery=d-1&as_of=4"
    assert choose(taught_home.delivery).status_code == 204


@pytest.mark.parametrize("kind", ["drift-raw", "drift-features"])
def test_the_furthest_column_is_drawn_after_the_rows(
    taught_browser: SIGNED_IN, taught_app: Dash, kind: str
) -> None:
    name = {"drift-raw": "sensor_4", "drift-features": "regime"}[kind]
    values = {f"{kind}-first.data": name, "drift-view.data": view(), "theme.data": "light"}
    browser = taught_browser("operator")
    told = call(taught_app, browser, f"{kind}-first-detail.children", f"{kind}-first.data", values)
    assert "training (silver v1)" in told.get_data(as_text=True)


def test_another_theme_draws_it_again(taught_browser: SIGNED_IN, taught_app: Dash) -> None:
    values = {"drift-view.data": view(), "theme.data": "dark"}
    browser = taught_browser("operator")
    told = call(taught_app, browser, "drift-body.children", "theme.data", values)
    assert "%236cc3cf" in told.get_data(as_text=True)
