"""The tables pages, asked as the browser asks."""

import json
import re
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import Any

import polars as pl
import pytest
from dash import Dash
from werkzeug.test import TestResponse

from app.factory import create_app
from app.pages import diff, table
from app.queries.table_diff import DiffAsk
from app.queries.table_history import Ask
from app.services import Services
from lakehouse.commits import DeltaLog
from lakehouse.tables import TABLES
from lakehouse.users import ROLES
from tests.app.pages.callbacks import call
from tests.app.security.conftest import HASH, Browser
from tests.app.table_home import CORRECTION, ENGINE, PLAN, SILVER, STATUS, make_table_home, publish

SIGNED_IN = Callable[[str], Browser]
CORRECTED = f"{PLAN.name}/{ENGINE}"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Services:
    made = make_table_home(tmp_path_factory.mktemp("home"))
    publish(made, "m-1", STATUS, 1)
    publish(made, "m-2", SILVER, 1)
    for role in ROLES:
        made.users.add(role, role)
    with made.users.database as database:
        database.execute("UPDATE users SET password = ?", (HASH,))
    return made


@pytest.fixture(scope="module")
def dashboard(home: Services) -> Dash:
    return create_app(home.settings)


@pytest.fixture(scope="module")
def ada(dashboard: Dash) -> Browser:
    """Somebody who may only look."""
    one = Browser(dashboard.server.test_client())
    assert one.sign_in("operator").status_code == 303
    one.token = partial(str, one.token())  # type: ignore[method-assign]
    return one


def page(browser: Browser, path: str, search: str = "") -> str:
    return json.dumps(browser.page(path, search), ensure_ascii=False)


def body(app: Dash, browser: Browser, **asked: Any) -> str:
    """The diff as the second call brings it."""
    view = asdict(DiffAsk(**{"table": SILVER, **asked}))
    given = {f"{diff.Ids.VIEW}.data": view}
    answer = call(app, browser, f"{diff.Ids.BODY}.children", f"{diff.Ids.VIEW}.data", given)
    return text_of(answer)


def text_of(answer: TestResponse) -> str:
    """An answer without the escapes that Dash writes."""
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return json.dumps(answer.get_json(), ensure_ascii=False)


@pytest.mark.parametrize("path", ["/tables", f"/tables/{SILVER}", f"/tables/{SILVER}/diff"])
def test_an_empty_lake_says_what_will_stand_there(signed_in: SIGNED_IN, path: str) -> None:
    for role in ("operator", "auditor"):
        assert "never written" in page(signed_in(role), path)


def test_the_catalogue_names_every_table_with_its_columns(ada: Browser) -> None:
    """Layer, purpose, owner, units, size, versions, newest version and the run that wrote it."""
    told = page(ada, "/tables")
    for name, each in TABLES.items():
        assert f'"/tables/{name}"' in told
        assert all(column.description in told for column in each.columns)
    assert f'"/runs/{CORRECTION}"' in told and "LPT outlet temperature" in told and "°R" in told
    assert len(told) < 300_000


def test_the_models_that_lost_their_data_are_named_and_no_other(ada: Browser) -> None:
    told = page(ada, "/tables")
    assert "▲ m-1 lost its training data." in told and "m-2" not in told
    details = page(ada, "/tables/retention")
    assert "▲ m-1 has lost training data." in details
    assert "yes, as long as the model is published" in details and "m-2" in details


def test_a_table_shows_its_versions_rows_and_schema(ada: Browser) -> None:
    told = page(ada, f"/tables/{SILVER}")
    assert f'"/runs/{CORRECTION}"' in told and '"What changed since v1"' in told
    assert "Rows of v2" in told and "Schema at v2" in told
    assert f'"/tables/{SILVER}/diff?from=0&to=1"' in told
    assert "pinned" in told
    assert len(told) < 400_000


