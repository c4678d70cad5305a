"""Addresses of the pages: the one place where they are built, names quoted, the snapshot kept."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from app.queries.quality import Ask

QUALITY = "/quality"
STATISTICS = "/quality/statistics"
SCHEMA = "/quality/schema"
DRIFT = "/quality/drift"
LIMITS = "/quality/limits"
RUNS = "/runs"
TABLES = "/tables"
AUDIT = "/audit"


def page_address(path: str, /, **query: str | int | None) -> str:
    """A page with what of its query is given; empty text and None are left out."""
    given = {name: value for name, value in query.items() if value not in ("", None)}
    return path + (f"?{urlencode(given, quote_via=quote, safe='')}" if given else "")


def fleet_address(fleet: str = "", as_of: int | None = None) -> str:
    """The fleet page."""
    return page_address("/", fleet=fleet, as_of=as_of)


def engine_address(fleet: str, engine: str, as_of: int | None = None) -> str:
    """One engine's page."""
    return page_address(_path("/engine", fleet, engine), as_of=as_of)


def quality_address(ask: Ask, as_of: int | None = None, **changes: str | int) -> str:
    """Another view of the data quality page."""
    return page_address(QUALITY, **ask.to(**changes), as_of=as_of)


def anomaly_address(anomaly_id: str, as_of: int | None = None, engine: str = "") -> str:
    """One anomaly; with an engine, that engine's rows."""
    return page_address(_path("/quality/anomaly", anomaly_id), engine=engine, as_of=as_of)


def limits_address(fleet: str, limit_id: str = "", as_of: int | None = None) -> str:
    """The limits of a fleet; with a limit, the form is filled with it."""
    return page_address(LIMITS, fleet=fleet, limit_id=limit_id, as_of=as_of)


def schema_address(fleet: str) -> str:
    """The schema of a fleet."""
    return page_address(SCHEMA, fleet=fleet)


def schema_file_address(schema_id: str) -> str:
    """One schema as the file that TFX reads."""
    return _path(SCHEMA, schema_id, "schema.pbtxt")


def runs_address(kind: str = "", page: int = 1, as_of: int | None = None) -> str:
    """One page of runs, of one kind or (empty) of all."""
    return page_address(RUNS, kind=kind, page=page if page > 1 else None, as_of=as_of)


def run_address(run_id: str, **query: str | int | None) -> str:
    """One run's page."""
    return page_address(_path(RUNS, run_id), **query)


def run_log_address(run_id: str) -> str:
    """One run's log as a file."""
    return _path(RUNS, run_id, "log.txt")


def audit_address(query: Mapping[str, str], as_of: int | None = None) -> str:
    """The audit log, as :class:`app.queries.audit.Ask` says it."""
    return page_address(AUDIT, **query, as_of=as_of)


def audit_file_address(query: Mapping[str, str], form: str, as_of: int | None = None) -> str:
    """The entries that fit, as a file: ``jsonl`` or ``csv``."""
    return page_address(f"{AUDIT}/log.{form}", **query, as_of=as_of)


def evidence_address(of: str = "") -> str:
    """All evidence of ``FLEET/ENGINE@CYCLE`` or of a model, as a file."""
    return page_address(f"{AUDIT}/evidence.zip", of=of)


def _path(first: str, *names: str) -> str:
    return "/".join([first, *(quote(name, safe="") for name in names)])


# Tables: a table's name is ``<layer>/<table>``; engine stands for (fleet, engine).


def tables_address(as_of: int | None = None) -> str:
    """The data catalogue."""
    return page_address(TABLES, as_of=as_of)


def retention_address(as_of: int | None = None) -> str:
    """Until when the data of every model can be read."""
    return page_address(f"{TABLES}/retention", as_of=as_of)


def table_address(
    name: str,
    version: int | None = None,
    as_of: int | None = None,
    engine: tuple[str, str] = ("", ""),
    page: int | None = None,
) -> str:
    """One table: its versions, and the rows of one of them (default: the newest)."""
    path = f"{TABLES}/{quote(name)}"
    return page_address(path, version=version, page=page, engine=_engine(engine), as_of=as_of)


def diff_address(
    name: str,
    versions: tuple[int, int],
    as_of: int | None = None,
    engine: tuple[str, str] = ("", ""),
    column: str = "",
) -> str:
    """What leads from one version of a table to another."""
    ends = {"from": versions[0], "to": versions[1]}
    path = f"{TABLES}/{quote(name)}/diff"
    return page_address(path, **ends, engine=_engine(engine), column=column, as_of=as_of)


def _engine(engine: tuple[str, str]) -> str:
    return "/".join(engine) if all(engine) else ""
