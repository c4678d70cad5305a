"""Upkeep by schedule: due when the last one was long enough ago, off unless it is set."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse.audit import AuditLog
from lakehouse.clock import now
from lakehouse.runs import RunStore
from lakehouse.settings import Settings, SettingsError
from pipeline.schedule import ask_if_due
from pipeline.worker import init, worker


def settings_of(home: Path, **maintain: int) -> Settings:
    return Settings.load(home=home, maintain=maintain)


def test_an_upkeep_is_due_when_the_last_one_is_long_ago(tmp_path: Path) -> None:
    """One at first, then one a period, whoever asked for the last; each is written down."""
    settings = settings_of(tmp_path / "var", every_hours=24, days=7)
    init(settings)
    runs = RunStore(settings)
    first = ask_if_due(settings, runs, now())
    assert first is not None
    asked = runs.run(first)
    assert (asked.who, asked.request["days"], asked.request["guard"]) == ("worker", 7, True)
    (entry,) = AuditLog(settings.audit).entries()
    assert (entry.actor, entry.action) == ("worker", "maintain")
    assert ask_if_due(settings, runs, now() + timedelta(hours=23)) is None
    runs.cancel(first)
    assert ask_if_due(settings, runs, now() + timedelta(hours=25)) not in (None, first)


def test_without_the_setting_nothing_is_ever_asked_for(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "var")
    init(settings)
    assert ask_if_due(settings, RunStore(settings), now()) is None
    with pytest.raises(SettingsError, match="MAINTAIN__EVERY_HOURS"):
        settings_of(tmp_path, every_hours=0)


def test_a_worker_that_stays_keeps_the_schedule(tmp_path: Path) -> None:
    """One that came for a person's run does not."""
    settings = settings_of(tmp_path / "var", every_hours=1)
    init(settings)
    runs = RunStore(settings)
    with worker(settings, streams=False):
        assert runs.recent(1, kind="maintain") == ()
    with worker(settings):
        while not (found := runs.recent(1, kind="maintain")):
            time.sleep(0.05)
        assert runs.wait(found[0].run_id, 120).state == "SUCCEEDED"