def test_one_engine_is_kept_on_the_way_to_its_diff(ada: Browser) -> None:
    told = page(ada, f"/tables/{SILVER}", f"?version=2&engine={CORRECTED}")
    assert f"Rows of v2: engine {CORRECTED}" in told
    assert f"/tables/{SILVER}/diff?from=1&to=2&engine={PLAN.name}%2F{ENGINE}" in told


@pytest.mark.parametrize("engine", ["", CORRECTED])
def test_the_rows_that_are_shown_can_be_saved(home: Services, ada: Browser, engine: str) -> None:
    """Of the version and the engine that are looked at, in both formats."""
    told = page(ada, f"/tables/{SILVER}", f"?version=1&engine={engine}")
    links = re.findall(rf'"(/api/v1/tables/{SILVER}/export[^"]*)"', told)
    files = [ada.client.get(link, buffered=True) for link in links]
    assert [file.mimetype for file in files] == ["application/vnd.apache.parquet", "text/csv"]
    rows = home.lake.scan(SILVER, 1).collect("polars").to_native()
    wanted = rows.filter(pl.col("engine") == ENGINE) if engine else rows
    for saved in (pl.read_parquet(files[0].data), pl.read_csv(files[1].data)):
        assert saved["sensor_4"].sort().equals(wanted["sensor_4"].sort())


def test_what_cannot_be_shown_cannot_be_saved(ada: Browser) -> None:
    for path, search in ((STATUS, "?version=1"), ("ops/snapshots", f"?engine={CORRECTED}")):
        assert "/export?" not in page(ada, f"/tables/{path}", search)


@pytest.mark.parametrize(
    ("path", "search", "words"),
    [
        ("/tables/gold/nothing", "", "There is no table gold/nothing."),
        ("/tables/gold/nothing/diff", "", "There is no table gold/nothing."),
        (f"/tables/{SILVER}", "?version=99", "has no version 99: its log tells of v0 to v2"),
        (f"/tables/{SILVER}", "?version=2&as_of=1", "has no version 2: its log tells of v0 to v1"),
        (f"/tables/{STATUS}", "?version=1", "Readable: v2 to v3, v0."),
        (f"/tables/{SILVER}", "?as_of=1", "that of snapshot 1"),
        ("/tables/ops/snapshots", "?as_of=1", "Snapshots leave it out"),
        (f"/tables/{STATUS}", "?as_of=1", "was never written before snapshot 1"),
        (f"/tables/{SILVER}", "?version=x&page=-1&engine=%00", "Rows of v2"),
        (f"/tables/{SILVER}/diff", "?from=1&to=77", "has no version v77"),
        ("/tables/ops/limits", "", "ops/limits was never written"),
        ("/tables", "?as_of=1", f"/tables/{SILVER}?as_of=1"),
    ],
)
def test_what_there_is_not_is_said(ada: Browser, path: str, search: str, words: str) -> None:
    assert words in page(ada, path, search)


def test_a_diff_shows_old_and_new_values_and_leads_to_the_engine(
    ada: Browser, dashboard: Dash
) -> None:
    """And to the rows of that engine alone."""
    assert f"{SILVER} v1 → v2" in page(ada, f"/tables/{SILVER}/diff")
    told = body(dashboard, ada)
    assert f'"/engine/{CORRECTED}"' in told and "+12.5" in told
    assert f"/tables/{SILVER}/diff?from=1&to=2&column=sensor_4" in told
    alone = body(dashboard, ada, fleet=PLAN.name, engine=ENGINE, column="sensor_4")
    assert "Show all engines" in alone and "+12.5" in alone
    assert "hold the same rows" in body(dashboard, ada, fleet=PLAN.name, engine="test-002")


def test_a_diff_that_cannot_be_told_names_what_can_be_read(ada: Browser, dashboard: Dash) -> None:
    told = body(dashboard, ada, table=STATUS, before=0, after=1)
    assert "v1: its data file is gone" in told and "Readable: v2 to v3, v0." in told


