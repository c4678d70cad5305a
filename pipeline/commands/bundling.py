"""The verbs that make evidence bundles and check them."""

import re
from dataclasses import asdict
from pathlib import Path

import click

from lakehouse.artifacts import file_sha256
from lakehouse.bundle import Sources, StartError, check_bundle, make_bundle
from lakehouse.row_files import new_file
from lakehouse.settings import Settings
from pipeline.commands.output import Exit, audited, json_option, show, table, usage_errors
from pipeline.home import open_home

_ODD = re.compile(r"[^A-Za-z0-9._-]+")


@click.group()
def bundle() -> None:
    """All evidence of a prediction or a model in one file."""


@bundle.command()
@click.argument("name", metavar="FLEET/ENGINE@CYCLE|MODEL")
@click.option(
    "--to", "target", type=click.Path(path_type=Path), help="default: evidence-….zip here"
)
@json_option
@click.pass_obj
@usage_errors(StartError, FileExistsError)
def make(settings: Settings, /, name: str, target: Path | None, as_json: bool) -> None:
    """Make a bundle; what no longer says what was recorded ends with exit code 3."""
    home = open_home(settings)
    file = (target or Path(f"evidence-{_ODD.sub('-', name)}.zip")).absolute()
    with new_file(file) as aside:
        with aside.open("w+b") as content:
            made = make_bundle(Sources(settings, home.lake, home.profile), name, content)
        digest = file_sha256(aside)
        audited(settings, "read_audit", f"bundle {name}", {"sha256": digest})
    document = {"bundle": str(file), "bytes": file.stat().st_size, "sha256": digest, **asdict(made)}
    lines = [f"{made.files} files, {document['bytes']:,} bytes in {file}", f"sha256 {digest}"]
    lines += [f"left out {what}: {why}" for what, why in made.left_out.items()]
    lines += [f"NOT AS RECORDED: {what}" for what in made.failed]
    show(document, as_json, "\n".join(lines))
    if made.failed:
        raise SystemExit(int(Exit.BAD_DATA))


@bundle.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
def verify(file: Path, as_json: bool) -> None:
    """Check a bundle with nothing but itself; findings end with exit code 3."""
    found = check_bundle(file)
    findings = [asdict(finding) for finding in found.findings]
    about = dict(found.about or {})
    document = {"ok": found.ok, "bundle": str(file.absolute()), "sha256": found.sha256, **about}
    whole = f"whole: {about.get('kind')} {about.get('name')}, {found.files} files"
    text = whole if found.ok else table(findings, ("what", "where", "detail"))
    show({**document, "files": found.files, "findings": findings}, as_json, text)
    if not found.ok:
        raise SystemExit(int(Exit.BAD_DATA))
