"""The audit log: who did what when, append only and hash-chained."""

from lakehouse.audit.chain import Verdict
from lakehouse.audit.entries import FIRST_START, Entry, Event, Outcome, new_request
from lakehouse.audit.log import AuditError, AuditLog

__all__ = [
    "FIRST_START",
    "AuditError",
    "AuditLog",
    "Entry",
    "Event",
    "Outcome",
    "Verdict",
    "new_request",
]
