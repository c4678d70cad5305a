"""The pages of runs: they draw in every state, and their buttons ask for the right thing."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dash import Dash

from app.components import fetch_button, ingest_form, retrain_form, run_actions
from app.components.launch_button import MaintainIds, VerifyIds
from app.pages import run, runs
from app.queries.runs import marks
from app.services import Services
from lakehouse.parameters import Parameters
from lakehouse.requests import IngestRequest, RetrainRequest, ScoreRequest, StreamRequest
from lakehouse.runs import Submitted
from tests.app.pages.callbacks import call
from tests.app.sample_runs import SampleRuns, run_id, sample_run, sample_runs
from tests.app.security.conftest import Browser

SIGNED_IN = Callable[[str], Browser]
RUNS = {one.run_id: one for one in sample_runs()}
INGEST, RETRAIN, ACTIONS = ingest_form.Ids, retrain_form.Ids, run_actions.Ids


def drawn(browser: Browser, path: str, search: str = "") -> str:
    """A page as text."""
    answer = browser.open(path, search)
    assert answer.status_code == 200
    return json.dumps(browser.page(path, search), ensure_ascii=False)


def test_the_list_says_of_every_run_what_who_and_how_it_stands(run_browser: SIGNED_IN) -> None:
    page = drawn(run_browser("engineer"), "/runs")
    words = ("queued", "running", "succeeded", "failed", "cancelling", "cancelled", "crashed")
    for word in (*words, "anna", "2026-11-23 04:48", "1 min 14 s", "silver/readings v3"):
        assert word in page
    for one in RUNS:
        assert f'"/runs/{one}"' in page


@pytest.mark.parametrize("role", ["operator", "auditor"])
def test_who_may_not_launch_sees_runs_and_no_buttons(run_browser: SIGNED_IN, role: str) -> None:
    browser = run_browser(role)
    page = drawn(browser, "/runs") + drawn(browser, f"/runs/{run_id('retrain', 6)}")
    assert "FD001" in page
    assert f'"{MaintainIds.START}"' not in page
    for button in (INGEST.OPEN, RETRAIN.OPEN, INGEST.SUBMIT, ACTIONS.CANCEL, ACTIONS.RETRY):
        assert f'"{button}"' not in page


def test_without_runs_one_sentence_and_the_button(
    run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    store.runs = []
    page = drawn(run_browser("engineer"), "/runs")
    assert "Nothing has run yet" in page
    assert f'"{INGEST.OPEN}"' in page


def test_without_a_worker_the_page_says_what_to_do(
    run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    store.alive = False
    assert "No worker is running." in drawn(run_browser("engineer"), "/runs")


def test_a_kind_and_a_page_come_from_the_address(run_browser: SIGNED_IN, store: SampleRuns) -> None:
    browser = run_browser("engineer")
    only = drawn(browser, "/runs", "?kind=score")
    assert run_id("score", 1) in only
    assert run_id("retrain", 4) not in only
    store.runs = [sample_run("score", "SUCCEEDED", n) for n in range(60)]
    assert "Older" in drawn(browser, "/runs")
    assert "Newer" in drawn(browser, "/runs", "?page=2")
    for odd in ("?page=x", "?page=-1", "?page=999999999999", "?kind='; drop", "?page=0"):
        assert "Score" in drawn(browser, "/runs", odd) or "page" in odd


@pytest.mark.parametrize("one", RUNS.values(), ids=lambda one: f"{one.kind}-{one.state}")
def test_a_run_draws_in_every_state(run_browser: SIGNED_IN, one: Any) -> None:
    page = drawn(run_browser("engineer"), f"/runs/{one.run_id}")
    assert one.run_id in page
    assert "Log" in page
    for step in one.steps:
        assert step.node in page
    shown = "run-can-retry" in page, "run-can-cancel" in page
    can_retry = one.state in ("FAILED", "CANCELLED")
    assert shown == (can_retry, one.state in ("QUEUED", "RUNNING", "CRASHED"))


def test_a_training_shows_metrics_and_the_gate(run_browser: SIGNED_IN) -> None:
    page = drawn(run_browser("operator"), f"/runs/{run_id('retrain', 4)}")
    for word in ("0.9941", "91.2", "passed the gate and is live", "better than live", "retry of"):
        assert word in page


def test_an_ingest_shows_each_delivery_with_counts_and_reasons(run_browser: SIGNED_IN) -> None:
    page = drawn(run_browser("operator"), f"/runs/{run_id('ingest', 3)}")
    for word in ("20,629", "wrong field count: 2", "the archive ends early", "rejected"):
        assert word in page
    assert "readme.md: none of NASA's names" in page


def test_a_stream_shows_what_it_took_in_and_no_share_that_is_done(
    run_browser: SIGNED_IN,
) -> None:
    browser = run_browser("engineer")
    page = drawn(browser, f"/runs/{run_id('stream', 20)}")
    for word in ("Taken in", "Newest snapshot", "streaming", "batch 411", "silver/readings v9"):
        assert word in page
    assert "Progress" not in page
    listed = drawn(browser, "/runs", "?kind=stream")
    assert "FD001 from data/incoming" in listed
    assert "waits for data" in listed


def test_a_cancelled_stream_is_started_again_as_the_same_stream(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    browser, cancelled = run_browser("engineer"), run_id("stream", 21)
    page = drawn(browser, f"/runs/{cancelled}")
    for word in ("which is how a stream ends", "Start again", "ended", "run-can-retry"):
        assert word in page
    assert "run-trouble-act" not in page
    values = {f"{run.Ids.RUN}.data": cancelled}
    call(run_app, browser, run.Ids.GO, f"{ACTIONS.RETRY}.n_clicks", values)
    request, who = store.submitted[0]
    assert isinstance(request, StreamRequest)
    assert (request.folder, request.fleet, who) == ("/data/incoming", "FD001", "engineer")
    values = {f"{run.Ids.RUN}.data": run_id("stream", 20)}
    refused = call(run_app, browser, run.Ids.GO, f"{ACTIONS.RETRY}.n_clicks", values)
    assert "once it has ended" in refused.get_data(as_text=True)
    assert len(store.submitted) == 1


def test_the_question_before_a_stream_is_cancelled_knows_that_it_is_one(
    run_browser: SIGNED_IN,
) -> None:
    browser = run_browser("engineer")
    assert "Cancel this stream?" in drawn(browser, f"/runs/{run_id('stream', 20)}")
    assert "Cancel this run?" in drawn(browser, f"/runs/{run_id('retrain', 8)}")


def test_an_unknown_run_leads_back(run_browser: SIGNED_IN) -> None:
    browser = run_browser("engineer")
    for name in ("retrain-20261123T000000-abcdef", "..%2F..%2Fetc%2Fpasswd", "%3Cscript%3E"):
        assert "See all runs" in drawn(browser, f"/runs/{name}")


def test_text_of_a_run_is_text(run_browser: SIGNED_IN, store: SampleRuns) -> None:
    """Dash components carry it as children, never as markup."""
    evil = "<img src=x onerror=alert(1)>"
    one = sample_run("report", "FAILED", error=evil, who=evil)
    store.runs, store.lines = [one], (replace(store.lines[0], message=evil),)
    browser = run_browser("engineer")
    for path in ("/runs", f"/runs/{one.run_id}"):
        assert "dangerously" not in drawn(browser, path)
        assert evil in drawn(browser, path)


def look(services: Services, *ids: str) -> dict[str, Any]:
    return dict(marks(services, ids))


def test_a_look_without_a_change_answers_nothing(
    run_app: Dash, run_browser: SIGNED_IN, run_services: Services
) -> None:
    browser, page = run_browser("operator"), runs.Ids
    values = {
        f"{page.MARKS}.data": look(run_services),
        f"{page.VIEW}.data": {"kind": None, "page": 1, "as_of": None},
    }
    assert call(run_app, browser, page.LIST, f"{page.BEAT}.data", values).status_code == 204
    (run_services.settings.runs).write_text("changed")
    answer = call(run_app, browser, page.LIST, f"{page.BEAT}.data", values)
    assert answer.get_json()["response"][page.TICK]["interval"] == runs.BUSY_MS
    assert run_id("score", 1) in answer.get_data(as_text=True)


def test_a_finished_run_is_looked_at_less_often(
    run_app: Dash, run_browser: SIGNED_IN, run_services: Services
) -> None:
    browser, page = run_browser("operator"), run.Ids
    values = {
        f"{page.MARKS}.data": {"ids": [], "stamp": ""},
        f"{page.RUN}.data": run_id("retrain", 4),
    }
    answer = call(run_app, browser, page.LIVE, f"{page.BEAT}.data", values)
    assert answer.get_json()["response"][page.TICK]["interval"] == run.CALM_MS
    again = answer.get_json()["response"][page.MARKS]["data"]
    assert again == look(run_services)


def test_the_ingest_dialog_lists_what_has_landed_and_starts_a_run(
    run_app: Dash, run_browser: SIGNED_IN, run_services: Services, store: SampleRuns
) -> None:
    folder = run_services.settings.landing_folder
    folder.mkdir(parents=True)
    (folder / "train_FD003.txt").write_text("1 1\n")
    (folder / "train_FD003.txt.ok").touch()
    browser = run_browser("engineer")
    opened = call(
        run_app, browser, INGEST.BODY, f"{INGEST.OPEN}.n_clicks", {f"{INGEST.OPEN}.n_clicks": 1}
    )
    assert "train_FD003.txt" in opened.get_data(as_text=True)
    values = {
        f"{INGEST.LANDING}.value": ["train_FD003.txt"],
        f"{INGEST.KIND}.value": ingest_form.BY_NAME,
    }
    started = call(run_app, browser, INGEST.GO, f"{INGEST.SUBMIT}.n_clicks", values)
    assert started.get_json()["response"][INGEST.GO]["href"].startswith("/runs/ingest-")
    request, who = store.submitted[0]
    assert isinstance(request, IngestRequest)
    assert ([Path(path).name for path in request.paths], who) == (["train_FD003.txt"], "engineer")


def test_what_makes_no_sense_is_said_in_the_dialog(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    answer = call(run_app, run_browser("engineer"), INGEST.GO, f"{INGEST.SUBMIT}.n_clicks", {})
    assert "Choose at least one file." in answer.get_data(as_text=True)
    assert INGEST.GO not in answer.get_json()["response"]
    assert not store.submitted


def fields(**values: str) -> dict[str, Any]:
    """The retrain form as the browser sends it, with some fields changed."""
    defaults = {name: field.default for name, field in Parameters.model_fields.items()} | values
    ids = [retrain_form.parameter_id(name) for name in defaults]
    pattern = json.dumps({"name": ["ALL"], "type": RETRAIN.PARAMETER}, separators=(",", ":"))
    return {
        f"{RETRAIN.FLEET}.value": "FD001",
        f"{pattern}.id": [(one, one) for one in ids],
        f"{pattern}.value": [(one, defaults[one["name"]]) for one in ids],
    }


def test_the_retrain_dialog_shows_what_would_be_learnt_from_and_starts_a_run(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    browser = run_browser("engineer")
    opened = call(
        run_app, browser, RETRAIN.BODY, f"{RETRAIN.OPEN}.n_clicks", {f"{RETRAIN.OPEN}.n_clicks": 1}
    )
    text = opened.get_data(as_text=True)
    assert all(name in text for name in Parameters.model_fields)
    facts = call(
        run_app,
        browser,
        RETRAIN.FACTS,
        f"{RETRAIN.FLEET}.value",
        {f"{RETRAIN.FLEET}.value": "FD001"},
    )
    text = json.dumps(facts.get_json())
    for word in ("silver/readings v", "fd001-7c1e22aa", "Under 10 failed"):
        assert word in text
    started = call(run_app, browser, RETRAIN.GO, f"{RETRAIN.SUBMIT}.n_clicks", fields(rounds="300"))
    assert "/runs/retrain-" in started.get_json()["response"][RETRAIN.GO]["href"]
    request, _ = store.submitted[0]
    assert isinstance(request, RetrainRequest)
    assert (request.fleet, request.parameters) == ("FD001", {"rounds": "300"})


def test_a_parameter_out_of_bounds_is_named_in_the_dialog(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    browser = run_browser("engineer")
    answer = call(run_app, browser, RETRAIN.GO, f"{RETRAIN.SUBMIT}.n_clicks", fields(depth="99"))
    assert "depth = '99'" in answer.get_data(as_text=True)
    assert not store.submitted


def test_the_same_training_leads_to_the_run_that_is_there(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = run_id("retrain", 8)
    monkeypatch.setattr(store, "submit", lambda *_: Submitted(there, False))
    browser = run_browser("engineer")
    answer = call(run_app, browser, RETRAIN.GO, f"{RETRAIN.SUBMIT}.n_clicks", fields())
    assert answer.get_json()["response"][RETRAIN.GO]["href"] == f"/runs/{there}?joined=1"
    assert "asked for already" in drawn(browser, f"/runs/{there}", "?joined=1")


def test_only_score_asks_for_scoring(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    call(run_app, run_browser("engineer"), RETRAIN.GO, f"{RETRAIN.SCORE}.n_clicks", fields())
    assert isinstance(store.submitted[0][0], ScoreRequest)


def test_nasas_data_are_fetched_by_one_button(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    ids = fetch_button.Ids
    call(run_app, run_browser("engineer"), ids.GO, f"{ids.FETCH}.n_clicks", {})
    assert store.submitted[0][0].model_dump()["fetch"] == "fd001"
    assert fetch_button.fetch_button("operator") is None


def test_upkeep_is_asked_for_by_one_button_and_its_run_says_what_went_and_what_was_kept(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    ids, browser = MaintainIds, run_browser("engineer")
    assert f'"{ids.START}"' in drawn(browser, "/runs")
    answer = call(run_app, browser, ids.GO, f"{ids.START}.n_clicks", {f"{ids.START}.n_clicks": 1})
    assert answer.get_json()["response"][ids.GO]["href"].startswith("/runs/maintain-")
    assert store.submitted[0][0].model_dump() == {"days": 30, "log_days": None, "guard": True}
    tidied = {"table": "gold/backfill", "files_deleted": 12, "bytes_deleted": 2_100_000}
    result = {
        "tables": [tidied | {"log_entries_deleted": 0}],
        "dropped": ["t-1"],
        "kept": [{"table": "silver/readings", "version": 3, "models": ["fd001-7c"]}],
        "lost": [{"model_id": "fd001-8d", "table": "gold/features", "version": 2, "detail": "x"}],
    }
    store.runs = [sample_run("maintain", "SUCCEEDED", 30, result=result)]
    page = drawn(browser, f"/runs/{run_id('maintain', 30)}")
    for word in ("gold/backfill", "2.1 MB", "t-1: it was refused", "silver/readings v3: fd001-7c"):
        assert word in page
    assert "fd001-8d: gold/features v2, x" in page
    store.runs = [sample_run("maintain", "SUCCEEDED", 30, result={"tables": []})]
    assert "Nothing was old enough" in drawn(browser, f"/runs/{run_id('maintain', 30)}")


@pytest.mark.parametrize("path", ["/runs", "/audit"])
def test_an_auditor_asks_for_a_verification_and_its_run_says_what_was_found(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns, path: str
) -> None:
    """By the one button that an auditor has, on both pages."""
    ids, browser = VerifyIds, run_browser("auditor")
    assert f'"{ids.START}"' in drawn(browser, path)
    call(run_app, browser, ids.GO, f"{ids.START}.n_clicks", {})
    assert not store.submitted
    pressed = {f"{ids.START}.n_clicks": 1}
    answer = call(run_app, browser, ids.GO, f"{ids.START}.n_clicks", pressed)
    assert answer.get_json()["response"][ids.GO]["href"].startswith("/runs/verify-")
    assert store.submitted[0][0].model_dump() == {"deep": False}
    finding = {"what": "changed_file", "where": "lake/silver/readings/a.parquet", "detail": "sha"}
    result = {"ok": False, "count": 501, "findings": [finding], "deep": False}
    store.runs = [sample_run("verify", "SUCCEEDED", 30, result=result)]
    page = drawn(browser, f"/runs/{run_id('verify', 30)}")
    for word in ("501 findings", "changed file", finding["where"], "500 more"):
        assert word in page
    store.runs = [sample_run("verify", "SUCCEEDED", 30, result={"ok": True, "findings": []})]
    assert "Nothing was lost or changed" in drawn(browser, f"/runs/{run_id('verify', 30)}")


def test_who_may_not_verify_is_refused(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    """An engineer too: who made the data does not audit them."""
    browser = run_browser("engineer")
    assert f'"{VerifyIds.START}"' not in drawn(browser, "/runs")
    pressed = {f"{VerifyIds.START}.n_clicks": 1}
    answer = call(run_app, browser, VerifyIds.GO, f"{VerifyIds.START}.n_clicks", pressed)
    assert answer.status_code == 403
    assert not store.submitted


def test_cancel_and_retry_act_on_the_run_of_the_page(
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    browser, page = run_browser("engineer"), run.Ids
    running, failed = run_id("retrain", 8), run_id("retrain", 6)
    call(
        run_app,
        browser,
        ACTIONS.PROBLEM,
        f"{ACTIONS.CONFIRMED}.n_clicks",
        {f"{page.RUN}.data": running},
    )
    assert store.cancelled == [running]
    values = {f"{page.RUN}.data": failed}
    retried = call(run_app, browser, page.GO, f"{ACTIONS.RETRY}.n_clicks", values)
    assert retried.get_json()["response"][page.GO]["href"].startswith("/runs/retrain-")
    values = {f"{page.RUN}.data": running}
    refused = call(run_app, browser, page.GO, f"{ACTIONS.RETRY}.n_clicks", values)
    assert "did not fail" in refused.get_data(as_text=True)


@pytest.mark.parametrize("role", ["operator", "auditor"])
@pytest.mark.parametrize(
    ("part", "trigger"),
    [
        (INGEST.GO, INGEST.SUBMIT),
        (RETRAIN.GO, RETRAIN.SUBMIT),
        (RETRAIN.GO, RETRAIN.SCORE),
        (fetch_button.Ids.GO, fetch_button.Ids.FETCH),
        (MaintainIds.GO, MaintainIds.START),
        (ACTIONS.PROBLEM, ACTIONS.CONFIRMED),
        (run.Ids.GO, ACTIONS.RETRY),
    ],
)
def test_a_hidden_button_that_is_pressed_anyway_is_refused(  # noqa: PLR0917
    run_app: Dash, run_browser: SIGNED_IN, store: SampleRuns, role: str, part: str, trigger: str
) -> None:
    values = fields() | {f"{run.Ids.RUN}.data": run_id("retrain", 6), f"{trigger}.n_clicks": 1}
    answer = call(run_app, run_browser(role), part, f"{trigger}.n_clicks", values)
    assert answer.status_code == 403
    assert not store.submitted
    assert not store.cancelled
