"""The lineage page and its downloads, without a browser."""

import csv
import io
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from app.components.lineage_graph import Ids
from app.services import Services
from tests.app.pages.callbacks import call
from tests.app.security.conftest import Browser
from tests.app.taught_home import ODD, TaughtHome
from tests.lakehouse.lineage.stores import chain
from tests.lakehouse.lineage.test_foreign import OLD, TFX, theirs

__all__ = ["theirs"]  # a fixture
Open = Callable[[str], Browser]


def text_of(page: Any) -> str:
    return json.dumps(page, ensure_ascii=False)


def drawn(page: Any) -> list[dict[str, Any]]:
    """The elements of the picture on a page."""
    if isinstance(page, dict):
        if page.get("type") == "Cytoscape":
            return list(page["props"]["elements"])
        return drawn(list(page.values()))
    return next((got for one in page if (got := drawn(one))), []) if isinstance(page, list) else []


@pytest.fixture
def ada(taught_browser: Open) -> Browser:
    return taught_browser("auditor")


@pytest.fixture
def store(taught_services: Services) -> Path:
    """A store of others in the home's folder."""
    folder = taught_services.settings.stores
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / "chain.db").exists():
        chain(folder / "chain.db")
    return folder / "chain.db"


def test_before_anything_is_asked_the_page_says_where_to_begin(
    ada: Browser, taught_home: TaughtHome, store: Path
) -> None:
    text = text_of(ada.page("/lineage"))
    for name in (ODD, taught_home.trained["model_id"], taught_home.odd["run_id"], store.name):
        assert name in text
    assert "/lineage?store=chain.db" in text


def test_a_delivery_shows_its_hash_its_graph_and_what_it_touched(
    ada: Browser, taught_home: TaughtHome
) -> None:
    page = ada.page("/lineage", f"?of={taught_home.delivery}&way=forward")
    text = text_of(page)
    assert f"Delivery {ODD}" in text and taught_home.odd["deliveries"][0]["sha256"] in text
    nodes = {one["data"]["label"].splitlines()[0] for one in drawn(page) if "position" in one}
    assert {ODD, "ExampleGen", "Clean", "BulkInferrer"} <= nodes
    assert "What it touched" in text and "@" in text and "its rows" in text
    assert "touched.csv?of=" in text and "/engine/SIM/late-" in text


def test_as_of_a_snapshot_a_delivery_taught_no_later_model(
    ada: Browser, taught_home: TaughtHome
) -> None:
    """The history was taken in by the first snapshot, the model came with the second."""
    delivery = taught_home.history["deliveries"][0]["delivery_id"]
    model = taught_home.trained["model_id"]
    assert model in text_of(ada.page("/lineage", f"?of={delivery}&way=forward&steps=1"))
    then = ada.page("/lineage", f"?of={delivery}&way=forward&steps=1&as_of=1")
    assert "What it touched" in text_of(then) and model not in text_of(then)


def test_the_table_has_every_node_of_the_picture_and_is_sorted_as_asked(
    ada: Browser, taught_home: TaughtHome
) -> None:
    run = f"?of=run:{taught_home.trained['run_id']}"
    page = ada.page("/lineage", f"{run}&sort=-name")
    names = [one["data"]["href"] for one in drawn(page) if "position" in one]
    text = text_of(page)
    table = text[text.index("The same as a table") :]
    assert all(json.dumps(href)[1:-1] in table for href in names)
    assert '"aria-sort": "descending"' in table
    order = re.findall(r'"children": "([^"]+)", "href": "/lineage', table)
    assert "gold/fleet_band@1" in order and order[-10:] == sorted(order[-10:], reverse=True)


def test_runs_take_the_place_of_steps(ada: Browser, taught_home: TaughtHome) -> None:
    page = ada.page("/lineage", f"?of={taught_home.trained['model_id']}&runs=1")
    ids = {one["data"]["id"] for one in drawn(page) if "position" in one}
    assert f"r{taught_home.trained['run_id']}" in ids and not any(i.startswith("e") for i in ids)


def test_details_tell_parameters_hash_code_and_who_asked(
    ada: Browser, taught_home: TaughtHome
) -> None:
    model = text_of(ada.page("/lineage", f"?of={taught_home.trained['model_id']}"))
    assert "sha256" in model and "parameters" in model and "rounds" in model
    page = ada.page("/lineage", f"?of=run:{taught_home.trained['run_id']}&steps=1")
    text = text_of(page)
    assert "who asked" in text and "cli:" in text and "code" in text and "took" in text


