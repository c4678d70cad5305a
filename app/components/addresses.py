"""Addresses of the fleet and engine pages, with names quoted and the snapshot kept."""

from urllib.parse import quote, urlencode


def fleet_address(fleet: str = "", as_of: int | None = None) -> str:
    """The fleet page."""
    return "/" + _query(fleet=fleet, as_of=as_of)


def engine_address(fleet: str, engine: str, as_of: int | None = None) -> str:
    """One engine's page."""
    return f"/engine/{quote(fleet, safe='')}/{quote(engine, safe='')}" + _query(as_of=as_of)


def _query(**values: str | int | None) -> str:
    given = {name: value for name, value in values.items() if value not in ("", None)}
    return f"?{urlencode(given)}" if given else ""
