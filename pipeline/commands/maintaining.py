"""The verb that keeps the lake tidy without breaking a model's proof."""

import json
from uuid import uuid4

import click

from lakehouse.lake import Commit
from lakehouse.lock import LockedError, lake_lock
from lakehouse.runs import RunStore
from lakehouse.serving import all_live
from lakehouse.settings import Settings
from lakehouse.snapshots import take
from pipeline import worker
from pipeline.commands.output import Exit, audited, fail, json_option, me, show
from pipeline.home import chosen_engine, open_home
from pipeline.steps.maintenance import Document, Upkeep
from pipeline.steps.maintenance import maintain as tidy


@click.command()
@click.option("--days", type=click.IntRange(0), default=30, show_default=True)
@click.option("--log-days", type=click.IntRange(0), help="also let go of older log entries")
@click.option("--without-guard", is_flag=True, help="let go of what models learned from, too")
@json_option
@click.pass_obj
def maintain(
    settings: Settings, days: int, log_days: int | None, without_guard: bool, as_json: bool
) -> None:
    """Compact the tables and let old versions go, except those that models learned from."""
    worker.init(settings)
    audited(settings, "maintain", f"days={days} guard={not without_guard}")
    try:
        with lake_lock(settings.home):
            waiting = [run.run_id for run in RunStore(settings).active()]
            if waiting and not days:
                fail(f"--days 0 while runs have not ended: {', '.join(waiting)}", Exit.REFUSED)
            document = _maintain(settings, Upkeep(days, not without_guard, log_days))
    except LockedError:
        fail("a worker is running: stop it first", Exit.REFUSED)
    show(document, as_json, _text(document))


def _maintain(settings: Settings, what: Upkeep) -> Document:
    home = open_home(settings, chosen_engine(settings))
    # No run did it: a name of its own, so that it is done every time.
    work = f"maintain-{uuid4().hex[:12]}"
    commit = Commit(work, "", "maintain", me(), {}, part=work)
    document = tidy(home, what, commit)
    live = {fleet: entry.model_id for fleet, entry in all_live(settings.serving).items()}
    snapshot = take(home.lake, live, commit)
    return document | {"snapshot": snapshot.seq}


def _text(document: Document) -> str:
    lines = [
        f"{t['table']:<22} {t['files_deleted']:>6,} files, {t['bytes_deleted']:>12,} bytes deleted"
        for t in document["tables"]
    ]
    lines += [f"features of {name} dropped: it was refused" for name in document["dropped"]]
    lines += [
        f"kept {k['table']}@{k['version']}: {', '.join(k['models'])} learned from it"
        for k in document["kept"]
    ]
    lines += [
        f"LOST {e['model_id']}: {e['table']}@{e['version']}, {e['detail']}"
        for e in document["lost"]
    ]
    return "\n".join(lines) or f"nothing to do; snapshot {json.dumps(document['snapshot'])}"
