"""The one write door of the dashboard: ask for a run, cancel it, retry it, keep an upload.

Each asks in the same order: may this person, is it sensible, is it written in the audit log. Only
then is the run submitted; what cannot be audited is refused.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from app import uploads
from app.queries import deliverable, launchable
from app.security import request_id, roles
from app.security.roles import Action
from app.services import Services
from app.uploads import Upload, UploadError, clean_name
from lakehouse.audit import AuditError, Event
from lakehouse.parameters import ParameterError, Parameters
from lakehouse.requests import (
    IngestRequest,
    ReportRequest,
    Request,
    RetrainRequest,
    ScoreRequest,
    StreamRequest,
)
from lakehouse.runs import Run, RunError, Submitted
from lakehouse.users import User

DATASETS = ("phm08", "fd001", "fd002", "fd003", "fd004")
MOST_FILES = 200
LONGEST_TARGET = 300
LONGEST_TEXT = 500


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


class Launcher:
    """Asks for runs on behalf of a signed-in user.

    Every method raises ``app.security.roles.Refused`` when the user may not, LaunchError when
    what is asked for makes no sense, LaunchUnavailableError when it cannot be started now.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def upload(self, user: User, name: str, content: IO[bytes]) -> Upload:
        """Keep a file for a later ingest.

        Raises:
            UploadError: it is empty or too large.
        """
        settings = self._services.settings
        limit = settings.web.upload_mb * 2**20
        with self._acting(user, Action.INGEST, f"upload {clean_name(name)}"):
            return uploads.save(settings.uploads, name, content, limit)

    def ingest(self, user: User, files: Files) -> Submitted:
        """Take in uploaded files and files of the landing folder."""
        return self._launch(user, Action.INGEST, files.label, lambda: self._ingest_request(files))

    def fetch_dataset(self, user: User, name: str) -> Submitted:
        """Download a published data set and take it in."""
        return self._launch(user, Action.INGEST, f"fetch {name}", lambda: _fetch_request(name))

    def retrain(self, user: User, fleet: str, parameters: Mapping[str, str]) -> Submitted:
        """Train a model for a fleet; the same one that is queued or running answers."""
        return self._launch(
            user, Action.RETRAIN, fleet, lambda: self._retrain_request(fleet, parameters)
        )

    def score(self, user: User, fleet: str) -> Submitted:
        """Score a fleet with its live model."""
        return self._launch(user, Action.SCORE, fleet, lambda: self._score_request(fleet))

    def report_failure(
        self, user: User, fleet: str, engine: str, cycle: int, reason: str
    ) -> Submitted:
        """Record a person's word that an engine failed at a cycle."""

        def request() -> Request:
            self._check_failure(fleet, engine, cycle)
            return ReportRequest(
                origin="failure", fleet=fleet, engine=engine, cycle=cycle, reason=reason
            )

        return self._launch(user, Action.REPORT, f"{fleet}/{engine}@{cycle}", request)

    def cancel(self, user: User, run_id: str) -> None:
        """Stop a run at its next safe point."""
        with self._acting(user, Action.CANCEL, run_id):
            self._services.runs.cancel(run_id)

    def retry(self, user: User, run_id: str) -> str:
        """Run again from the step that failed; returns the new run's id.

        A stream is asked for anew, so that never two runs read one source; its own log says where
        it goes on.
        """
        with self._acting(user, Action.RETRY, run_id):
            run = self._services.runs.run(run_id)
            if run.kind == StreamRequest.workflow:
                new = self._again(run, user)
            else:
                new = self._services.runs.retry(run_id, user.name)
        self._queued(user, new, f"retry of {run_id}", None)
        return new

    def _again(self, run: Run, user: User) -> str:
        if run.state not in ("FAILED", "CANCELLED"):
            raise LaunchError(f"{run.run_id} is {run.state}: start it again once it has ended.")
        request = StreamRequest.model_validate(dict(run.request))
        return self._services.runs.submit(request, user.name).run_id

    def _launch(
        self, user: User, action: Action, target: str, build: Callable[[], Request]
    ) -> Submitted:
        with self._acting(user, action, target):
            request = build()
            done = self._services.runs.submit(request, user.name)
        reason = "" if done.created else "asked for already: the same run answers"
        self._queued(user, done.run_id, reason, request.model_dump(mode="json"))
        return done

    @contextmanager
    def _acting(self, user: User, action: Action, target: str) -> Iterator[None]:
        """Checked and written down before it is done; every error as a LaunchError in words."""
        try:
            recorded = roles.acting(user, action, self._services.audit, target[:LONGEST_TARGET])
            with recorded, _in_words():
                yield
        except AuditError as error:
            raise LaunchUnavailableError(
                "This cannot be written in the audit log, so it was not done. "
                "An administrator has to look at the disk of the audit folder."
            ) from error

    def _queued(self, user: User, run_id: str, reason: str, request: Any) -> None:
        # The permission is in the log by now; this entry joins it with the run.
        event = Event(
            user.name, user.role, "queue", run_id, "allowed", reason, request_id(), after=request
        )
        with suppress(AuditError):
            self._services.audit.append(event)

    def _ingest_request(self, files: Files) -> IngestRequest:
        if not files.uploads and not files.landing:
            raise LaunchError("Choose at least one file.")
        if len(files.uploads) + len(files.landing) > MOST_FILES:
            raise LaunchError(f"At most {MOST_FILES} files at once: start with fewer.")
        settings = self._services.settings
        paths = _uploaded(settings.uploads, files.uploads)
        paths += _landed(settings.landing_folder, files.landing)
        _check_names([path.name for path in paths], files)
        asked = {
            "paths": tuple(str(path) for path in paths),
            "fleet": files.fleet or None,
            "kind": files.kind or None,
        }
        return IngestRequest.model_validate(asked)

    def _retrain_request(self, fleet: str, parameters: Mapping[str, str]) -> RetrainRequest:
        self._known_fleet(fleet)
        version = self._services.lake.version("silver/readings")
        if version is None:
            raise LaunchError("There is nothing to train on yet: ingest data first.")
        checked = _parameters(parameters)
        return RetrainRequest(fleet=fleet, parameters=checked, silver_version=version)

    def _score_request(self, fleet: str) -> ScoreRequest:
        if not self._known_fleet(fleet).live_model:
            raise LaunchError(f"{fleet} has no live model yet: retrain first.")
        return ScoreRequest(fleet=fleet)

    def _known_fleet(self, fleet: str) -> launchable.Fleet:
        known = {found.name: found for found in launchable.fleets(self._services.pinned())}
        if not known:
            raise LaunchError("There is no fleet yet: ingest data first.")
        if fleet not in known:
            raise LaunchError(f"There is no fleet {fleet[:64]!r}. Known: {', '.join(known)}.")
        return known[fleet]

    def _check_failure(self, fleet: str, engine: str, cycle: int) -> None:
        state = launchable.engine_state(self._services.pinned(), fleet, engine)
        if state is None:
            raise LaunchError(f"There is no engine {fleet[:64]}/{engine[:64]}.")
        most = state.cycle + self._services.profile.horizon_cycles
        if not state.cycle <= cycle <= most:
            raise LaunchError(
                f"Readings go up to cycle {state.cycle}: it failed between {state.cycle} and "
                f"{most}, or readings are missing that should be ingested first."
            )
        if state.failed_at == cycle:
            raise LaunchError(f"That failure at cycle {cycle} is recorded already.")


