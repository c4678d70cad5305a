"""The verbs that look at the audit log: list, verify, export."""

from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec

import click

from lakehouse.audit import AuditLog
from lakehouse.audit.files import Format, chunks
from lakehouse.audit.selection import NAMES, Selection, SelectionError
from lakehouse.row_files import new_file
from lakehouse.settings import Settings
from pipeline.commands.output import Exit, audited, fail, json_option, show, table, usage_errors

P = ParamSpec("P")
_COLUMNS = ("seq", "time", "actor", "role", "action", "object", "outcome", "reason")
_HELP = {
    "since": "not before that time (UTC): 2026-11, 2026-11-20, 2026-11-20T10:02",
    "until": "not after it; the whole of what it names is in",
    "object": "part of the object",
    "outcome": "allowed, refused or failed",
}


def filters(command: Callable[P, None]) -> Callable[P, None]:
    """The options that say which entries."""
    for name in reversed(NAMES):
        option = f"--{name.replace('_', '-')}"
        command = click.option(option, name, default="", help=_HELP.get(name))(command)
    return command


@click.group()
def audit() -> None:
    """Who did what when, and whether the log of it is whole."""


@audit.command("list")
@filters
@click.option("--last", type=click.IntRange(1), default=50, show_default=True, help="how many")
@json_option
@click.pass_obj
@usage_errors(SelectionError)
def list_(settings: Settings, /, last: int, as_json: bool, **asked: str) -> None:
    """The last entries that fit, newest first."""
    found = [*Selection(**asked).of(_log(settings).read())]
    entries = [vars(entry) for entry in reversed(found[-last:])]
    show({"matched": len(found), "entries": entries}, as_json, table(entries, _COLUMNS))


@audit.command()
@json_option
@click.pass_obj
def verify(settings: Settings, as_json: bool) -> None:
    """Whether the log is whole; the first bad entry ends with exit code 3."""
    verdict = _log(settings).verify()
    whole = f"{verdict.entries:,} entries, whole; newest hash {verdict.newest or '–'}"
    show(vars(verdict), as_json, whole if verdict.ok else f"not whole: {verdict.detail}")
    if not verdict.ok:
        raise SystemExit(int(Exit.BAD_DATA))


@audit.command()
@click.argument("target", metavar="FILE", type=click.Path(path_type=Path))
@filters
@click.option("--format", "form", type=click.Choice(["jsonl", "csv"]), help="default: by FILE")
@json_option
@click.pass_obj
@usage_errors(SelectionError, FileExistsError)
def export(
    settings: Settings, /, target: Path, form: str | None, as_json: bool, **asked: str
) -> None:
    """Write the entries that fit to a new file; that, too, is an entry."""
    log, selection = _log(settings), Selection(**asked)
    chosen: Format = "csv" if (form or target.suffix.removeprefix(".")) == "csv" else "jsonl"
    entries = selection.of(log.read())
    with new_file(target.absolute()) as aside:
        audited(settings, "read_audit", f"log.{chosen}", selection.asked or None)
        found = [*entries]
        with aside.open("wb") as file:
            file.writelines(chunks(found, chosen))
    size = target.stat().st_size
    document = {"file": str(target.absolute()), "format": chosen, "entries": len(found)}
    text = f"{len(found):,} entries, {size:,} bytes in {target}"
    show({**document, "bytes": size}, as_json, text)


def _log(settings: Settings) -> AuditLog:
    if not settings.metadata.is_file() and not settings.audit.exists():
        fail(f"{settings.home} is no home: run `stillwater init`", Exit.USAGE)
    return AuditLog(settings.audit)
