"""Verbs that tell of a table's versions: its history, and what changed between two of them."""

from dataclasses import asdict
from typing import Any

import click

from lakehouse.diffs import DiffError, TableDiff, table_diff
from lakehouse.diffs.reading import reading
from lakehouse.export import Selection, SelectionError, resolved
from lakehouse.history import VersionFacts, table_history
from lakehouse.pins import by_table, model_pins
from lakehouse.settings import Settings
from lakehouse.tables import TABLES
from pipeline.commands.output import Exit, fail, json_option, show, table, usage_errors
from pipeline.home import open_home

Document = dict[str, Any]
_COLUMNS = (
    "version", "time", "operation", "run_id", "who", "rows", "rows_added", "rows_updated",
    "rows_removed", "files",
)  # fmt: skip


@click.command()
@click.argument("name", metavar="TABLE")
@json_option
@click.pass_obj
def history(settings: Settings, name: str, as_json: bool) -> None:
    """Every version of a table: who wrote it, in which run, how many rows."""
    _known(name)
    home = open_home(settings)
    pins = model_pins(home.metadata, settings.serving) if settings.metadata.is_file() else ()
    days = settings.maintain.days
    facts = table_history(home.lake, name, pinned=by_table(pins, name), days=days)
    rows = [_version_document(fact) for fact in facts]
    show(rows, as_json, table(rows, _COLUMNS))


@click.command()
@click.argument("name", metavar="TABLE")
@click.argument("versions", nargs=2, type=click.IntRange(0), metavar="FROM TO")
@click.option(
    "--rows",
    type=click.IntRange(0),
    default=20,
    show_default=True,
    help="how many rows of each kind to show",
)
@json_option
@click.pass_obj
@usage_errors(DiffError, SelectionError)
def diff(
    settings: Settings, name: str, versions: tuple[int, int], rows: int, as_json: bool
) -> None:
    """What changed in a table from one version to another, earlier or later one."""
    lake = open_home(settings).lake
    for version in versions:
        resolved(lake, Selection(name, version))
    with reading(name, *versions):
        told = table_diff(lake, name, *versions)
        document = _diff_document(told, rows)
    counts = f"+{told.rows_added:,} -{told.rows_removed:,} ~{told.rows_changed:,} rows"
    lines = [
        f"{name} {told.before} to {told.after}: {counts}, {len(told.engines):,} engines",
        *(f"column {c.column}: {c.before} to {c.after}" for c in told.schema),
        *(f"{row['key']}: {row['values']}" for row in document["changed"]),
    ]
    show(document, as_json, "\n".join(lines))


def _known(name: str) -> None:
    if name not in TABLES:
        fail(f"{name!r} is no table; there are {', '.join(TABLES)}", Exit.USAGE)


def _version_document(facts: VersionFacts) -> Document:
    document = asdict(facts) | {"readable": facts.readable}
    del document["fields"]
    return document


def _diff_document(told: TableDiff, rows: int) -> Document:
    same = ("table", "before", "after", "rows_added", "rows_removed", "rows_changed")
    return {name: getattr(told, name) for name in same} | {
        "versions": [fact.version for fact in told.commits],
        "schema": [asdict(change) for change in told.schema],
        "engines": ["/".join(engine) for engine in told.engines],
        "added": told.added(rows).to_dicts(),
        "removed": told.removed(rows).to_dicts(),
        "changed": [asdict(row) for row in told.changed_rows(rows)],
        "shifts": [asdict(shift) for shift in told.shifts()],
    }
