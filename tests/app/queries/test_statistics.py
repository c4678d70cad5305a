"""The statistics that runs have published, and two of them side by side."""

from pathlib import Path

import pytest

from app.factory import open_services
from app.queries.statistics import Published, find, offered, pair, published
from app.queries.taught import _newest, taught, taught_by
from app.services import Services
from lakehouse.settings import Settings
from tests.app.taught_home import FLEET, ODD, TaughtHome


def every(services: Services, as_of: int | None = None) -> tuple[Published, ...]:
    return published(services, services.pinned(as_of))


def test_all_there_are_stand_with_what_they_are_of(
    taught_services: Services, taught_home: TaughtHome
) -> None:
    """What the model learnt from first, then deliveries, newest first."""
    found = every(taught_services)
    assert [each.kind for each in found] == [
        "training", "features", "in_service", "in_service", "history"
    ]  # fmt: skip
    assert {each.fleet for each in found} == {FLEET}
    training, _, odd, *_ = found
    assert training.source == taught_home.trained["model_id"]
    assert training.silver_version == 1
    assert training.rows == taught_home.history["deliveries"][0]["accepted"]
    assert (odd.name, odd.source) == (taught_home.delivery, ODD)
    assert odd.time is not None and training.time is not None and odd.time > training.time


def test_as_of_an_older_snapshot_there_are_fewer(taught_services: Services) -> None:
    """What came later was not there."""
    assert [each.kind for each in every(taught_services, 1)] == ["history"]
    assert [each.kind for each in every(taught_services, 2)] == ["training", "features", "history"]


def test_a_table_version_names_what_was_learnt_from_it(taught_services: Services) -> None:
    """A version that taught nobody names nothing."""
    found = every(taught_services)
    assert find(found, "silver/readings@1") is found[0]
    assert find(found, "silver/readings@7") is None
    assert find(found, found[2].name) is found[2]
    assert find(found, "") is find(found, "nothing") is None


def test_what_the_live_model_learnt_from_and_what_came_last_are_offered(
    taught_services: Services, taught_home: TaughtHome
) -> None:
    """Before a model, the two newest deliveries; before these, nothing."""
    found = every(taught_services)
    assert offered(found) == (found[0].name, taught_home.delivery)
    deliveries = tuple(each for each in found if each.kind in ("history", "in_service"))
    assert offered(deliveries) == (deliveries[1].name, deliveries[0].name)
    assert offered(found[-1:]) == (found[-1].name, "")
    assert offered(()) == offered(found, "OTHER") == ("", "")


def test_two_are_compared_column_by_column(taught_services: Services) -> None:
    """The sensor that reads higher is the furthest away of all that should not move."""
    found = every(taught_services)
    columns = {each.name: each for each in pair(found[0], found[2]).columns}
    assert columns["engine"].norm == "L-infinity"
    assert columns["sensor_7"].right is not None and columns["sensor_7"].right.missing > 0
    clean = {each.name: each for each in pair(found[0], found[3]).columns}
    moved = (columns["sensor_4"].distance or 0) - (clean["sensor_4"].distance or 0)
    assert moved > 0.1
    assert pair(None, found[0]).columns == ()


def test_a_file_that_changed_is_not_read(taught_services: Services, tmp_path: Path) -> None:
    """It says which one, and the page still stands."""
    first = every(taught_services)[0]
    broken = Published("x", FLEET, "history", "x", None, 1, tmp_path)
    assert "MANIFEST.json: it cannot be read" in pair(first, broken).problem


def test_models_are_known_with_what_taught_them(
    taught_services: Services, taught_home: TaughtHome
) -> None:
    (model,) = taught(taught_services)
    assert model.model_id == taught_home.trained["model_id"]
    assert model.flights is not None and model.features is not None
    assert taught_by(taught_services, model.model_id) == model
    assert taught_by(taught_services, "m-none") is None


def test_a_model_is_known_however_many_came_after_it(
    taught_services: Services, taught_home: TaughtHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The list ends with the newest ones; what taught the live one is looked up by its name."""
    monkeypatch.setattr("app.queries.taught.MOST_MODELS", 0)
    monkeypatch.setattr("app.queries.taught._newest", _newest.__wrapped__)
    assert taught(taught_services) == ()
    found = taught_by(taught_services, str(taught_home.trained["model_id"]))
    assert found is not None and found.features is not None


def test_without_a_metadata_store_there_is_nothing(tmp_path: Path) -> None:
    services = open_services(Settings(home=tmp_path / "home"))
    assert taught(services) == ()
    assert every(services) == ()


def test_a_store_that_cannot_be_read_leaves_the_live_models(
    taught_home: TaughtHome, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Without their statistics; it says so in the log."""
    settings = Settings(home=tmp_path / "home")
    settings.home.mkdir()
    settings.metadata.write_text("no store")
    (settings.home / "serving").symlink_to(taught_home.path / "serving")
    (model,) = taught(open_services(settings))
    assert model.model_id == taught_home.trained["model_id"]
    assert model.flights is None
    assert taught_by(open_services(settings), model.model_id) == model
    assert "metadata store cannot be read" in caplog.text
