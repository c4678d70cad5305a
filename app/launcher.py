"""The one write door of the dashboard: ask for a run, cancel it, retry it, keep an upload.

Each asks in the same order: may this person, is it sensible, is it written in the audit log. Only
then is the run submitted; what cannot be audited is refused.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import IO, Any

from app import uploads
from app.asked import (
    MOST_FILES,
    Files,
    LaunchError,
    LaunchUnavailableError,
    NewLimit,
    check_names,
    correction_label,
    fetch_request,
    in_words,
    landed,
    training_parameters,
    uploaded,
)
from app.queries import corrections, decidable, launchable, promotable
from app.security import request_id, roles
from app.security.roles import Action
from app.services import Services
from app.uploads import Upload, clean_name
from lakehouse.audit import AuditError, Event
from lakehouse.corrections import no_restore
from lakehouse.requests import (
    CorrectRequest,
    IngestRequest,
    MaintainRequest,
    ReportRequest,
    Request,
    RestoreRequest,
    RetrainRequest,
    ReviewRequest,
    SchemaRequest,
    ScoreRequest,
    StreamRequest,
    VerifyRequest,
)
from lakehouse.runs import Run, Submitted
from lakehouse.users import User

__all__ = ["Files", "LaunchError", "LaunchUnavailableError", "Launcher", "NewLimit"]

LONGEST_TARGET = 300


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
        return self._launch(user, Action.INGEST, f"fetch {name}", lambda: fetch_request(name))

    def retrain(self, user: User, fleet: str, parameters: Mapping[str, str]) -> Submitted:
        """Train a model for a fleet; the same one that is queued or running answers."""
        return self._launch(
            user, Action.RETRAIN, fleet, lambda: self._retrain_request(fleet, parameters)
        )

    def promote(self, user: User, model_id: str, reason: str) -> Submitted:
        """Make a registered model live, whatever the gate said of it."""
        build = partial(promotable.promote, self._services, model_id, reason)
        return self._launch(user, Action.PROMOTE, model_id, build)

    def roll_back(self, user: User, fleet: str, reason: str) -> Submitted:
        """Make the model live again that served a fleet before the live one."""
        build = partial(promotable.roll_back, self._services, fleet, reason)
        return self._launch(user, Action.ROLL_BACK, fleet, build)

    def score(self, user: User, fleet: str) -> Submitted:
        """Score a fleet with its live model."""
        return self._launch(user, Action.SCORE, fleet, lambda: self._score_request(fleet))

    def report_failure(
        self, user: User, fleet: str, engine: str, cycle: float | str | None, reason: str | None
    ) -> Submitted:
        """Record a person's word that an engine failed at a cycle; both are still as typed."""

        def request() -> Request:
            if not isinstance(cycle, int) or not str(reason or "").strip():
                raise LaunchError("Give the cycle at which it failed and a reason.")
            self._check_failure(fleet, engine, cycle)
            about = {"fleet": fleet, "engine": engine, "cycle": cycle, "reason": reason}
            return ReportRequest.model_validate(about | {"origin": "failure"})

        return self._launch(user, Action.REPORT, f"{fleet}/{engine}@{cycle}", request)

    def review(self, user: User, delivery_id: str, decision: str, reason: str) -> Submitted:
        """Let a delivery into silver (``accept``), or keep it out (``quarantine``)."""

        def request() -> Request:
            asked = {"delivery_id": delivery_id, "decision": decision, "reason": reason}
            checked = ReviewRequest.model_validate(asked)
            _refuse(decidable.no_review(self._services.pinned(), delivery_id, decision))
            return checked

        return self._launch(user, Action.DECIDE, f"{decision} {delivery_id}", request)

    def correct(self, user: User, asked: Mapping[str, Any]) -> Submitted:
        """Correct or withdraw rows of an engine, or take that back; ``asked`` as its run takes it.

        What cannot be is refused at once, in the words that the run would use.
        """

        def request() -> Request:
            checked = CorrectRequest.model_validate(asked)
            why = corrections.no_correction(
                self._services.pinned(), self._services.profile, checked
            )
            _refuse(why and f"{why[:1].upper()}{why[1:]}.")
            return checked

        return self._launch(user, Action.CORRECT, correction_label(asked), request)

    def restore(self, user: User, table: str, version: int, reason: str) -> Submitted:
        """Make a table what it was at a version, with what was decided then."""

        def request() -> Request:
            checked = RestoreRequest(table=table, version=version, reason=reason)
            _refuse(no_restore(table))
            return checked

        return self._launch(user, Action.CORRECT, f"restore {table}@{version}", request)

    def decide_schema(self, user: User, schema_id: str, decision: str, reason: str) -> Submitted:
        """Let a proposed schema hold for its fleet (``accept``), or not (``reject``)."""

        def request() -> Request:
            asked = {"schema_id": schema_id, "decision": decision, "reason": reason}
            checked = SchemaRequest.model_validate(asked)
            _refuse(decidable.no_decision(self._services.pinned(), schema_id, decision))
            return checked

        return self._launch(user, Action.DECIDE, f"{decision} {schema_id}", request)

    def set_limit(self, user: User, limit: NewLimit) -> Submitted:
        """Set a limit of a sensor; without a low and a high one it is lifted."""

        def request() -> Request:
            self._known_fleet(limit.fleet)
            checked = limit.request()
            pinned, profile = self._services.pinned(), self._services.profile
            _refuse(decidable.no_limit(pinned, profile, checked))
            return checked

        return self._launch(user, Action.LIMIT, limit.label, request)

    def maintain(self, user: User) -> Submitted:
        """Compact the tables and let old versions go, by the settings and never past the guard."""
        wanted = self._services.settings.maintain
        request = MaintainRequest(days=wanted.days, log_days=wanted.log_days)
        return self._launch(user, Action.MAINTAIN, f"days={wanted.days}", lambda: request)

    def verify(self, user: User) -> Submitted:
        """Look whether everything is as it was left, by the settings; changes nothing."""
        request = VerifyRequest(deep=self._services.settings.verify.deep)
        return self._launch(user, Action.VERIFY, f"deep={request.deep}", lambda: request)

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
            with recorded, in_words():
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
        paths = uploaded(settings.uploads, files.uploads)
        paths += landed(settings.landing_folder, files.landing)
        check_names([path.name for path in paths], files)
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
        checked = training_parameters(parameters)
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


def _refuse(why: str) -> None:
    if why:
        raise LaunchError(why)
