"""A lake with several versions, one of them let go, and programs and people who read it."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import narwhals as nw
import polars as pl
import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.factory import create_app, open_services
from app.services import Services
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from lakehouse.snapshots import take
from lakehouse.tokens import draft_token, keep_token
from lakehouse.users import ROLES
from tests.app.security.conftest import Browser
from tests.lakehouse.frames import part, silver

SILVER = "silver/readings"
TIME = datetime(2026, 11, 23, 4, 5, 6, 789, tzinfo=UTC)


@dataclass
class Program:
    """A script with a token."""

    services: Services
    client: FlaskClient
    text: str

    def get(self, path: str, **query: Any) -> TestResponse:
        """Ask below /api/v1."""
        return self.ask("GET", path, **query)

    def ask(self, method: str, path: str, **query: Any) -> TestResponse:
        """Ask with any method; a path may bring its query along."""
        named = {name.rstrip("_"): value for name, value in query.items()}
        return self.client.open(
            f"/api/v1{path}",
            method=method,
            query_string=named or None,
            headers={"Authorization": f"Bearer {self.text}"},
            buffered=True,
        )


def write_tables(root: Path) -> None:
    """silver/readings: version 1 was let go, snapshot 1 has version 3, the newest is 4."""
    lake = Lake(root, LocalEngine())
    lake.append(SILVER, silver({"a": 5}), part("one"))
    gone = list(lake.path(SILVER).glob("*.parquet"))
    lake.replace(SILVER, silver({"a": 30}, seed=1), {"engine": ["a"]}, part("two"))
    lake.append(SILVER, silver({"b": 20, "c": 7}), part("three"))
    for file in gone:
        file.unlink()
    texts = ["=1+1", "plain", None]
    delivered = {
        "delivery_id": ["d1", "d2", "d3"], "reason": texts, "received_at": [TIME] * 3,
        "simulated": [True, False, None],
    }  # fmt: skip
    lake.append("bronze/deliveries", nw.from_native(pl.LazyFrame(delivered)), part("d"))
    odd = [float("nan"), float("inf"), float("-inf"), -0.0, None]
    raw = {"delivery_id": ["d1"] * 5, "line": range(1, 6), "fleet": "F", "sensor_2": odd}
    lake.append("bronze/readings", nw.from_native(pl.DataFrame(raw).lazy()), part("raw"))
    for transform, cycles in (("t2", 40), ("t1", 30)):
        keys = {"fleet": "F", "engine": "a", "transform_id": transform, "regime": 0}
        made = pl.DataFrame({"cycle": range(1, cycles + 1)}).with_columns(
            mean=pl.col("cycle").cast(pl.Float32), **{name: pl.lit(v) for name, v in keys.items()}
        )
        lake.append("gold/features", nw.from_native(made.lazy()), part(transform))
    take(lake, {}, part("snapshot"))
    lake.append(SILVER, silver({"late": 3}), part("four"))


@pytest.fixture(scope="session")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tables, written once; a test that writes works on a copy."""
    root = tmp_path_factory.mktemp("tables")
    write_tables(root)
    return root


def home_of(tables: Path, home: Path, **web: int) -> Services:
    """A home with a copy of the tables and a user a role."""
    settings = Settings(home=home, web=web)
    shutil.copytree(tables, settings.lake)
    services = open_services(settings)
    for role in ROLES:
        services.users.add(role, role)
    return services


def program(services: Services, client: FlaskClient, user: str = "operator") -> Program:
    """A program with a new token of a user."""
    draft = draft_token(services.users, user, "a program")
    keep_token(services.users, draft)
    return Program(services, client, draft.text)


@pytest.fixture(scope="module")
def reader(tables: Path, tmp_path_factory: pytest.TempPathFactory) -> Program:
    """An operator's program on a lake that does not change; nobody counts its requests."""
    services = home_of(tables, tmp_path_factory.mktemp("reader"), api_per_minute=100_000)
    return program(services, create_app(services.settings).server.test_client())


@pytest.fixture
def make(tables: Path, tmp_path: Path) -> Callable[..., Program]:
    """Makes an operator's program on a lake of its own, with settings of the web process."""

    def make_program(**web: int) -> Program:
        services = home_of(tables, tmp_path / "home", **web)
        return program(services, create_app(services.settings).server.test_client())

    return make_program


def signed_in(services: Services, client: FlaskClient, user: str) -> FlaskClient:
    """The client as the browser of a user, who came in by a link."""
    one, link = Browser(client), services.users.one_time_link(user)
    answer = client.post("/sign-in", data={"csrf_token": one.form_token(), "token": link.token})
    assert answer.status_code == 303
    return client


def problem(answer: TestResponse, status: int) -> dict[str, Any]:
    """The problem details of an answer, which must be of that status."""
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/problem+json"
    told: dict[str, Any] = answer.get_json()
    assert told["status"] == status
    assert set(told) == {"title", "status", "code", "detail", "request_id"}
    assert told["detail"].endswith(".")
    return told
