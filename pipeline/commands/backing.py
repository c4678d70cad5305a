"""The verbs that back a home up and put it back."""

import time
from dataclasses import asdict
from pathlib import Path

import click

from lakehouse.backups import BackupError, back_up
from lakehouse.backups import restore as put_back
from lakehouse.settings import Settings
from lakehouse.verify import verify
from pipeline.commands.output import Exit, audited, fail, json_option, show, table


@click.command()
@click.argument("target", metavar="FILE_OR_FOLDER", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def backup(settings: Settings, target: Path, as_json: bool) -> None:
    """Copy the whole home, while runs go on, into a folder or an archive (.tar, .tar.gz)."""
    if not settings.runs.is_file():
        fail(f"{settings.home} is no home: run `stillwater init`", Exit.USAGE)
    audited(settings, "backup", target.name)
    began = time.monotonic()
    try:
        taken = back_up(settings, target.absolute())
    except BackupError as error:
        fail(str(error), Exit.REFUSED)
    document = {
        "backup": str(target.absolute()),
        "time": taken.time,
        "files": len(taken.files),
        "bytes": taken.bytes,
        "versions": taken.versions,
        "seconds": round(time.monotonic() - began, 3),
    }
    show(document, as_json, f"{len(taken.files):,} files, {taken.bytes:,} bytes in {target}")


@click.command()
@click.argument("source", metavar="FILE_OR_FOLDER", type=click.Path(exists=True, path_type=Path))
@json_option
@click.pass_obj
def restore(settings: Settings, source: Path, as_json: bool) -> None:
    """Put a backup back into an empty home and verify it; findings end with exit code 3."""
    began = time.monotonic()
    try:
        taken = put_back(source.absolute(), settings)
    except BackupError as error:
        fail(str(error), Exit.REFUSED)
    seconds = round(time.monotonic() - began, 3)
    findings = [asdict(finding) for finding in verify(settings)]
    audited(settings, "restore", f"{source.name} of {taken.time}")
    known = {"home": str(settings.home), "time": taken.time, "seconds": seconds}
    counts = {"files": len(taken.files), "bytes": taken.bytes, "versions": taken.versions}
    document = known | counts | {"ok": not findings, "findings": findings}
    text = f"{len(taken.files):,} files of {taken.time} restored to {settings.home}"
    problems = table(findings, ("what", "where", "detail")) if findings else "it is whole"
    show(document, as_json, f"{text}\n{problems}")
    if findings:
        raise SystemExit(int(Exit.BAD_DATA))
