"""Which entries of the audit log concern a bundle's subject."""

import re

from lakehouse.audit import AuditLog, Entry
from lakehouse.bundle.evidence import Evidence, Sources

_WORD = re.compile(r"[\s@,=]+")


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
    requests = {entry.request_id for entry in entries if entry.seq in about} - {""}
    return [e for e in entries if e.seq in about or e.request_id in requests]
