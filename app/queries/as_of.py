"""Which snapshot a person means by a number or a time."""

from datetime import UTC, datetime, time

from app.queries.pins import pinned
from lakehouse.lake import Lake
from lakehouse.snapshots import at


def asked(text: str) -> int | None:
    """The number of a snapshot in an address; None ("now") for whatever is none."""
    return int(text) if text.isdecimal() and len(text) < 16 else None


def resolve(lake: Lake, text: str) -> int | None:
    """The snapshot that a number, a time or a day names; None ("now") for an empty text.

    A time without a zone is UTC, a day means its end, as what stood at the end of that day.

    Raises:
        LookupError: there is no such snapshot, or the text names none; says what to write.
    """
    text = text.strip()
    if text in ("", "now"):
        return None
    seq = asked(text)
    if seq is not None:
        return pinned(lake, seq).snapshot.seq
    return at(lake, moment(text)).seq


def moment(text: str) -> datetime:
    """The time that a text names; of a day or a second its end.

    Raises:
        LookupError: it names none; says what to write.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise LookupError(
            f"{text[:40]!r} is neither a snapshot such as 42 nor a time such as 2026-11-20 10:02"
        ) from None
    if len(text) == len("2026-11-20"):
        found = datetime.combine(found, time.max)
    if not found.microsecond:
        found = found.replace(microsecond=999_999)
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
