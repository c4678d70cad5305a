"""The verb that writes rows of a table to a file."""

from pathlib import Path

import click
import polars as pl

from lakehouse.export import (
    Selection,
    SelectionError,
    engine_of,
    resolved,
    selected,
    write,
)
from lakehouse.row_files import Format
from lakehouse.settings import Settings
from pipeline.commands.output import audited, json_option, show, usage_errors
from pipeline.home import open_home


@click.command()
@click.argument("name", metavar="TABLE")
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--version", type=click.IntRange(0), help="as of that version; default: the newest")
@click.option("--columns", help="which columns, with commas; default: all")
@click.option("--engine", metavar="[FLEET/]ENGINE", help="only that engine")
@click.option("--format", "form", type=click.Choice(["parquet", "csv"]), help="default: by FILE")
@json_option
@click.pass_obj
@usage_errors(SelectionError, FileExistsError)
def export(
    settings: Settings, /, name: str, target: Path, **options: str | int | bool | None
) -> None:
    """Write rows of a table, as of a version, to a new file."""
    lake = open_home(settings).lake
    # Said once, so that the version noted, written and told is the same.
    what = resolved(lake, _selection(name, options))
    form = _format(target, options["form"])
    rows = selected(lake, what)
    audited(settings, "export", f"{name}@{what.version}")
    size = write(lake, what, target.absolute(), form)
    count = int(rows.select(pl.len()).collect().item())
    document = {
        "table": name,
        "version": what.version,
        "rows": count,
        "columns": rows.collect_schema().names(),
        "format": form,
        "file": str(target.absolute()),
        "bytes": size,
    }
    show(document, bool(options["as_json"]), f"{count:,} rows, {size:,} bytes in {target}")


def _selection(name: str, options: dict[str, str | int | bool | None]) -> Selection:
    fleet, engine = engine_of(str(options["engine"] or ""))
    columns = tuple(part for part in str(options["columns"] or "").split(",") if part)
    version = options["version"]
    return Selection(name, None if version is None else int(version), columns, fleet, engine)


def _format(target: Path, chosen: str | int | bool | None) -> Format:
    if chosen in ("csv", "parquet"):
        return "csv" if chosen == "csv" else "parquet"
    return "csv" if target.suffix == ".csv" else "parquet"