def test_what_is_not_there_is_told_and_the_starts_stay(ada: Browser) -> None:
    text = text_of(ada.page("/lineage", "?of=gone"))
    assert "There is no model, run or delivery 'gone'" in text and ODD in text


def test_the_picture_follows_the_theme(ada: Browser, taught_app: Dash) -> None:
    def style(theme: str) -> str:
        part, trigger = f"{Ids.GRAPH}.stylesheet", "theme.data"
        return call(taught_app, ada, part, trigger, {trigger: theme}).get_data(as_text=True)

    assert "#151f22" in style("dark") and "#151f22" not in style("light")


def test_downloads_hold_everything_in_reach(ada: Browser, taught_home: TaughtHome) -> None:
    of = f"?of={taught_home.delivery}&way=forward&steps=0"
    nodes = ada.client.get(f"/lineage/nodes.csv{of}")
    rows = list(csv.DictReader(io.StringIO(nodes.get_data(as_text=True))))
    assert {ODD, "BulkInferrer"} <= {row["name"] for row in rows}
    assert 'filename="' in nodes.headers["Content-Disposition"]
    flow = ada.client.get(f"/lineage/mermaid.mmd{of}").get_data(as_text=True)
    assert flow.startswith("flowchart LR") and ODD in flow
    events = ada.client.get(f"/lineage/openlineage.jsonl{of}").get_data(as_text=True)
    told = [json.loads(line) for line in events.splitlines()]
    steps = {row["key"] for row in rows if row["kind"] == "execution"}
    assert len(told) == 2 * len(steps) and told[0]["job"]["name"] == "ExampleGen"
    (name,) = {e["name"] for e in told[0]["inputs"] if e["name"].startswith("deliveries/")}
    assert name == f"deliveries/{ODD}"
    touched = ada.client.get(f"/lineage/touched.csv{of}").get_data(as_text=True)
    said = list(csv.DictReader(io.StringIO(touched)))
    assert said and {row["how"] for row in said} == {"its rows"}


@pytest.mark.parametrize("path", ["gone.csv?of=x", "nodes.csv", "nodes.csv?of=gone",
                                  "nodes.csv?of=x&as_of=99"])  # fmt: skip
def test_a_download_of_nothing_is_told(ada: Browser, path: str) -> None:
    answer = ada.client.get(f"/lineage/{path}")
    assert answer.status_code == 404 and answer.get_json()["error"]


def test_downloads_are_for_people_who_are_signed_in(taught_app: Dash) -> None:
    answer = taught_app.server.test_client().get("/lineage/nodes.csv?of=x")
    assert answer.status_code in (302, 303, 401)


def test_a_store_of_others_is_drawn_and_a_step_of_it_leads_on(ada: Browser, store: Path) -> None:
    page = ada.page("/lineage", "?store=chain.db")
    nodes = [one for one in drawn(page) if "position" in one]
    assert len(nodes) == 19 and not any("start" in one["classes"] for one in nodes)
    model = next(one for one in nodes if one["data"]["label"].startswith("m-2"))
    path, _, query = model["data"]["href"].partition("?")
    near = drawn(ada.page(path, f"?{query}"))
    assert {"start"} <= {c for one in near for c in one["classes"].split()}
    runs = text_of(ada.page("/lineage", "?store=chain.db&runs=1"))
    assert "train-2" in runs and "/lineage?of=run%3Atrain-2&store=chain.db" in runs
    events = ada.client.get("/lineage/openlineage.jsonl?store=chain.db").get_data(as_text=True)
    assert {json.loads(line)["job"]["namespace"] for line in events.splitlines()} == {"chain.db"}


@pytest.mark.parametrize("name", ["../../../metadata.sqlite", "/etc/passwd", "gone.db", ".."])
def test_only_a_store_that_is_there_is_opened(ada: Browser, store: Path, name: str) -> None:
    text = text_of(ada.page("/lineage", f"?store={name}"))
    assert "There is no store" in text and not drawn(ada.page("/lineage", f"?store={name}"))


def test_the_stores_of_tfx_are_drawn(ada: Browser, taught_services: Services, theirs: Path) -> None:
    folder = taught_services.settings.stores
    folder.mkdir(parents=True, exist_ok=True)
    for name in (TFX, OLD):
        if not (folder / name).exists():
            shutil.copyfile(theirs / name, folder / name)
        page = ada.page("/lineage", f"?store={name}")
        labels = {one["data"]["label"].splitlines()[0] for one in drawn(page) if "position" in one}
        assert {"CsvExampleGen", "Trainer", "Pusher"} <= labels
    assert "cached" in text_of(ada.page("/lineage", f"?store={TFX}"))
