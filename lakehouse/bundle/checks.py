"""What was looked at again when the bundle was made: does it still say what was recorded?"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from polars.exceptions import PanicException

from lakehouse.artifacts import check, manifest_sha256
from lakehouse.bundle.evidence import Evidence, Sources, reason
from lakehouse.lineage.graph import table_version
from lakehouse.proof.chain import Finding, Verdict, link
from lakehouse.proof.evidence import Evidence as Look
from lakehouse.proof.origin import origin
from lakehouse.proof.prove import find
from lakehouse.proof.rows import used_rows
from lakehouse.runs import RunStore

_OK = {Verdict.GREEN: True, Verdict.RED: False, Verdict.UNCHECKED: None}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at, and what came of it; ``ok`` is None where it could not be."""

    what: str
    ok: bool | None
    detail: str


def checks(sources: Sources, evidence: Evidence) -> tuple[Check, ...]:
    """Everything that can be looked at again, as a proof looks at it."""
    look = Look(sources.settings, sources.profile, sources.lake, RunStore(sources.settings))
    asked: list[tuple[str, Callable[[], Check]]] = []
    if evidence.model is not None:
        asked.append(("model files", partial(_model, sources, evidence)))
    if evidence.said is not None and evidence.said["origin"] == "issued":
        asked.append(("rows used", partial(_rows, look, evidence)))
    for node in evidence.graph.nodes.values():
        version = table_version(node)
        if version is not None:
            asked.append((node.label, partial(_version, look, node.label, version)))
    return tuple(_asked(what, ask) for what, ask in asked)


def _asked(what: str, ask: Callable[[], Check]) -> Check:
    """What came of it; what ends in an error is not what was recorded."""
    try:
        return ask()
    # A file that polars cannot read ends in a panic, which is no Exception.
    except (Exception, PanicException) as error:
        return Check(what, False, reason(error))


def _model(sources: Sources, evidence: Evidence) -> Check:
    """Whether the model's files hash to what was recorded when it was trained."""
    assert evidence.model is not None  # noqa: S101  (asked only when there is one)
    folder = sources.settings.home / evidence.model.uri
    recorded = str(evidence.model.properties["sha256"])
    same = manifest_sha256(check(folder)) == recorded
    detail = f"sha256 {recorded}" if same else "its files are not the model that was recorded"
    return Check("model files", same, detail)


def _rows(look: Look, evidence: Evidence) -> Check:
    """Whether the engine's rows are those that the prediction was made from."""
    assert evidence.said is not None  # noqa: S101  (asked only when there is one)
    engine = (evidence.fleet, evidence.said["engine"])
    said = find(look, engine, evidence.said["cycle"], evidence.said["run_id"])
    return _told("rows used", used_rows(look, origin(look, said)).finding)


def _version(look: Look, what: str, version: tuple[str, int]) -> Check:
    """Whether a table version can be read and is what was written."""
    return _told(what, look.versions.check(*version))


def _told(what: str, finding: Finding) -> Check:
    proven = link(what, what, (), finding)
    return Check(what, _OK[proven.verdict], proven.reason)
