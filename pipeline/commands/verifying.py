"""The verb that checks whether a home is whole."""

from dataclasses import asdict

import click

from lakehouse.settings import Settings
from lakehouse.verify import verify as check
from pipeline.commands.output import Exit, fail, json_option, show, table


@click.command()
@click.option("--deep", is_flag=True, help="also hash every row of the versions that must be there")
@json_option
@click.pass_obj
def verify(settings: Settings, deep: bool, as_json: bool) -> None:
    """Check that nothing in the home was lost or changed; findings end with exit code 3."""
    if not settings.metadata.is_file() and not settings.lake.is_dir():
        fail(f"{settings.home} is no home: run `stillwater init`", Exit.USAGE)
    findings = [asdict(finding) for finding in check(settings, deep)]
    text = (
        table(findings, ("what", "where", "detail")) if findings else "nothing found: it is whole"
    )
    show({"ok": not findings, "findings": findings}, as_json, text)
    if findings:
        raise SystemExit(int(Exit.BAD_DATA))
