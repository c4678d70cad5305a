"""The one clock: UTC, microseconds. Order comes from versions, never from here."""

from datetime import UTC, datetime


def now() -> datetime:
    """The current time in UTC."""
    return datetime.now(UTC)


def iso(time: datetime) -> str:
    """ISO 8601 with a Z, to the second."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def moment(milliseconds: float) -> datetime:
    """The time, so many milliseconds after 1970 began: how Delta, MLMD and DBOS tell times."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