def test_the_distributions_follow_and_open(ada: Browser, dashboard: Dash) -> None:
    given = {f"{diff.Ids.DRAWN}.data": True, "theme.data": "dark"}
    given[f"{diff.Ids.VIEW}.data"] = asdict(DiffAsk(SILVER))
    trigger = f"{diff.Ids.DRAWN}.data"
    told = call(dashboard, ada, f"{diff.Ids.SHIFTS}.children", trigger, given)
    text = text_of(told)
    assert "%236cc3cf" in text and "more columns did not move at all" in text
    first = {**given, "diff-first.data": "sensor_4"}
    opened = call(dashboard, ada, "diff-first-detail.children", "diff-first.data", first)
    assert '"type": "Graph"' in text_of(opened)


def test_the_fields_lead_to_another_diff(ada: Browser, dashboard: Dash) -> None:
    """The same again, or no number, leads nowhere."""

    def choose(before: Any, after: Any) -> Any:
        given = {f"{diff.Ids.VIEW}.data": asdict(DiffAsk(SILVER))}
        given |= {f"{diff.Ids.BEFORE}.value": before, f"{diff.Ids.AFTER}.value": after}
        return call(dashboard, ada, f"{diff.Ids.GO}.href", f"{diff.Ids.AFTER}.value", given)

    moved = choose(0, 2).get_json()["response"][diff.Ids.GO]["href"]
    assert moved == f"/tables/{SILVER}/diff?from=0&to=2"
    assert choose(1, 2).status_code == choose(None, 2).status_code == 204


def test_a_click_on_the_timeline_leads_to_its_version(ada: Browser, dashboard: Dash) -> None:
    view = {"name": SILVER, "ask": asdict(Ask(as_of=2))}
    given = {f"{table.Ids.VIEW}.data": view, "theme.data": "light"}
    trigger = f"{table.Ids.TIMELINE}.clickData"
    points = {f"{table.Ids.TIMELINE}.clickData": {"points": [{"customdata": 1}]}}
    answer = call(dashboard, ada, f"{table.Ids.GO}.href", trigger, given | points)
    found = answer.get_json()["response"][table.Ids.GO]["href"]
    assert found == f"/tables/{SILVER}?version=1&as_of=2"
    bar: dict[str, Any] = {f"{table.Ids.TIMELINE}.clickData": {"points": [{}]}}
    assert call(dashboard, ada, f"{table.Ids.GO}.href", trigger, given | bar).status_code == 204
    drawn = call(
        dashboard, ada, f"{table.Ids.TIMELINE}.figure", f"{table.Ids.VIEW}.data", given
    ).get_json()["response"][table.Ids.TIMELINE]["figure"]
    assert drawn["data"][0]["customdata"] == [0, 1, 2]


def test_the_stamps_of_fleet_and_engine_lead_to_their_versions(
    ada: Browser, dashboard: Dash
) -> None:
    assert '"/tables/gold/features?version=1"' in page(ada, "/")
    view = {"fleet": PLAN.name, "engine": ENGINE, "as_of": None}
    given = {"engine-view.data": view, "engine-seq.data": 2, "engine-norm.data": "",
             "engine-pick.data": {}, "theme.data": "light"}  # fmt: skip
    told = call(dashboard, ada, "engine-body.children", "engine-view.data", given)
    engine = f"engine={PLAN.name}%2F{ENGINE}"
    text = text_of(told)
    assert f'"/tables/gold/features?version=1&{engine}"' in text
    assert f'"/tables/{SILVER}?version=2&{engine}"' in text


def test_a_broken_log_is_told(home: Services, ada: Browser) -> None:
    """The last of these tests: the table is broken afterwards."""
    DeltaLog(home.lake.path("gold/backfill")).commit_files()[0].write_text("")
    assert "commit 0: it is empty" in page(ada, "/tables/gold/backfill")
    assert "commit 0: it is empty" in page(ada, "/tables/gold/backfill/diff")
    assert "cannot be drawn" not in page(ada, "/tables")
