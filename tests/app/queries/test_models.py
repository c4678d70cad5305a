"""What is told of the registered models, on a real metadata store and published folders."""

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.queries.compared_models import said, weights
from app.queries.models import NO_RECORDS, every, find, fleets, models, view
from app.queries.served import timeline
from app.services import Services
from lakehouse.settings import Settings
from tests.app.model_home import FLEET, FOLDS, NEW, OLD, SHARES, UNJUDGED, make_model_home


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    """The hand-made home; to be looked at only."""
    return make_model_home(tmp_path_factory.mktemp("models") / "home")


@pytest.fixture
def own(services: Services, tmp_path: Path) -> Services:
    """The same with folders of its own, to break."""
    home = Path(shutil.copytree(services.settings.home, tmp_path / "home"))
    return replace(services, settings=Settings(home=home))


def test_every_model_says_who_asked_and_whether_it_serves(services: Services) -> None:
    found = models(services, services.pinned(), FLEET)
    assert [(row.model.model_id, row.state, row.asked.who) for row in found.rows] == [
        (UNJUDGED, "not_judged", "erik"), (NEW, "was_live", "erik"), (OLD, "live", "anna"),
    ]  # fmt: skip
    assert found.rows[2].asked.run_id == "retrain-1"
    assert fleets(services, services.pinned()) == (FLEET,)
    assert models(services, services.pinned(), "none").rows == ()


def test_at_a_snapshot_only_what_was_known_then_is_told(services: Services) -> None:
    """The second model was live at snapshot 2, and at snapshot 1 there was none."""
    first, second = (every(services, services.pinned(seq)).rows for seq in (1, 2))
    assert [(row.model.model_id, row.state) for row in first] == [(OLD, "live")]
    assert [(r.model.model_id, r.state) for r in second] == [(NEW, "live"), (OLD, "was_live")]
    assert find(services, services.pinned(1), NEW) is None


def test_one_model_tells_folds_shares_data_and_periods(services: Services) -> None:
    pinned = services.pinned()
    row = find(services, pinned, OLD)
    assert row is not None
    told = view(services, pinned, row)
    assert (told.folds, told.shares, told.broken) == (FOLDS, SHARES, "")
    assert [(part.table, part.version, part.lost) for part in told.data] == [
        ("silver/readings", 1, "")
    ]
    assert [one.how for one in told.served] == ["roll_back", "retrain"]


def test_a_model_whose_files_changed_is_not_believed(own: Services) -> None:
    """The file is named; nothing of the folder is shown."""
    file = own.settings.artifacts / "Trainer" / OLD / "importance.json"
    file.write_text(file.read_text().replace("0.7", "0.8"))
    row = find(own, own.pinned(), OLD)
    assert row is not None
    told = view(own, own.pinned(), row)
    assert told.shares == {}
    assert f"{OLD}/importance.json: its sha256" in told.broken
    assert weights(own, row, row) == {}


def test_without_a_metadata_store_it_is_said(own: Services) -> None:
    own.settings.metadata.write_bytes(b"no database" * 100)
    assert models(own, own.pinned(), FLEET).problem == NO_RECORDS
    served = timeline(own, own.pinned(), FLEET).served
    assert [(one.period.model_id, one.who) for one in served] == [(OLD, ""), (NEW, ""), (OLD, "")]


def test_the_timeline_says_who_made_what_live_why_and_what_it_said(services: Services) -> None:
    found = timeline(services, services.pinned(), FLEET)
    assert [
        (one.period.model_id, one.how, one.who, one.reason, one.run_id) for one in found.served
    ] == [
        (OLD, "roll_back", "ada", "alarms", "promote-5"),
        (NEW, "promote", "erik", "bench", "promote-3"),
        (OLD, "retrain", "anna", "first_model: it beats", "retrain-1"),
    ]
    issued = [one.period.predictions for one in found.served]
    assert issued[:2] == [0, 2] and issued[2] > 2
    assert (found.before, found.served[0].period.end) == (NEW, None)
    assert found.served[1].period.end == found.served[0].period.start


def test_what_was_live_is_told_for_any_time_and_day(services: Services) -> None:
    """At a moment one, on a day all that served on it, before the first none."""
    pinned = services.pinned()
    period = timeline(services, pinned, FLEET).served[1].period
    for text, then in (
        (period.start.isoformat(), [NEW]),
        ((period.start - timedelta(microseconds=1)).isoformat(), [OLD]),
        (f"{period.start:%Y-%m-%d}", [OLD, NEW, OLD]),
        ("2000-01-01", []),
    ):
        told = timeline(services, pinned, FLEET, text)
        assert [one.period.model_id for one in told.then] == then, text
    assert "neither a snapshot" in timeline(services, pinned, FLEET, "soon").problem


def test_as_of_a_snapshot_the_timeline_ends_there(services: Services) -> None:
    found = timeline(services, services.pinned(2), FLEET)
    assert [one.period.model_id for one in found.served] == [NEW, OLD]
    assert found.served[0].period.end is None
    assert found.before == OLD


def test_two_models_are_held_against_each_other_engine_by_engine(services: Services) -> None:
    """The engine on which they differ stands first, with the flight and both errors."""
    pinned = services.pinned()
    left, right = (find(services, pinned, name) for name in (OLD, NEW))
    assert left is not None and right is not None
    told = said(services, left, right)
    assert (told.engines, told.flights) == (2, 60)
    first = told.apart[0]
    assert first.engine == "train-002"
    assert first.probability[0] - first.probability[1] == pytest.approx(0.2, abs=1e-9) or (
        first.probability[1] - first.probability[0] == pytest.approx(0.2, abs=1e-9)
    )
    assert first.error == pytest.approx((1.0, 3.0))
    assert told.apart[1].probability[0] == told.apart[1].probability[1]
    near = weights(services, left, right)["near"]
    assert [(one.feature, one.left, one.right) for one in near] == [
        ("life_drift_10", 0.7, 0.7), ("life_mean_5", 0.3, 0.3),
    ]  # fmt: skip


def test_what_a_model_said_is_not_believed_once_it_was_changed(own: Services) -> None:
    file = own.settings.artifacts / "Trainer" / f"{NEW}.out_of_fold" / "out_of_fold.parquet"
    file.write_bytes(file.read_bytes()[:-1])
    left, right = (find(own, own.pinned(), name) for name in (OLD, NEW))
    assert left is not None and right is not None
    assert "out_of_fold.parquet: its sha256" in said(own, left, right).problem
