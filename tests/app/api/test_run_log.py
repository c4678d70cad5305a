"""The download of a run's log."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.app.sample_runs import SampleRuns, run_id
from tests.app.security.conftest import Browser

SIGNED_IN = Callable[[str], Browser]
RUN = run_id("retrain", 4)


@pytest.mark.parametrize("role", ["operator", "engineer", "auditor", "admin"])
def test_everyone_who_is_signed_in_may_read_a_log(run_browser: SIGNED_IN, role: str) -> None:
    answer = run_browser(role).client.get(f"/runs/{RUN}/log.txt")
    assert answer.status_code == 200
    assert answer.mimetype == "text/plain"
    assert answer.headers["Content-Disposition"] == f'attachment; filename="{RUN}.log.txt"'
    assert "WARNING Trainer" in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    "name",
    ["x", "..%2f..%2fetc%2fpasswd", "%00", "retrain-20261123T044804-000004%2e%2e", "a" * 999],
)
def test_a_name_that_is_no_run_gives_nothing(run_browser: SIGNED_IN, name: str) -> None:
    assert run_browser("engineer").client.get(f"/runs/{name}/log.txt").status_code == 404


def test_a_line_break_in_a_message_does_not_make_a_line(
    run_browser: SIGNED_IN, store: SampleRuns
) -> None:
    store.lines = (replace(store.lines[0], message="a\n2026 INFO forged"),)
    text = run_browser("engineer").client.get(f"/runs/{RUN}/log.txt").get_data(as_text=True)
    assert text.count("\n") == 1
