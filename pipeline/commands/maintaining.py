"""The verb that keeps the lake tidy without breaking a model's proof."""

import click

from lakehouse.history import DAYS
from lakehouse.requests import MaintainRequest
from lakehouse.settings import Settings
from pipeline.commands.output import Exit, fail, json_option, show
from pipeline.commands.running import Document, ask, document_of, end


@click.command()
@click.option("--days", type=click.IntRange(0, 36_500), default=DAYS, show_default=True)
@click.option("--log-days", type=click.IntRange(0, 36_500), help="also let go of old log entries")
@click.option("--without-guard", is_flag=True, help="let go of what models learned from, too")
@json_option
@click.pass_obj
def maintain(
    settings: Settings, days: int, log_days: int | None, without_guard: bool, as_json: bool
) -> None:
    """Compact the tables and let old versions go, except those that models learned from."""
    request = MaintainRequest(days=days, log_days=log_days, guard=not without_guard)
    run = ask(settings, request, f"days={days} guard={not without_guard}")
    document = document_of(run)
    show(document, as_json, f"{_text(document)}\n{run.run_id}: {run.state}")
    if any(step.message.startswith("MaintenanceError") for step in run.steps):
        fail(run.error, Exit.REFUSED)
    end(run)


def _text(document: Document) -> str:
    lines = [
        f"{t['table']:<22} {t['files_deleted']:>6,} files, {t['bytes_deleted']:>12,} bytes deleted"
        for t in document.get("tables", [])
    ]
    lines += [f"features of {name} dropped: it was refused" for name in document.get("dropped", [])]
    lines += [
        f"kept {k['table']}@{k['version']}: {', '.join(k['models'])} learned from it"
        for k in document.get("kept", [])
    ]
    lines += [
        f"LOST {e['model_id']}: {e['table']}@{e['version']}, {e['detail']}"
        for e in document.get("lost", [])
    ]
    return "\n".join(lines) or "nothing to do"
