"""Addresses of the pages: the one place where they are built, names quoted, the snapshot kept."""

from collections.abc import Mapping
from urllib.parse import quote, urlencode

from app.queries.quality import Ask
from lakehouse.row_files import Format

QUALITY = "/quality"
STATISTICS = "/quality/statistics"
SCHEMA = "/quality/schema"
DRIFT = "/quality/drift"
LIMITS = "/quality/limits"
RUNS = "/runs"
TABLES = "/tables"
MODELS = "/models"
LINEAGE = "/lineage"
PROOF = "/proof"
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


# Lineage: ``of`` as :mod:`lakehouse.lineage.starts` reads it.
def lineage_address(of: str, as_of: int | None = None) -> str:
    """What an object came from and what came of it."""
    return page_address(LINEAGE, of=of, as_of=as_of)


def lineage_view_address(query: Mapping[str, str | int | None]) -> str:
    """The lineage page as :meth:`app.queries.lineage.Ask.to` says."""
    return page_address(LINEAGE, **query)


def lineage_export_address(form: str, query: Mapping[str, str | int | None]) -> str:
    """The same as a file: ``openlineage.jsonl``, ``mermaid.mmd``, ``nodes.csv`` and others."""
    return page_address(f"{LINEAGE}/{form}", **query)


def proof_address(
    engine: tuple[str, str], cycle: int, run_id: str = "", as_of: int | None = None
) -> str:
    """The proof of what was said of an engine at a cycle: the newest, or what a run said."""
    return page_address(_path(PROOF, *engine, str(cycle)), run=run_id, as_of=as_of)


def models_address(fleet: str = "", as_of: int | None = None, at: str = "") -> str:
    """The models, of one fleet or (empty) of the first; ``at``: what was live at a time."""
    return page_address(MODELS, fleet=fleet, at=at, as_of=as_of)


def model_address(model_id: str, as_of: int | None = None) -> str:
    """One model."""
    return page_address(_path(MODELS, model_id), as_of=as_of)


def compared_address(left: str, right: str, as_of: int | None = None) -> str:
    """Two models side by side."""
    return page_address(f"{MODELS}/compare", left=left, right=right, as_of=as_of)


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


def export_address(
    name: str, version: int, form: Format, engine: tuple[str, str] = ("", "")
) -> str:
    """The rows of a version as a file; with an engine, only its rows."""
    path = f"/api/v1/tables/{quote(name)}/export"
    return page_address(path, version=version, format=form, engine=_engine(engine))


def _engine(engine: tuple[str, str]) -> str:
    return "/".join(engine) if all(engine) else ""
