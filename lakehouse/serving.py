"""What is live now: one small file a fleet, replaced as a whole."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from lakehouse.artifacts import write_atomically

PUSHED = "pushed.json"
"""In the folder of a push: the pointer as it was when the model went live."""


@dataclass(frozen=True)
class Live:
    """The model that a fleet is served by.

    Attributes:
        fleet: the fleet.
        model_id: the model.
        transform_id: the transform that its features come from.
        model: published folder of the model, relative to the home.
        transform: published folder of the transform, relative to the home.
        out_of_fold: published folder of the trainer's out-of-fold predictions.
        silver_version: version of silver/readings that the transform wrote features of.
        run_id: the run that pushed it.
        since: when it went live, ISO 8601.
    """

    fleet: str
    model_id: str
    transform_id: str
    model: str
    transform: str
    out_of_fold: str
    silver_version: int
    run_id: str
    since: str


def live(serving: Path, fleet: str) -> Live | None:
    """What is live for a fleet, None while nothing is."""
    file = serving / fleet / "live.json"
    return Live(**json.loads(file.read_text())) if file.is_file() else None


def pushed(folder: Path) -> Live:
    """What a Pusher's published folder says that went live.

    Raises:
        OSError: it has no such file.
        ValueError, TypeError: the file says something else.
    """
    return Live(**json.loads((folder / PUSHED).read_text()))


def all_live(serving: Path) -> dict[str, Live]:
    """What is live, by fleet."""
    found = (live(serving, file.parent.name) for file in sorted(serving.glob("*/live.json")))
    return {entry.fleet: entry for entry in found if entry is not None}


def go_live(serving: Path, entry: Live) -> None:
    """Make a model the live one of its fleet: one atomic file, the old or the new."""
    text = json.dumps(asdict(entry), indent=1, sort_keys=True)
    write_atomically(serving / entry.fleet / "live.json", text)
