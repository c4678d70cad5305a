"""Which models can still be proven, on real tables and a real metadata store."""

from pathlib import Path

import pytest

from app.queries.retention import lost_models, pinned_versions, retention
from app.services import Services
from tests.app.table_home import SILVER, STATUS, make_table_home, publish, remove


@pytest.fixture
def services(tmp_path: Path) -> Services:
    made = make_table_home(tmp_path)
    publish(made, "m-1", SILVER, 1)
    publish(made, "m-2", SILVER, 2)
    return made


def test_every_published_model_says_what_it_learnt_from(services: Services) -> None:
    """With the versions, and until when they would last without the model."""
    found = retention(services)
    assert [(m.model_id, [(p.table, p.version) for p in m.parts]) for m in found.models] == [
        ("m-1", [(SILVER, 1)]),
        ("m-2", [(SILVER, 2)]),
    ]
    first, second = (model.parts[0].facts for model in found.models)
    assert first and first.kept_until is not None
    assert second and second.kept_until is None
    assert not found.lost and not found.problem
    assert pinned_versions(services, SILVER) == ({1: ("m-1",), 2: ("m-2",)}, "")
    assert pinned_versions(services, STATUS) == ({}, "")


def test_exactly_the_models_that_lost_their_data_are_named(services: Services) -> None:
    """One version's file is deleted behind Stillwater's back."""
    remove(services.lake, SILVER, 1)
    assert lost_models(services) == ("m-1",)
    (lost,) = retention(services).lost
    assert (lost.model_id, lost.lost[0].lost) == ("m-1", "1 of 1 data files are gone")


def test_a_version_that_the_log_no_longer_tells_of_is_lost(services: Services) -> None:
    publish(services, "m-9", SILVER, 99)
    (lost,) = retention(services).lost
    assert lost.model_id == "m-9" and lost.parts[0].facts is None
    assert "the log does not reach it" in lost.parts[0].lost


def test_before_the_first_training_there_is_nothing_to_tell(tmp_path: Path) -> None:
    found = retention(make_table_home(tmp_path))
    assert (found.models, found.problem) == ((), "")


def test_a_metadata_store_that_cannot_be_read_is_said(services: Services) -> None:
    """Which versions are pinned is then unknown, not none."""
    services.settings.metadata.write_bytes(b"no database" * 100)
    assert "cannot be read" in retention(services).problem
