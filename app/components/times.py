"""Times as people read them: how long ago, and exactly when."""

from datetime import UTC, datetime, timedelta


def ago(then: datetime | None, now: datetime) -> str:
    """``just now``, ``5 min``, ``3 h``, ``9 d``; a dash for never."""
    if then is None:
        return "—"
    passed = max(now - then, timedelta())
    minutes = int(passed.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min"
    return f"{minutes // 60} h" if minutes < 48 * 60 else f"{passed.days} d"


def said_ago(then: datetime | None, now: datetime) -> str:
    """``3 min ago``, ``just now``, ``never``."""
    if then is None:
        return "never"
    word = ago(then, now)
    return word if word == "just now" else f"{word} ago"


def minute(then: datetime | None) -> str:
    """``2026-11-23 04:12`` in UTC; a dash for never."""
    return "—" if then is None else f"{then.astimezone(UTC):%Y-%m-%d %H:%M}"


def exactly(then: datetime | None) -> str:
    """``2026-11-23 04:12 UTC``; empty for never."""
    return "" if then is None else f"{minute(then)} UTC"
