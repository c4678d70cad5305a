"""Which format a home is of, so that one of a newer Stillwater is refused and not half understood.

Format 1 is what every release so far writes. A change that this code could not read raises
:data:`FORMAT` and brings the step that lifts an older home; columns that tables gain need neither,
for rows without them read as null.
"""

import json
from pathlib import Path

from lakehouse import VERSION
from lakehouse.artifacts import write_atomically

FORMAT = 1
NAME = "home.json"


class HomeFormatError(RuntimeError):
    """The home was written by a Stillwater whose homes this one does not know."""


def check_home(home: Path) -> None:
    """Refuse a home of a newer format; one that says nothing is of the first.

    Raises:
        HomeFormatError: what wrote it, and what to do.
    """
    file = home / NAME
    if not file.is_file():
        return
    try:
        told = json.loads(file.read_text())
        written, by = int(told["format"]), str(told["stillwater"])
    except (ValueError, TypeError, KeyError) as error:
        detail = "put it back from a backup; nothing was touched"
        raise HomeFormatError(f"{file} does not tell the format of the home: {detail}") from error
    if written > FORMAT:
        raise HomeFormatError(
            f"{home} was written by Stillwater {by}, home format {written}; this is {VERSION}, "
            f"which reads up to format {FORMAT}. Install that release or a newer one, or "
            "restore a backup of before the upgrade into another folder. Nothing was touched."
        )


def mark_home(home: Path) -> None:
    """Write down the format of a home that does not tell it yet: a new one, or one of before."""
    file = home / NAME
    if not file.is_file():
        write_atomically(file, json.dumps({"format": FORMAT, "stillwater": VERSION}) + "\n")
