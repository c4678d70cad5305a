"""Upkeep and verification by schedule: due when the last was long enough ago, off unless set."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from lakehouse.audit import AuditLog
from lakehouse.clock import now
from lakehouse.requests import VerifyRequest
from lakehouse.runs import RunStore
from lakehouse.settings import Settings, SettingsError
from pipeline.schedule import Due, ask_if_due, scheduled
from pipeline.worker import init, worker


def settings_of(home: Path, **maintain: int) -> Settings:
    return Settings.load(home=home, maintain=maintain)


def due_of(settings: Settings) -> Due:
    """The one thing that is scheduled."""
    (due,) = scheduled(settings)
    return due


def test_an_upkeep_is_due_when_the_last_one_is_long_ago(tmp_path: Path) -> None:
    """One at first, then one a period, whoever asked for the last; each with its run in the log."""
    settings = settings_of(tmp_path / "var", every_hours=24, days=7)
    init(settings)
    runs, due = RunStore(settings), due_of(settings)
    first = ask_if_due(settings, runs, due, now())
    assert first is not None
    asked = runs.run(first)
    assert (asked.who, asked.request["days"], asked.request["guard"]) == ("worker", 7, True)
    wanted, became = AuditLog(settings.audit).entries()
    assert (wanted.actor, wanted.action) == ("worker", "maintain")
    assert (became.actor, became.action, became.object) == ("worker", "queue", first)
    assert wanted.request_id == became.request_id != ""
    assert ask_if_due(settings, runs, due, now() + timedelta(hours=23)) is None
    # One that has not ended is not asked for again, however long it takes.
    assert ask_if_due(settings, runs, due, now() + timedelta(hours=25)) is None
    assert len(AuditLog(settings.audit).entries()) == 2
    runs.cancel(first)
    assert ask_if_due(settings, runs, due, now() + timedelta(hours=25)) not in (None, first)


def test_without_the_setting_nothing_is_ever_asked_for(tmp_path: Path) -> None:
    assert scheduled(settings_of(tmp_path / "var")) == ()
    with pytest.raises(SettingsError, match="MAINTAIN__EVERY_HOURS"):
        settings_of(tmp_path, every_hours=0)


def test_a_verification_has_a_schedule_of_its_own(tmp_path: Path) -> None:
    """Beside that of the upkeep."""
    settings = Settings.load(
        home=tmp_path, maintain={"every_hours": 24}, verify={"every_hours": 2, "deep": True}
    )
    upkeep, proof = scheduled(settings)
    assert (upkeep.every_hours, upkeep.request.workflow) == (24, "maintain")
    assert (proof.every_hours, proof.request) == (2, VerifyRequest(deep=True))


def test_a_worker_that_came_for_a_person_s_run_keeps_no_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_of(tmp_path / "var", every_hours=1)
    init(settings)
    kept: list[Settings] = []
    monkeypatch.setattr("pipeline.worker.keep_schedule", lambda settings, _: kept.append(settings))
    with worker(settings, streams=False):
        pass
    assert kept == []
    with worker(settings):
        pass
    assert kept == [settings]


def test_a_worker_that_stays_keeps_the_schedule(tmp_path: Path) -> None:
    settings = settings_of(tmp_path / "var", every_hours=1)
    init(settings)
    runs = RunStore(settings)
    with worker(settings):
        while not (found := runs.recent(1, kind="maintain")):
            time.sleep(0.05)
        assert runs.wait(found[0].run_id, 120).state == "SUCCEEDED"
