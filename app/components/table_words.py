"""How versions of tables are named: runs, operations, changes of rows, until when they are kept."""

from collections.abc import Sequence

from dash import dcc, html
from dash.development.base_component import Component

from app.components.addresses import run_address
from app.components.times import exactly
from lakehouse.history import VersionFacts

MOST_RANGES = 8


def run_link(run_id: str | None) -> Component | str:
    """A run by its kind and suffix; a dash where no run did it."""
    if not run_id:
        return "—"
    kind, _, rest = run_id.partition("-")
    label = " ".join(part for part in (kind, rest.rpartition("-")[2]) if part)
    return dcc.Link(label, href=run_address(run_id), title=run_id)


def by(facts: VersionFacts) -> Component | str:
    """The run that made a version, or who did where no run did."""
    return run_link(facts.run_id) if facts.run_id else facts.who or "—"


def operation_words(facts: VersionFacts) -> str:
    """What was done, in Delta's words, and by which component."""
    done = facts.operation.lower()
    # The component "create" makes an empty table, which the operation says already.
    named = facts.node if facts.node and facts.node not in ("create", done) else ""
    return f"{done} · {named}" if named else done


def rows_words(count: int | None) -> str:
    """``1,234``; a dash where no writer said how many."""
    return "—" if count is None else f"{count:,}"


def changes(facts: VersionFacts) -> list[Component | str]:
    """Rows added, updated and removed as ``+120 ~3 −40``; the updated count once."""
    added = facts.rows_added - facts.rows_updated
    removed = facts.rows_removed - facts.rows_updated
    counts = (
        ("+", added, "rows added"),
        ("~", facts.rows_updated, "rows updated"),
        ("−", removed, "rows removed"),
    )
    shown = [
        html.Span(f"{sign}{count:,}", title=f"{count:,} {words}", className="tbl-change")
        for sign, count, words in counts
        if count
    ]
    if shown:
        return list(shown)
    words = "moved" if facts.moved_only else "0"
    title = "rows were moved to other files, none changed" if facts.moved_only else "no rows"
    return [html.Span(words, title=title, className="tbl-none")]


def readable_words(facts: VersionFacts) -> str:
    """Whether a version can be read, in a word or two."""
    if not facts.readable:
        return "▲ lost" if facts.pinned_by else "gone"
    if facts.pinned_by:
        return "pinned"
    return "yes" if facts.kept_until is None else f"until {facts.kept_until:%Y-%m-%d}"


def kept_sentence(facts: VersionFacts, is_newest: bool, is_snapshot: bool) -> str:
    """Whether a version can be read, why, and until when."""
    if not facts.readable:
        pinned = f" {_models(facts.pinned_by)} learnt from it." if facts.pinned_by else ""
        return f"It can no longer be read: {gone_words(facts)}.{pinned}"
    if facts.pinned_by:
        return (
            f"It can be read, and maintenance keeps it: {_models(facts.pinned_by)} learnt from it."
        )
    if is_newest:
        return "It can be read, and maintenance keeps it: it is the newest version."
    if is_snapshot:
        return "It can be read, and maintenance keeps it: the newest snapshot names it."
    if facts.kept_until is None:
        return "It can be read: no later version has replaced any of its files."
    until = exactly(facts.kept_until)
    return f"It can be read until {until} at least; from then on maintenance may let it go."


def gone_words(facts: VersionFacts) -> str:
    """How much of a version is gone."""
    if facts.missing < facts.files:
        verb = "is" if facts.missing == 1 else "are"
        return f"{facts.missing:,} of its {facts.files:,} data files {verb} gone"
    return "its data file is gone" if facts.files == 1 else "its data files are gone"


def is_loss(facts: VersionFacts) -> bool:
    """Whether it is wrong that a version is gone: a model can no longer be proven by it."""
    return bool(not facts.readable and facts.pinned_by)


def counted(count: int, word: str) -> str:
    """``1 file``, ``2,000 files``."""
    return f"{count:,} {word}" if count == 1 else f"{count:,} {word}s"


def ranges_words(ranges: Sequence[tuple[int, int]]) -> str:
    """``v0 to v4, v9``, at most a few of them."""
    words = [f"v{a}" if a == b else f"v{a} to v{b}" for a, b in ranges[:MOST_RANGES]]
    if len(ranges) > MOST_RANGES:
        words.append(f"and {len(ranges) - MOST_RANGES:,} stretches before")
    return ", ".join(words)


def _models(names: Sequence[str]) -> str:
    first = ", ".join(names[:3])
    return f"{first} and {len(names) - 3:,} more models" if len(names) > 3 else first
