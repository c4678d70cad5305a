"""The statistics page."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from dash import Dash

from tests.app.pages.callbacks import call
from tests.app.security.conftest import Browser
from tests.app.taught_home import TaughtHome

SIGNED_IN = Callable[[str], Browser]
PATH = "/quality/statistics"


def page(browser: Browser, **query: str) -> str:
    return json.dumps(browser.page(PATH, f"?{urlencode(query)}"))


def view(**more: Any) -> dict[str, Any]:
    return {"left": "", "right": "", "sort": "distance", "page": 1, "as_of": None} | more


def test_before_the_first_delivery_it_says_what_will_stand_here(signed_in: SIGNED_IN) -> None:
    told = page(signed_in("operator"))
    assert "Once data is ingested" in told and "statistics-left" not in told


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_what_taught_the_live_model_stands_beside_what_came_last(
    taught_browser: SIGNED_IN, taught_home: TaughtHome, role: str
) -> None:
    """Both with their facts, the columns furthest apart first; small enough to be sent at once."""
    told = page(taught_browser(role))
    assert "training of silver v1" in told and "odd.csv" in told
    assert taught_home.trained["model_id"] in told
    assert told.index("sensor_4") < told.index("sensor_18")
    assert "of 26 columns" in told
    assert len(told) < 1_000_000


def test_columns_can_stand_by_name(taught_browser: SIGNED_IN) -> None:
    """Numbers in names are counted, not spelt."""
    told = page(taught_browser("operator"), sort="name")
    places = [told.index(f'"children": "{name}"') for name in ("cycle", "sensor_2", "sensor_11")]
    assert places == sorted(places)


def test_many_columns_come_in_pages(taught_browser: SIGNED_IN) -> None:
    """The features of a model: never all at once."""
    browser = taught_browser("operator")
    offered = page(browser)
    name = next(word for word in offered.split('"') if word.endswith(".features"))
    told = page(browser, left=name, right=name)
    assert "More columns" in told and "Nearer the top" not in told
    assert "Nearer the top" in page(browser, left=name, right=name, page="2")
    assert len(told) < 300_000


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({"left": "d-none", "right": "<b>x</b>"}, "Nobody published statistics of d-none or <b>x"),
        ({"left": "silver/readings@9"}, "what models learnt from silver v1"),
        ({"left": "silver/readings@1"}, "training of silver v1"),
        ({"page": "999999999"}, "of 26 columns"),
        ({"page": "-1", "sort": "odd"}, "of 26 columns"),
    ],
)
def test_what_there_is_not_is_said(
    taught_browser: SIGNED_IN, query: dict[str, str], words: str
) -> None:
    assert words in page(taught_browser("operator"), **query)


def test_a_choice_leads_to_its_address(taught_browser: SIGNED_IN, taught_app: Dash) -> None:
    """The same again leads nowhere."""
    browser = taught_browser("operator")
    values = {"statistics-view.data": view(left="a", right="b", page=3)}
    chosen = {"statistics-left.value": "a", "statistics-right.value": "c"}
    chosen["statistics-sort.value"] = "name"
    answer = call(
        taught_app, browser, "statistics-go.href", "statistics-right.value", values | chosen
    )
    found = answer.get_json()["response"]["statistics-go"]["href"]
    assert found == f"{PATH}?left=a&right=c&sort=name"
    same = {**chosen, "statistics-right.value": "b", "statistics-sort.value": "distance"}
    answer = call(
        taught_app, browser, "statistics-go.href", "statistics-right.value", values | same
    )
    assert answer.status_code == 204


def test_the_first_column_is_drawn_after_the_rows(
    taught_browser: SIGNED_IN, taught_app: Dash, taught_home: TaughtHome
) -> None:
    """Figure and numbers; a column that is not there draws nothing."""
    browser = taught_browser("operator")
    names = {"left": taught_home.delivery, "right": taught_home.delivery}
    values = {"statistics-view.data": view(**names), "theme.data": "dark"}

    def first(name: str) -> Any:
        given = values | {"statistics-first.data": name}
        part = "statistics-first-detail.children"
        return call(taught_app, browser, part, "statistics-first.data", given)

    told = first("sensor_4").get_data(as_text=True)
    assert "odd.csv (1)" in told and '"type":"Graph"' in told
    assert first("nonsense").status_code == 204


def test_another_theme_draws_the_rows_again(
    taught_browser: SIGNED_IN, taught_app: Dash, taught_home: TaughtHome
) -> None:
    browser = taught_browser("operator")
    names = {"left": taught_home.delivery, "right": taught_home.delivery}
    values = {"statistics-view.data": view(**names), "theme.data": "dark"}
    told = call(taught_app, browser, "statistics-body.children", "theme.data", values)
    assert "%236cc3cf" in told.get_data(as_text=True)
