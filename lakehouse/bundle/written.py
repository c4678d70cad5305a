"""Which entries of the audit log concern a bundle's subject."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta

from lakehouse.audit import AuditLog, Entry
from lakehouse.bundle.evidence import Evidence, Sources

_WORD = re.compile(r"[\s@,=]+")
_RUN = re.compile(r"([a-z]+)-(\d{8}T\d{6})-[0-9a-f]+")
# A command that is asked for where no worker runs starts one before its run is queued.
_BEFORE = timedelta(minutes=1)


def concerning(sources: Sources, evidence: Evidence) -> list[Entry]:
    """Entries about its runs, model, engine and deliveries, and all of the same requests.

    Who read what is left out: it would make each bundle another one.
    """
    entries = [e for e in AuditLog(sources.settings.audit).read() if e.action != "read_audit"]
    names = {*evidence.deliveries, *(node.run for node in evidence.graph.nodes.values())}
    names |= {evidence.model.label} if evidence.model else set()
    if evidence.said is not None:
        names.add(f"{evidence.said['fleet']}/{evidence.said['engine']}")
    names.discard("")
    about = {entry.seq for entry in entries if names & set(_WORD.split(entry.object))}
    about |= {entry.seq for entry in _launches(evidence, entries)}
    requests = {entry.request_id for entry in entries if entry.seq in about} - {""}
    return [e for e in entries if e.seq in about or e.request_id in requests]


def _launches(evidence: Evidence, entries: Sequence[Entry]) -> Iterator[Entry]:
    """What the command line wrote before it asked for a run, whose name it did not know then."""
    steps = (node for node in evidence.graph.nodes.values() if node.kind == "execution")
    asked = {(node.run, str(node.properties.get("who", ""))) for node in steps}
    for run, who in sorted(asked):
        named = _RUN.fullmatch(run)
        if named is None:
            continue
        queued = datetime.strptime(f"{named[2]}+0000", "%Y%m%dT%H%M%S%z") + timedelta(seconds=1)
        mine = [e for e in entries if (e.action, e.actor) == (named[1], who)]
        before = [e for e in mine if queued - _BEFORE <= _time(e) <= queued]
        yield from before[-1:]


def _time(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry.time)
