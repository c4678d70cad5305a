"""Addresses of fleet, engine and table pages, with names quoted and the snapshot kept."""

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


# Tables: a table's name is ``<layer>/<table>``; engine stands for (fleet, engine).


def tables_address(as_of: int | None = None) -> str:
    """The data catalogue."""
    return "/tables" + _query(as_of=as_of)


def retention_address(as_of: int | None = None) -> str:
    """Until when the data of every model can be read."""
    return "/tables/retention" + _query(as_of=as_of)


def table_address(
    name: str,
    version: int | None = None,
    as_of: int | None = None,
    engine: tuple[str, str] = ("", ""),
    page: int | None = None,
) -> str:
    """One table: its versions, and the rows of one of them (default: the newest)."""
    query = _query(version=version, page=page, engine=_engine(engine), as_of=as_of)
    return f"/tables/{quote(name)}{query}"


def diff_address(
    name: str,
    versions: tuple[int, int],
    as_of: int | None = None,
    engine: tuple[str, str] = ("", ""),
    column: str = "",
) -> str:
    """What leads from one version of a table to another."""
    ends = {"from": versions[0], "to": versions[1]}
    query = _query(**ends, engine=_engine(engine), column=column, as_of=as_of)
    return f"/tables/{quote(name)}/diff{query}"


def _engine(engine: tuple[str, str]) -> str:
    return "/".join(engine) if all(engine) else ""