def _uploaded(folder: Path, ids: tuple[str, ...]) -> list[Path]:
    try:
        return [uploads.find(folder, upload) for upload in ids]
    except UploadError as error:
        raise LaunchError(str(error)) from error


def _landed(folder: Path, names: tuple[str, ...]) -> list[Path]:
    known = {file.name: file for file in deliverable.landing_files(folder)}
    for name in names:
        if name not in known:
            raise LaunchError(f"{name[:120]!r} is not in the landing folder any more.")
        if not known[name].complete:
            raise LaunchError(f"{name} is still being written: wait a few seconds.")
    return [folder / name for name in names]


def _check_names(names: list[str], files: Files) -> None:
    for name in names:
        if not deliverable.ingestible(name):
            known = " ".join(deliverable.SUFFIXES)
            raise LaunchError(f"{name} is of an unknown kind. Known: {known}, and .gz of them.")
        if not deliverable.says_fleet_and_kind(name) and not (files.fleet and files.kind):
            raise LaunchError(f"{name} does not say fleet and kind by its name: give both.")


def _fetch_request(name: str) -> IngestRequest:
    if name not in DATASETS:
        raise LaunchError(f"Not a published data set. Known: {', '.join(DATASETS)}.")
    return IngestRequest.model_validate({"fetch": name})


def _parameters(given: Mapping[str, str]) -> dict[str, str]:
    """The parameters that differ from their defaults, each written in one way.

    Two people who ask for the same training, one of them spelling out a default, get one run.
    """
    checked = Parameters.of(dict(given)).model_dump(exclude_defaults=True)
    return {name: str(value) for name, value in checked.items()}


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        problem = error.errors()[0]
        name = ".".join(str(part) for part in problem["loc"])
        raise LaunchError(f"{name}: {problem['msg']}") from None
    except (RunError, ParameterError) as error:
        raise LaunchError(str(error)[:LONGEST_TEXT]) from error
    except SQLAlchemyError as error:
        raise LaunchUnavailableError(
            "The run records do not answer, so nothing was started. Try again in a minute."
        ) from error
