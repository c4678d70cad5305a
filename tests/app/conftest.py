"""What tests of the run pages share: a small lake, made-up runs, and services over both."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from dash import Dash

from app import factory
from app.factory import open_services
from app.services import Services
from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.settings import Settings
from tests.app.decided_lake import write_decided
from tests.app.sample_lake import FleetPlan, write_lake
from tests.app.sample_runs import SampleRuns, sample_runs
from tests.app.security.conftest import PASSWORD, Browser
from tests.app.taught_home import TaughtHome, make_taught_home


def app_over(services: Services, monkeypatch: pytest.MonkeyPatch) -> Dash:
    """The dashboard over these services."""
    monkeypatch.setattr(factory, "open_services", lambda _settings: services)
    return factory.create_app(services.settings)


def signed_in_to(services: Services, app: Dash, role: str) -> Browser:
    """A browser of a person with that role."""
    services.users.add(role, role, PASSWORD)
    one = Browser(app.server.test_client())
    assert one.sign_in(role).status_code == 303
    return one


@pytest.fixture(scope="session")
def small_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two fleets, one with a live model; read only."""
    root = tmp_path_factory.mktemp("lake")
    write_lake(root, (FleetPlan(), FleetPlan("FD002", failed=3, in_service=2, scored=False)))
    return root


@pytest.fixture(scope="session")
def decided_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The small lake with verdicts on it; read only."""
    root = tmp_path_factory.mktemp("decided")
    write_decided(root)
    return root


@pytest.fixture
def store() -> SampleRuns:
    """A run in every state."""
    return SampleRuns(sample_runs())


@pytest.fixture
def run_services(tmp_path: Path, small_lake: Path, store: SampleRuns) -> Services:
    """Services of an empty home that reads the small lake and holds the made-up runs."""
    services = open_services(Settings(home=tmp_path / "home"))
    lake = Lake(small_lake, LocalEngine())
    return replace(services, lake=lake, runs=store)  # type: ignore[arg-type]


@pytest.fixture
def decided(run_services: Services, decided_lake: Path) -> Services:
    """The same over the lake with verdicts."""
    return replace(run_services, lake=Lake(decided_lake, LocalEngine()))


@pytest.fixture
def run_app(run_services: Services, monkeypatch: pytest.MonkeyPatch) -> Dash:
    """The dashboard over the small lake and the made-up runs."""
    return app_over(run_services, monkeypatch)


@pytest.fixture
def run_browser(run_services: Services, run_app: Dash) -> Callable[[str], Browser]:
    """Signs in to it with a role."""
    return partial(signed_in_to, run_services, run_app)


@pytest.fixture
def decided_app(decided: Services, monkeypatch: pytest.MonkeyPatch) -> Dash:
    """The dashboard over the lake with verdicts."""
    return app_over(decided, monkeypatch)


@pytest.fixture
def decided_browser(decided: Services, decided_app: Dash) -> Callable[[str], Browser]:
    """Signs in to it with a role."""
    return partial(signed_in_to, decided, decided_app)


@pytest.fixture(scope="session")
def taught_home(tmp_path_factory: pytest.TempPathFactory) -> TaughtHome:
    """A home with a live model and what came in since; read only."""
    return make_taught_home(tmp_path_factory.mktemp("taught"))


@pytest.fixture
def taught_services(taught_home: TaughtHome, tmp_path: Path) -> Services:
    """Services that read it; users, runs and audit log are those of an empty home."""
    empty = open_services(Settings(home=tmp_path / "home"))
    full = open_services(Settings(home=taught_home.path))
    return replace(full, users=empty.users, runs=empty.runs, audit=empty.audit)


@pytest.fixture
def taught_app(taught_services: Services, monkeypatch: pytest.MonkeyPatch) -> Dash:
    """The dashboard over it."""
    return app_over(taught_services, monkeypatch)


@pytest.fixture
def taught_browser(taught_services: Services, taught_app: Dash) -> Callable[[str], Browser]:
    """Signs in to it with a role."""
    return partial(signed_in_to, taught_services, taught_app)
