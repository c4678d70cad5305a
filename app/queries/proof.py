"""Read models of proofs: what was said, the chain behind it, and a random sample of chains."""

import logging
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

import narwhals as nw
from polars.exceptions import PanicException

from app.services import Services
from lakehouse.proof import Link, Said, Verdict
from lakehouse.snapshots import Pinned
from lakehouse.tables import PREDICTIONS

if TYPE_CHECKING:
    from lakehouse.proof.evidence import Evidence

_T = TypeVar("_T")
# Looking at everything anew is heavy: one at a time. Who waits holds a thread of the pages, so
# nobody waits for longer than one proof takes.
_ONE = Lock()
_PATIENCE_SECONDS = 3.0
_LOG = logging.getLogger(__name__)
NO_HOME = "Nothing has been run here yet, so there is nothing to prove."
BUSY = "Another check of everything is going on. Load the page again in a moment."
UNREADABLE = "The chain cannot be followed: `stillwater verify` says what is broken."


@dataclass(frozen=True)
class Ask:
    """Which prediction: the newest of an engine's cycle, or what one run said."""

    fleet: str
    engine: str
    cycle: int
    run_id: str = ""


@dataclass(frozen=True)
class Proof:
    """The links of a chain, or in words why there is none."""

    links: tuple[Link, ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Sample:
    """Proofs of predictions that were drawn at random.

    Attributes:
        of: how many predictions there are.
        seed: draws the same ones again.
        counts: verdict to how many chains came to it.
        findings: the links that are not green, with their prediction.
        problem: in words why nothing was drawn.
    """

    of: int = 0
    seed: int = 0
    counts: Mapping[Verdict, int] = field(default_factory=dict)
    findings: tuple[tuple[Said, Link], ...] = ()
    problem: str = ""

    @property
    def size(self) -> int:
        """How many were proven."""
        return sum(self.counts.values())


def said(pinned: Pinned, ask: Ask) -> Said | None:
    """The prediction, None where nothing was issued; looks at nothing else."""
    where = [
        nw.col("fleet") == ask.fleet,
        nw.col("engine") == ask.engine,
        nw.col("cycle") == ask.cycle,
    ]
    if ask.run_id:
        where.append(nw.col("run_id") == ask.run_id)
    rows = pinned.scan(PREDICTIONS.name).filter(*where).sort("predicted_at")
    found = rows.collect("polars").rows(named=True)
    return Said.of(found[-1]) if found else None


def proof(services: Services, ask: Ask) -> Proof:
    """The chain of a prediction, each link looked at as it is now."""
    from lakehouse.proof import prove

    def look(evidence: "Evidence") -> Proof:
        engine = (ask.fleet, ask.engine)
        try:
            found = prove.find(evidence, engine, ask.cycle, ask.run_id)
        except prove.ChangedPredictionsError as error:
            return Proof((error.link,))
        except prove.NoPredictionError as error:
            return Proof(problem=f"{error}.")
        return Proof(prove.prove(evidence, found).links)

    return _looked(services, look, lambda problem: Proof(problem=problem))


def sample(services: Services, count: int, seed: int) -> Sample:
    """The proofs of some predictions, drawn at random."""
    from lakehouse.proof import prove

    def look(evidence: "Evidence") -> Sample:
        try:
            drawn, of = prove.draw(evidence, count, seed)
        except prove.ChangedPredictionsError as error:
            return Sample(problem=f"{error}.")
        chains = [prove.prove(evidence, each) for each in drawn]
        findings = [
            (chain.said, link)
            for chain in chains
            for link in chain.links
            if link.verdict is not Verdict.GREEN
        ]
        counts = Counter(chain.verdict for chain in chains)
        return Sample(of, seed, counts, tuple(findings))

    return _looked(services, look, lambda problem: Sample(problem=problem))


def _looked(
    services: Services, look: "Callable[[Evidence], _T]", failed: Callable[[str], _T]
) -> _T:
    """What a look at everything gives, or in words why nothing can be looked at."""
    if not services.settings.metadata.is_file():
        return failed(NO_HOME)
    # The metadata store's library is loaded by who looks, not when the dashboard starts.
    from lakehouse.proof.evidence import Evidence

    settings, profile = services.settings, services.profile
    if not _ONE.acquire(timeout=_PATIENCE_SECONDS):
        return failed(BUSY)
    try:
        return look(Evidence(settings, profile, services.lake, services.runs))
    # A file that polars cannot read ends in a panic, which is no Exception.
    except (Exception, PanicException):
        _LOG.exception("the chain cannot be followed")
        return failed(UNREADABLE)
    finally:
        _ONE.release()
