"""What a person asks for on a page, checked; what makes no sense is refused in words."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from app import uploads
from app.queries import deliverable
from app.uploads import UploadError
from lakehouse.parameters import ParameterError, Parameters
from lakehouse.promotion import PromotionError
from lakehouse.requests import IngestRequest, LimitRequest
from lakehouse.runs import RunError

DATASETS = ("phm08", "fd001", "fd002", "fd003", "fd004")
MOST_FILES = 200
LONGEST_TEXT = 500
NO_REASON = "Give a reason: it is kept with the decision."


class LaunchError(ValueError):
    """What was asked for makes no sense; the message says what to do."""


class LaunchUnavailableError(LaunchError):
    """It cannot be started just now: the audit log or the run records do not take it."""


@dataclass(frozen=True)
class Files:
    """What an ingest is to take in.

    Attributes:
        uploads: ids of uploads.
        landing: names of files in the landing folder.
        fleet: the fleet, empty where the names say it.
        kind: history, in_service or truth, empty where the names say it.
    """

    uploads: tuple[str, ...] = ()
    landing: tuple[str, ...] = ()
    fleet: str = ""
    kind: str = ""

    @classmethod
    def chosen(cls, uploads: Any, landing: Any, fleet: Any, kind: Any) -> Self:
        """From the values of a form, where nothing chosen is None."""
        lists = [tuple(str(value) for value in values or ()) for values in (uploads, landing)]
        return cls(lists[0], lists[1], str(fleet or "").strip(), str(kind or ""))

    @property
    def label(self) -> str:
        """Their names, for the audit log."""
        return ", ".join([*(upload.rpartition("/")[2] for upload in self.uploads), *self.landing])


@dataclass(frozen=True)
class NewLimit:
    """A limit that somebody wants to set.

    Attributes:
        fleet: the fleet.
        sensor: sensor or setting column.
        regime: rounded settings as ``35/0.85/100``, empty for all regimes.
        low: least allowed value, None for none.
        high: greatest allowed value, None for none.
        reason: why, in that person's words.
    """

    fleet: str
    sensor: str
    regime: str = ""
    low: float | None = None
    high: float | None = None
    reason: str = ""

    @property
    def label(self) -> str:
        """What it is about, for the audit log."""
        return f"limit {self.fleet}/{self.sensor}" + (f" at {self.regime}" if self.regime else "")

    def request(self) -> LimitRequest:
        """The run that sets it."""
        return LimitRequest(
            fleet=self.fleet,
            sensor=self.sensor,
            regime=self.regime or None,
            low=self.low,
            high=self.high,
            reason=self.reason,
        )


def asked_number(given: Any, which: str) -> float | None:
    """The number that a text field holds, None where it is empty.

    Raises:
        LaunchError: it holds something else.
    """
    text = str("" if given is None else given).strip().replace(",", ".")
    try:
        return float(text) if text else None
    except ValueError:
        raise LaunchError(f"The {which} {text[:40]!r} is no number.") from None


def correction_label(asked: Mapping[str, Any]) -> str:
    """What a correction is about, for the audit log; whatever was asked for."""
    place = f"{asked.get('fleet')}/{asked.get('engine')}"
    flights = "-".join(str(asked[name]) for name in ("cycle", "until") if asked.get(name))
    parts = [asked.get("action"), place + (f"@{flights}" if flights else "")]
    parts += [*(asked.get("changes") or ()), asked.get("retracts")]
    return " ".join(str(part) for part in parts if part)


def uploaded(folder: Path, ids: tuple[str, ...]) -> list[Path]:
    """Where uploads are kept."""
    try:
        return [uploads.find(folder, upload) for upload in ids]
    except UploadError as error:
        raise LaunchError(str(error)) from error


def landed(folder: Path, names: tuple[str, ...]) -> list[Path]:
    """Where files of the landing folder are, once they are whole."""
    known = {file.name: file for file in deliverable.landing_files(folder)}
    for name in names:
        if name not in known:
            raise LaunchError(f"{name[:120]!r} is not in the landing folder any more.")
        if not known[name].complete:
            raise LaunchError(f"{name} is still being written: wait a few seconds.")
    return [folder / name for name in names]


def check_names(names: list[str], files: Files) -> None:
    """Each file can be read, and its fleet and kind are known."""
    for name in names:
        if not deliverable.ingestible(name):
            known = " ".join(deliverable.SUFFIXES)
            raise LaunchError(f"{name} is of an unknown kind. Known: {known}, and .gz of them.")
        if not deliverable.says_fleet_and_kind(name) and not (files.fleet and files.kind):
            raise LaunchError(f"{name} does not say fleet and kind by its name: give both.")


def fetch_request(name: str) -> IngestRequest:
    """A published data set to download and take in."""
    if name not in DATASETS:
        raise LaunchError(f"Not a published data set. Known: {', '.join(DATASETS)}.")
    return IngestRequest.model_validate({"fetch": name})


def training_parameters(given: Mapping[str, str]) -> dict[str, str]:
    """The parameters that differ from their defaults, each written in one way.

    Two people who ask for the same training, one of them spelling out a default, get one run.
    """
    checked = Parameters.of(dict(given)).model_dump(exclude_defaults=True)
    return {name: str(value) for name, value in checked.items()}


@contextmanager
def in_words() -> Iterator[None]:
    """Every error of a request and of the run records as a LaunchError in words."""
    try:
        yield
    except ValidationError as error:
        raise LaunchError(_told(error)) from None
    except (RunError, ParameterError) as error:
        raise LaunchError(str(error)[:LONGEST_TEXT]) from error
    except PromotionError as error:
        raise LaunchError(f"{str(error)[:1].upper()}{str(error)[1:LONGEST_TEXT]}.") from error
    except SQLAlchemyError as error:
        raise LaunchUnavailableError(
            "The run records do not answer, so nothing was started. Try again in a minute."
        ) from error


def _told(error: ValidationError) -> str:
    problem = error.errors()[0]
    name = ".".join(str(part) for part in problem["loc"])
    if (name, problem["type"]) == ("reason", "string_too_short"):
        return NO_REASON
    text = problem["msg"].removeprefix("Value error, ")
    return f"{name}: {text}" if name else f"{text[:1].upper()}{text[1:]}."
