"""The engine page, asked as the browser asks."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

import pytest
import time_machine
from dash import Dash

from app.pages.engine import Ids
from tests.app.pages.callbacks import call
from tests.app.sample_lake import NEWEST
from tests.app.sample_runs import SampleRuns
from tests.app.security.conftest import Browser

SIGNED_IN = Callable[[str], Browser]


@pytest.fixture(autouse=True)
def clock() -> Any:
    """An hour after the newest delivery."""
    with time_machine.travel(NEWEST.replace(hour=5), tick=True):
        yield


def asked(engine: str, fleet: str = "FD001", **more: Any) -> dict[str, Any]:
    """What the browser sends along."""
    values: dict[str, Any] = {
        Ids.VIEW: {"fleet": fleet, "engine": engine, "as_of": None},
        Ids.SEQ: 1,
        Ids.NORM: "",
        Ids.PICK: {"sensors": "", "span": None},
        "theme": "light",
    } | more
    return {f"{name}.data": value for name, value in values.items()}


def body(app: Dash, browser: Browser, engine: str, fleet: str = "FD001", **more: Any) -> Any:
    given = asked(engine, fleet, **more)
    answer = call(app, browser, f"{Ids.BODY}.children", f"{Ids.VIEW}.data", given)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return answer.get_json()["response"][Ids.BODY]["children"]


def parts(tree: Any) -> Any:
    """Every component below a component."""
    if isinstance(tree, list):
        for child in tree:
            yield from parts(child)
    elif isinstance(tree, dict) and "props" in tree:
        yield tree
        yield from parts(tree["props"].get("children"))


def found(tree: Any, kind: str) -> list[dict[str, Any]]:
    return [part["props"] for part in parts(tree) if part["type"] == kind]


def test_one_callback_draws_the_whole_page(run_browser: SIGNED_IN, run_app: Dash) -> None:
    tree = body(run_app, run_browser("operator"), "test-001")
    assert len(found(tree, "Graph")) == 2
    images = found(tree, "Img")
    assert len(images) == 24
    assert all(image["alt"] and image["src"].startswith("data:image/svg+xml,") for image in images)
    assert not any(set(image["src"]) & set('<>" ') for image in images)


def test_the_chain_of_the_sentence_is_on_the_page(run_browser: SIGNED_IN, run_app: Dash) -> None:
    text = json.dumps(body(run_app, run_browser("operator"), "test-001"), ensure_ascii=False)
    for word in ("Will probably fail", "90 % window", "fd001-7c1e22aa", "test_FD001.txt"):
        assert word in text
    assert '"/runs/run-FD001"' in text
    assert text.count('"/proof/FD001/test-001/') >= 2  # under the sentence, and under the track


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("norm", ["", "raw", "norm"])
@pytest.mark.parametrize(
    ("engine", "fleet"),
    [
        ("test-001", "FD001"),
        ("test-002", "FD001"),
        ("test-003", "FD001"),
        ("test-008", "FD001"),
        ("train-001", "FD001"),
        ("train-005", "FD001"),
        ("test-001", "FD002"),
        ("test-002", "FD002"),
    ],
)
def test_every_engine_draws_in_every_look(  # noqa: PLR0917
    run_browser: SIGNED_IN, run_app: Dash, engine: str, fleet: str, norm: str, theme: str
) -> None:
    given = {Ids.NORM: norm, "theme": theme}
    tree = body(run_app, run_browser("auditor"), engine, fleet, **given)
    assert len(found(tree, "Img")) == 24
    assert "NaN" not in json.dumps(tree)


def test_no_line_is_drawn_across_missing_cycles(run_browser: SIGNED_IN, run_app: Dash) -> None:
    tree = body(run_app, run_browser("operator"), "test-002")
    chosen = next(g for g in found(tree, "Graph") if g["id"] == Ids.CHOSEN)
    traces = [trace for trace in chosen["figure"]["data"] if trace.get("name")]
    assert traces
    for trace in traces:
        hole = trace["y"].index(None)
        assert trace["x"][hole - 1] == 59
        assert trace["x"][hole + 1] == 76


def test_after_a_failure_each_issued_window_shows_whether_it_held(
    run_browser: SIGNED_IN, run_app: Dash
) -> None:
    tree = body(run_app, run_browser("operator"), "train-001")
    track = next(g for g in found(tree, "Graph") if g["id"] == Ids.TRACK)
    told = [t["text"] for t in track["figure"]["data"] if t.get("name") == "window issued"]
    words = [word for text in told for word in text]
    assert words
    assert all(word.endswith(("✓ held", "✕ missed")) for word in words)
    assert "this engine taught the model" in json.dumps(tree)


def test_the_chosen_sensors_are_the_urls(run_browser: SIGNED_IN, run_app: Dash) -> None:
    browser = run_browser("operator")
    pick: Any = {"sensors": "sensor_7,nonsense,sensor_2,sensor_7", "span": [20, 60]}
    given = asked("test-001", **{Ids.PICK: pick})
    answer = call(run_app, browser, f"{Ids.CHOSEN}.figure", f"{Ids.PICK}.data", given)
    figure = answer.get_json()["response"][Ids.CHOSEN]["figure"]
    assert [t["name"] for t in figure["data"] if t.get("name")] == ["P30", "T24"]
    assert figure["layout"]["xaxis"]["range"] == [20, 60]
    assert figure["layout"]["hoversubplots"] == "axis"


def test_the_same_page_again_is_the_same_bytes(run_browser: SIGNED_IN, run_app: Dash) -> None:
    browser = run_browser("operator")
    assert body(run_app, browser, "test-004") == body(run_app, browser, "test-004")


def test_nobody_gets_a_page_of_an_engine_that_is_not_there(
    run_browser: SIGNED_IN, run_app: Dash
) -> None:
    browser = run_browser("operator")
    for engine in ("test-999", "../../etc/passwd", "<img src=x onerror=alert(1)>"):
        assert "There is no engine" in json.dumps(body(run_app, browser, engine))


def test_only_who_may_report_sees_the_button(run_browser: SIGNED_IN, run_app: Dash) -> None:
    assert "Report failure" in json.dumps(body(run_app, run_browser("operator"), "test-001"))
    assert "Report failure" not in json.dumps(body(run_app, run_browser("auditor"), "test-001"))


def report(app: Dash, browser: Browser, cycle: Any, reason: str) -> str:
    given = asked("test-001")
    given |= {f"{Ids.CYCLE}.value": cycle, f"{Ids.REASON}.value": reason}
    answer = call(app, browser, f"{Ids.RESULT}.children", f"{Ids.SEND}.n_clicks", given)
    assert answer.status_code == 200
    return json.dumps(answer.get_json()["response"][Ids.RESULT])


def test_a_reported_failure_becomes_a_run(
    run_browser: SIGNED_IN, run_app: Dash, store: SampleRuns
) -> None:
    browser = run_browser("operator")
    assert "Follow the run" in report(run_app, browser, 200, "borescope")
    assert "Give the cycle" in report(run_app, browser, 200, "  ")
    assert "Give the cycle" in report(run_app, browser, None, "borescope")
    for cycle in (1, 5000):
        assert "Readings go up to cycle" in report(run_app, browser, cycle, "borescope")


def test_an_auditor_cannot_report_by_hand_either(run_browser: SIGNED_IN, run_app: Dash) -> None:
    auditor = run_browser("auditor")
    assert "Follow the run" not in report(run_app, auditor, 200, "borescope")
    # The role comes first, whatever else is wrong.
    assert "Give the cycle" not in report(run_app, auditor, None, "")


def test_the_page_follows_the_lake(run_browser: SIGNED_IN, run_app: Dash) -> None:
    browser = run_browser("operator")
    trigger = f"{Ids.TICK}.n_intervals"
    same = call(run_app, browser, f"{Ids.SEQ}.data", trigger, {f"{Ids.SEQ}.data": 1})
    assert Ids.SEQ not in (same.get_json(silent=True) or {}).get("response", {})
    newer = call(run_app, browser, f"{Ids.SEQ}.data", trigger, {f"{Ids.SEQ}.data": 0})
    assert newer.get_json()["response"][Ids.SEQ]["data"] == 1


def test_the_url_becomes_the_state(run_browser: SIGNED_IN) -> None:
    browser = run_browser("operator")
    page = browser.page("/engine/FD001/test-001", "?sensors=sensor_2&norm=norm&from=5&to=50")
    stores = {props["id"]: props["data"] for props in found(page, "Store")}
    assert stores[Ids.PICK] == {"sensors": "sensor_2", "span": [5, 50]}
    assert stores[Ids.NORM] == "norm"
    for search in ("?from=x&to=3", "?from=9&to=3", "?from=nan&to=inf", "?from=1"):
        page = browser.page("/engine/FD001/test-001", search)
        stores = {props["id"]: props["data"] for props in found(page, "Store")}
        assert stores[Ids.PICK]["span"] is None


def test_pictures_are_readable_svg(run_browser: SIGNED_IN, run_app: Dash) -> None:
    tree = body(run_app, run_browser("operator"), "test-001")
    assert all("<svg" in unquote(image["src"]) for image in found(tree, "Img"))
