"""What can be decided about data, asked for as the pages ask: by the launcher."""

import pytest

from app.launcher import Launcher, LaunchError, NewLimit
from app.queries.decidable import decisions, regimes
from app.services import Services
from lakehouse.quality import DECISIONS
from lakehouse.requests import LimitRequest, ReviewRequest, SchemaRequest
from lakehouse.users import User
from tests.app.decided_lake import FLEET
from tests.app.sample_runs import SampleRuns

ENGINEER = User("erik", "engineer")


@pytest.mark.parametrize(
    ("delivery", "decision"),
    [("d-blocked", "accept"), ("d-blocked", "quarantine"), ("d-withdrawn", "accept"),
     ("d-warned", "quarantine")],
)  # fmt: skip
def test_what_a_delivery_may_become_is_asked_for_with_its_reason(
    decided: Services, store: SampleRuns, delivery: str, decision: str
) -> None:
    done = Launcher(decided).review(ENGINEER, delivery, decision, "  looked at the raw file ")
    ((request, who),) = store.submitted
    assert isinstance(request, ReviewRequest)
    assert request.model_dump() == {
        "delivery_id": delivery, "decision": decision, "reason": "looked at the raw file",
    }  # fmt: skip
    assert who == "erik"
    asked, queued = decided.audit.entries()
    assert (asked.action, asked.object) == ("decide", f"{decision} {delivery}")
    assert (queued.object, queued.after["reason"]) == (done.run_id, "looked at the raw file")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        (("d-blocked", "accept", "  "), "Give a reason"),
        (("d-blocked", "accept", "x" * 501), "reason"),
        (("d-blocked", "delete", "why not"), "decision"),
        (("d-absent", "accept", "why not"), "There is no delivery d-absent"),
        (("../../x", "accept", "why not"), "delivery_id"),
        (("d-warned", "accept", "twice"), "only what is blocked or withdrawn can become accepted"),
        (("d-rejected", "accept", "please"), "d-rejected is rejected"),
        (("d-again", "quarantine", "please"), "d-again is duplicate"),
        (("d-truth", "quarantine", "please"), "holds no flights"),
    ],
)
def test_a_review_that_makes_no_sense_is_refused_in_words(
    decided: Services, store: SampleRuns, asked: tuple[str, str, str], problem: str
) -> None:
    with pytest.raises(LaunchError, match=problem):
        Launcher(decided).review(ENGINEER, *asked)
    assert not store.submitted
    assert decided.audit.entries()[-1].outcome == "failed"


def test_a_form_offers_what_the_door_lets_through() -> None:
    for state in ("accepted", "blocked", "withdrawn", "rejected", "duplicate", "received"):
        offered = decisions(state, "in_service")
        assert set(offered) == {name for name, (before, _) in DECISIONS.items() if state in before}
        assert not decisions(state, "truth")


def test_a_proposed_schema_can_be_accepted_and_rejected(
    decided: Services, store: SampleRuns
) -> None:
    for decision in ("accept", "reject"):
        Launcher(decided).decide_schema(ENGINEER, "s-proposed", decision, "new sensor")
    requests = [request for request, _ in store.submitted]
    assert all(isinstance(request, SchemaRequest) for request in requests)
    assert [request.model_dump()["decision"] for request in requests] == ["accept", "reject"]


@pytest.mark.parametrize(
    ("schema", "decision", "problem"),
    [
        ("s-absent", "accept", "There is no schema s-absent"),
        ("s-holds", "accept", "s-holds holds already"),
        ("s-holds", "reject", "s-holds holds already"),
        ("s-proposed", "change", "decision"),
    ],
)
def test_a_decision_on_a_schema_that_makes_no_sense_is_refused(
    decided: Services, store: SampleRuns, schema: str, decision: str, problem: str
) -> None:
    with pytest.raises(LaunchError, match=problem):
        Launcher(decided).decide_schema(ENGINEER, schema, decision, "why not")
    assert not store.submitted


def test_a_limit_is_set_for_one_regime_and_for_all(decided: Services, store: SampleRuns) -> None:
    (regime,) = regimes(decided.pinned(), decided.profile, FLEET)
    launcher = Launcher(decided)
    launcher.set_limit(ENGINEER, NewLimit(FLEET, "sensor_2", regime, 600.0, 650.0, "hot"))
    launcher.set_limit(ENGINEER, NewLimit(FLEET, "sensor_3", reason="the limit was wrong"))
    set_, lifted = (request for request, _ in store.submitted)
    assert isinstance(set_, LimitRequest)
    assert (set_.regime, set_.low, set_.high) == ("0/0/100", 600.0, 650.0)
    assert isinstance(lifted, LimitRequest)
    assert (lifted.regime, lifted.low, lifted.high) == (None, None, None)
    assert decided.audit.entries()[0].object == "limit FD001/sensor_2 at 0/0/100"


@pytest.mark.parametrize(
    ("limit", "problem"),
    [
        (NewLimit("FD009", "sensor_2", "", 1.0, 2.0, "x"), "There is no fleet"),
        (NewLimit(FLEET, "sensor_99", "", 1.0, 2.0, "x"), "There is no sensor"),
        (NewLimit(FLEET, "../x", "", 1.0, 2.0, "x"), "sensor"),
        (NewLimit(FLEET, "sensor_2", "9/9/9", 1.0, 2.0, "x"), "Known: 0/0/100"),
        (NewLimit(FLEET, "sensor_2", "", 2.0, 1.0, "x"), "Low 2 is not below high 1"),
        (NewLimit(FLEET, "sensor_2", "", float("nan"), 1.0, "x"), "low"),
        (NewLimit(FLEET, "sensor_2", "", 1.0, 2.0, ""), "Give a reason"),
        (NewLimit(FLEET, "sensor_2", "", None, None, "x"), "Give a lowest or a highest"),
        (NewLimit(FLEET, "sensor_4", "", None, None, "lifted already"), "Give a lowest"),
    ],
)
def test_a_limit_that_makes_no_sense_is_refused(
    decided: Services, store: SampleRuns, limit: NewLimit, problem: str
) -> None:
    with pytest.raises(LaunchError, match=problem):
        Launcher(decided).set_limit(ENGINEER, limit)
    assert not store.submitted
