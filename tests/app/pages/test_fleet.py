"""The fleet page, asked as the browser asks."""

import json
from collections.abc import Callable
from typing import Any

import pytest
import time_machine
from dash import Dash

from app.components.fleet_top import Over, fleet_top, no_match
from app.pages.fleet import LOOK_SECONDS, Ids
from app.queries.fleet import Ask, FleetPage
from app.queries.held import Held
from app.services import Services
from lakehouse.snapshots import Pinned, Snapshot
from tests.app.pages.callbacks import call
from tests.app.sample_lake import NEWEST
from tests.app.security.conftest import Browser

SIGNED_IN = Callable[[str], Browser]


@pytest.fixture(autouse=True)
def clock() -> Any:
    """An hour after the newest delivery."""
    with time_machine.travel(NEWEST.replace(hour=5), tick=True):
        yield


def drawn(browser: Browser, search: str = "") -> str:
    return json.dumps(browser.page("/", search), ensure_ascii=False)


def shown(app: Dash, browser: Browser, trigger: str, **values: Any) -> str:
    """The table after something was changed."""
    given = {f"{Ids.VIEW}.data": {"fleet": "FD001", "as_of": None}, f"{Ids.TURN}.data": 1}
    given |= {f"{getattr(Ids, name)}": value for name, value in values.items()}
    answer = call(app, browser, f"{Ids.TABLE}.children", trigger, given)
    assert answer.status_code == 200
    return json.dumps(answer.get_json()["response"][Ids.TABLE], ensure_ascii=False)


def test_the_page_names_what_it_was_drawn_from(run_browser: SIGNED_IN) -> None:
    page = drawn(run_browser("operator"))
    for word in (
        "Fleet FD001",
        "predictions",
        "fd001-7c1e22aa",
        "59 min ago",
        "2026-11-23 04:01 UTC",
    ):
        assert word in page
    for label in ("Need action", "Watch", "In service", "Next window opens", "Windows that held"):
        assert label in page


def test_every_engine_in_service_leads_to_its_page(run_browser: SIGNED_IN) -> None:
    page = drawn(run_browser("operator"))
    for number in range(1, 9):
        assert f'"/engine/FD001/test-00{number}"' in page
    assert "train-001" not in page


def test_a_fleet_without_a_model_says_so_and_offers_the_way(run_browser: SIGNED_IN) -> None:
    page = drawn(run_browser("engineer"), "?fleet=FD002")
    assert "No model is live for this fleet yet" in page
    assert '"/runs' in page
    assert "no forecast" in page


def test_the_url_filters(run_browser: SIGNED_IN) -> None:
    page = drawn(run_browser("operator"), "?state=failed&q=train-00")
    assert "train-001" in page
    assert '"/engine/FD001/test-001"' not in page
    assert "No engine matches" in drawn(run_browser("auditor"), "?q=nobody")


@pytest.mark.parametrize(
    "search", ["?page=-1", "?page=x", "?state=<b>", "?fleet=nobody", "?q=%00%27", "?page=99999999"]
)
def test_a_url_that_makes_no_sense_still_draws(run_browser: SIGNED_IN, search: str) -> None:
    page = drawn(run_browser("operator"), search)
    assert "Fleet FD001" in page
    assert "cannot be drawn" not in page


def test_a_new_search_begins_at_its_first_page(run_browser: SIGNED_IN, run_app: Dash) -> None:
    browser = run_browser("operator")
    given: dict[str, Any] = {f"{Ids.SEARCH}.value": "test-003", f"{Ids.STATE}.value": "all"}
    given |= {f"{Ids.VIEW}.data": {"fleet": "FD001", "as_of": None}, f"{Ids.TURN}.data": 7}
    answer = call(run_app, browser, Ids.TABLE, f"{Ids.SEARCH}.value", given)
    table = json.dumps(answer.get_json()["response"][Ids.TABLE], ensure_ascii=False)
    assert "test-003" in table
    assert "1–1 of 1" in table


def test_old_data_is_shown_as_stale_and_not_hidden(run_browser: SIGNED_IN) -> None:
    with time_machine.travel(NEWEST.replace(month=12), tick=True):
        page = drawn(run_browser("operator"))
        assert "30 d ago" in page
        assert "badge-stale" in page
        assert "badge-normal" not in page
        assert "badge-act" in page


def test_a_page_of_an_older_snapshot_keeps_it_in_its_links(run_browser: SIGNED_IN) -> None:
    assert '"/engine/FD001/test-001?as_of=1"' in drawn(run_browser("operator"), "?as_of=1")


def parts(tree: Any, kind: str) -> list[dict[str, Any]]:
    """The properties of every component of a kind in a page."""
    if isinstance(tree, list):
        return [props for part in tree for props in parts(part, kind)]
    if not isinstance(tree, dict):
        return []
    mine = [tree["props"]] if tree.get("type") == kind else []
    return mine + [props for part in tree.values() for props in parts(part, kind)]


def look(app: Dash, browser: Browser, seen: dict[str, float]) -> Any:
    """What the page is told when it looks whether the lake has moved; None when it has not."""
    answer = call(app, browser, Ids.SEEN, f"{Ids.BEAT}.data", {f"{Ids.SEEN}.data": seen})
    return None if answer.status_code == 204 else answer.get_json()


def test_the_page_looks_every_few_seconds_and_is_drawn_when_the_lake_has_moved(
    run_browser: SIGNED_IN, run_app: Dash
) -> None:
    """A new snapshot or a minute that has gone by; the header tells the same snapshot."""
    browser = run_browser("operator")
    drawn_from = next(
        props["data"] for props in parts(browser.page("/"), "Store") if props["id"] == Ids.SEEN
    )
    assert LOOK_SECONDS <= 3
    assert look(run_app, browser, drawn_from) is None
    older = drawn_from | {"version": drawn_from["version"] - 1}
    moved = look(run_app, browser, older)
    assert moved["response"][Ids.SEEN]["data"]["version"] == drawn_from["version"]
    assert moved["sideUpdate"]["shell-newest"]["children"] == " · snapshot 1"
    assert look(run_app, browser, drawn_from | {"at": drawn_from["at"] - 61}) is not None
    given = {f"{Ids.VIEW}.data": {"fleet": "FD001", "as_of": None}, f"{Ids.TURN}.data": 1}
    answer = call(run_app, browser, Ids.TABLE, f"{Ids.SEEN}.data", given)
    assert "test-001" in answer.get_data(as_text=True)


def test_a_page_of_an_older_snapshot_does_not_look(run_browser: SIGNED_IN) -> None:
    """It stays what it was."""
    browser = run_browser("operator")
    ticks = [parts(browser.page("/", search), "Interval")[0] for search in ("", "?as_of=1")]
    assert [tick.get("disabled", False) for tick in ticks] == [False, True]


def test_a_fleet_of_which_none_flies_yet_says_so(
    run_services: Services,
) -> None:
    """Only its history was ingested: nothing was searched for, and nothing was predicted."""
    page = FleetPage(Ask("FD001"), counts={"failed": 8}, model_id="fd001-7c1e22aa")
    pinned = Pinned(run_services.lake, Snapshot(seq=2))
    over = Over(page, Held(), pinned, run_services.profile, NEWEST)
    assert "vNone" not in str(fleet_top(over))
    assert "No engine is in service yet" in str(no_match(page))
    searched = FleetPage(Ask("FD001", text="nobody"), counts={"failed": 8})
    assert "Clear the search" in str(no_match(searched))
