"""Health: alive is cheap, ready is true, and neither tells a stranger more than that."""

from pathlib import Path

import pytest

from app.factory import create_app
from app.services import Services
from lakehouse.audit import AuditLog
from lakehouse.runs import RunStore
from lakehouse.settings import Settings


def test_alive_needs_nothing(tmp_path: Path) -> None:
    client = create_app(Settings(home=tmp_path)).server.test_client()
    answer = client.get("/healthz")
    assert (answer.status_code, answer.get_json()) == (200, {"status": "ok"})


def test_ready_when_every_part_answers_even_without_a_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(RunStore, "recent", lambda *_: ())
    answer = create_app(Settings(home=tmp_path)).server.test_client().get("/readyz")
    assert answer.status_code == 200
    assert answer.get_json() == {
        "status": "ok",
        "parts": {"lake": "ok", "users": "ok", "audit": "ok", "runs": "ok", "worker": "failed"},
    }


@pytest.mark.parametrize(
    ("owner", "method", "part"),
    [(Services, "pinned", "lake"), (AuditLog, "check", "audit"), (RunStore, "recent", "runs")],
)
def test_not_ready_names_the_part_and_not_the_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, method: str, part: str
) -> None:
    def breaks(*_: object) -> None:
        raise OSError("/secret/path")

    monkeypatch.setattr(owner, method, breaks)
    answer = create_app(Settings(home=tmp_path)).server.test_client().get("/readyz")
    assert answer.status_code == 503
    assert answer.get_json()["parts"][part] == "failed"
    assert "secret" not in answer.get_data(as_text=True)
