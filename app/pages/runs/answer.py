"""What a launch button answers: the address of the run, or what is wrong."""

from collections.abc import Callable
from typing import Any

from dash import no_update

from app.components.addresses import run_address
from app.launcher import LaunchError
from lakehouse.runs import Submitted


def answer(launch: Callable[[], Submitted]) -> tuple[Any, str]:
    """Address of the run that was asked for (or unchanged) and the problem (or nothing)."""
    try:
        done = launch()
    except LaunchError as error:
        return no_update, str(error)
    return run_address(done.run_id, joined="" if done.created else "1"), ""
