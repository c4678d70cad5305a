"""How a command ends: one JSON document or a readable text, messages on stderr, an exit code."""

import getpass
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import IntEnum
from functools import wraps
from typing import Any, NoReturn, ParamSpec

import click

from lakehouse.audit import AuditLog, Event, new_request
from lakehouse.clock import iso
from lakehouse.settings import Settings

P = ParamSpec("P")


class Exit(IntEnum):
    """Exit codes of every verb."""

    OK = 0
    USAGE = 2
    BAD_DATA = 3
    REFUSED = 4
    FAILED = 5


def json_option(command: Callable[P, None]) -> Callable[P, None]:
    """The ``--json`` flag that every verb has."""
    return click.option("--json", "as_json", is_flag=True, help="one JSON document on stdout")(
        command
    )


def fail(message: str, code: Exit) -> NoReturn:
    """Say on stderr what is wrong and what to do, and end."""
    click.echo(f"stillwater: {message}", err=True)
    sys.exit(int(code))


def show(document: Any, as_json: bool, text: str) -> None:
    """Print the document, or its readable form."""
    click.echo(json.dumps(document, default=_plain, indent=1) if as_json else text)


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Rows as aligned text."""
    if not rows:
        return "nothing yet"
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [
        max(len(name), *(len(row[index]) for row in cells)) for index, name in enumerate(columns)
    ]
    lines = [list(columns), *cells]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def me() -> str:
    """Who the command line acts as."""
    return f"cli:{getpass.getuser()}"


def audited(settings: Settings, action: str, target: str, asked: Any = None) -> str:
    """Write down what is about to be asked for; what cannot be written down is not done.

    Returns:
        What joins it with the run, see :func:`queued`.
    """
    request = new_request()
    event = Event(me(), "admin", action, target, request_id=request, after=asked)
    AuditLog(settings.audit).append(event)
    return request


def queued(settings: Settings, request: str, run_id: str) -> None:
    """Write down which run is what was asked for."""
    AuditLog(settings.audit).append(Event(me(), "admin", "queue", run_id, request_id=request))


def refused(settings: Settings, action: str, target: str, why: str) -> NoReturn:
    """Write down that something cannot be done, say why, and end."""
    event = Event(me(), "admin", action, target, "refused", why)
    AuditLog(settings.audit).append(event)
    fail(why, Exit.REFUSED)


def usage_errors(*errors: type[Exception]) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """Turn these errors into a message and the exit code for wrong usage."""

    def decorate(command: Callable[P, None]) -> Callable[P, None]:
        @wraps(command)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            try:
                command(*args, **kwargs)
            except errors as error:
                fail(str(error), Exit.USAGE)

        return run

    return decorate


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, datetime):
        return iso(value)
    return f"{value:.3f}" if isinstance(value, float) else str(value)


def _plain(value: Any) -> Any:
    return iso(value) if isinstance(value, datetime) else str(value)
