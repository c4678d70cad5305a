"""The proof pages: one prediction with its chain, and a sample verified by those who may."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from dash import Dash
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from app.factory import open_services
from app.queries import proof as queries
from app.services import Services
from lakehouse.audit import AuditLog
from lakehouse.settings import Settings
from tests.app.conftest import app_over, signed_in_to
from tests.app.pages.callbacks import call
from tests.app.security.conftest import PASSWORD, Browser
from tests.app.taught_home import FLEET, TaughtHome
from tests.browsing import served, sign_in, watched

CHAIN, RESULT = "proof-chain.children", "proofs-result.children"


@pytest.fixture
def services(taught_home: TaughtHome, tmp_path: Path) -> Services:
    """A copy of the home that has lived, with its own runs and its own audit log."""
    home = shutil.copytree(taught_home.path, tmp_path / "var")
    return open_services(Settings(home=Path(home)))


@pytest.fixture
def app(services: Services, monkeypatch: pytest.MonkeyPatch) -> Dash:
    return app_over(services, monkeypatch)


@pytest.fixture
def user_of(services: Services, app: Dash) -> Callable[[str], Browser]:
    return lambda role: signed_in_to(services, app, role)


def issued(services: Services) -> tuple[str, int]:
    """An engine and the cycle that something was said of."""
    rows: pl.DataFrame = services.lake.scan("gold/predictions").collect("polars").to_native()
    engine, cycle = rows.sort("engine").select("engine", "cycle").row(0)
    return str(engine), int(cycle)


def chain(app: Dash, user: Browser, engine: str, cycle: int) -> str:
    asked = {"fleet": FLEET, "engine": engine, "cycle": cycle, "run_id": ""}
    done = call(app, user, CHAIN, "proof-ask.data", {"proof-ask.data": asked})
    assert done.status_code == 200
    return json.dumps(done.get_json(), ensure_ascii=False)


def test_the_page_says_what_was_said_and_the_chain_follows(
    services: Services, app: Dash, user_of: Callable[[str], Browser]
) -> None:
    """The sentence at once; then every link with word and shape, its parts as links."""
    engine, cycle = issued(services)
    auditor = user_of("auditor")
    page = str(auditor.page(f"/proof/{FLEET}/{engine}/{cycle}"))
    assert f"Engine {engine} of {FLEET} is predicted to" in page
    assert "Every link is being looked at" in page
    # The chain is of the prediction that the sentence is of, whatever is said later.
    run = services.lake.scan("gold/predictions").collect("polars").to_native()["run_id"][0]
    assert f"'run_id': '{run}'" in page or f'"run_id": "{run}"' in page
    assert "Verify a sample" in page
    told = chain(app, auditor, engine, cycle)
    assert told.count("✓ proven") == 17, told
    assert "All 17 links hold" in told
    for address in ("/tables/silver/readings?version=", "/models/", "/runs/", "/quality?"):
        assert address in told


def test_what_was_changed_is_broken_and_named(
    services: Services, app: Dash, user_of: Callable[[str], Browser]
) -> None:
    """The same verdict as on the command line."""
    engine, cycle = issued(services)
    file = next(services.settings.artifacts.glob("Trainer/*/*.ubj"))
    file.write_bytes(file.read_bytes() + b"\0")
    told = chain(app, user_of("operator"), engine, cycle)
    assert told.count("✕ broken") == 1
    assert "One link is broken" in told
    assert file.relative_to(services.settings.home).as_posix() in told


def test_who_comes_while_another_looks_is_told_so(
    services: Services,
    app: Dash,
    user_of: Callable[[str], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """No thread of the pages waits until a large sample is through."""
    monkeypatch.setattr(queries, "_PATIENCE_SECONDS", 0.01)
    engine, cycle = issued(services)
    with queries._ONE:
        assert queries.BUSY in chain(app, user_of("operator"), engine, cycle)
    assert "All 17 links hold" in chain(app, user_of("auditor"), engine, cycle)


def test_what_was_never_said_has_no_proof(user_of: Callable[[str], Browser]) -> None:
    """In words, with the way back."""
    user = user_of("operator")
    assert "Nothing was issued of SIM/nobody at cycle 3" in str(user.page("/proof/SIM/nobody/3"))
    assert "is no cycle" in str(user.page("/proof/SIM/nobody/x"))


def test_an_auditor_verifies_a_sample(
    services: Services, app: Dash, user_of: Callable[[str], Browser]
) -> None:
    """Every chain holds, and that it was asked for is in the log."""
    user = user_of("auditor")
    assert "proofs-go" in str(user.page("/proof"))
    given = {"proofs-go.n_clicks": 1, "proofs-size.value": 25}
    done = call(app, user, RESULT, "proofs-go.n_clicks", given)
    told = json.dumps(done.get_json(), ensure_ascii=False)
    assert "25 ✓ proven" in told, told
    entry = services.audit.entries()[-1]
    assert (entry.actor, entry.action, entry.outcome) == ("auditor", "verify", "allowed")
    assert entry.object.startswith("sample 25 seed ")


def test_a_sample_lists_every_link_that_is_broken(
    services: Services, app: Dash, user_of: Callable[[str], Browser]
) -> None:
    """With the prediction that it belongs to, whose proof is one click away."""
    file = next(services.settings.artifacts.glob("Trainer/*/*.ubj"))
    file.write_bytes(file.read_bytes() + b"\0")
    given = {"proofs-go.n_clicks": 1, "proofs-size.value": 5}
    done = call(app, user_of("auditor"), RESULT, "proofs-go.n_clicks", given)
    told = json.dumps(done.get_json(), ensure_ascii=False)
    assert "5 of 30 predictions: 5 ✕ broken." in told
    assert told.count(f"/proof/{FLEET}/") == 5, told
    assert file.relative_to(services.settings.home).as_posix() in told


def test_who_may_not_verify_is_refused_and_written_down(
    services: Services, app: Dash, user_of: Callable[[str], Browser]
) -> None:
    """No button, and a forged press does nothing."""
    user = user_of("engineer")
    page = str(user.page("/proof"))
    assert "proofs-go" not in page
    assert "Auditors and administrators" in page
    given = {"proofs-go.n_clicks": 1, "proofs-size.value": 25}
    told = call(app, user, RESULT, "proofs-go.n_clicks", given).get_data(as_text=True)
    assert "may not verify" in told
    entry = AuditLog(services.settings.audit).entries()[-1]
    assert (entry.actor, entry.action, entry.outcome) == ("engineer", "verify", "refused")


@pytest.mark.browser
def test_from_the_engine_to_its_proof_and_to_a_sample(
    services: Services, browser: Chromium
) -> None:
    """By hand: the line under the sentence, the chain, the table of a link, and a sample."""
    engine, _cycle = issued(services)
    services.users.add("ada", "auditor", PASSWORD)
    with served(services.settings) as address:
        page = browser.new_page(base_url=address)
        trouble = watched(page)
        sign_in(page, f"/engine/{FLEET}/{engine}")
        page.locator(".engine-head .stamp-line").get_by_role("link", name="proof").click()
        expect(page.locator(".proof-chain li")).to_have_count(17)
        expect(page.locator(".proof-green")).to_have_count(17)
        expect(page.locator("#proof-delivery")).to_contain_text("sha256")
        page.get_by_role("link", name="Verify a sample").click()
        page.get_by_role("button", name="Verify a sample").click()
        expect(page.locator("#proofs-result")).to_contain_text("✓ proven")
        page.go_back()
        page.locator("#proof-silver").get_by_role("link", name="silver/readings@").click()
        expect(page.locator("h1")).to_have_text("silver/readings")
        page.close()
    assert not trouble
