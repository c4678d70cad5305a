"""The workflows: ingest, retrain, score, report and stream, as components in order.

Nothing here computes: a workflow says which component runs when, and what holds the publish lock.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from lakehouse.requests import (
    CorrectRequest,
    IngestRequest,
    LimitRequest,
    MaintainRequest,
    PromoteRequest,
    ReportRequest,
    RestoreRequest,
    RetrainRequest,
    ReviewRequest,
    SchemaRequest,
    ScoreRequest,
    StreamRequest,
    VerifyRequest,
)
from lakehouse.serving import all_live
from lakehouse.snapshots import take
from lakehouse.tables import TABLES
from lakehouse.writes import Commit
from pipeline.home import Home
from pipeline.publish_lock import PublishLock
from pipeline.runner import Runner
from pipeline.step import Run, Step, Summary
from pipeline.steps import correct as correcting
from pipeline.steps import inference, statistics, training, validation
from pipeline.steps import ingest as taking
from pipeline.steps import maintenance as keeping
from pipeline.steps import plan as planning
from pipeline.steps import push as pushing
from pipeline.steps import report as reporting
from pipeline.steps import restore as restoring
from pipeline.steps import review as reviewing
from pipeline.steps import schema as schemas
from pipeline.steps import stream as streaming
from pipeline.steps import verification as verifying
from pipeline.steps.files import record_files

Document = dict[str, Any]


@dataclass(frozen=True)
class Context:
    """One run of a workflow.

    Attributes:
        home: settings, lake, metadata.
        runner: runs and records components.
        run: whose run it is.
        lock: the publish lock.
        durable: runs one piece of work as a checkpointed step.
    """

    home: Home
    runner: Runner
    run: Run
    lock: PublishLock
    durable: Callable[[str, Callable[[], Document]], Document]

    def node(
        self, name: str, work: Callable[[Step], Summary], cache: Mapping[str, Any] | None = None
    ) -> Summary:
        """Run one component, durably and once."""
        summary = self.durable(name, lambda: self.runner.step(self.run, name, work, cache))
        return self.runner.taken_over(self.run, summary)

    def plain(self, name: str, work: Callable[[], Document]) -> Document:
        """Run work that is no component, durably; it is cancelled with its run."""

        def run() -> Document:
            with self.home.lake.job(self.run.run_id, self.run.cancelled):
                return work()

        return self.durable(name, run)

    def snapshot(self) -> Document:
        """Write down which versions belong together now; the last act under the publish lock."""

        def work() -> Document:
            lake, run = self.home.lake, self.run
            commit = Commit(run.root, run.run_id, "snapshot", run.who, {}, part=run.run_id)
            # A name of its own: the snapshot's work must not count as done by a compaction.
            compaction = replace(commit, part=f"{run.run_id}/compact")
            for table in TABLES:
                lake.compact(table, compaction)
            # A step beside this one may commit meanwhile what is not hashed yet.
            versions = lake.versions()
            record_files(lake, commit)
            serving = all_live(self.home.settings.serving)
            live = {fleet: entry.model_id for fleet, entry in serving.items()}
            snapshot = take(lake, live, commit, versions)
            return {"seq": snapshot.seq, "tables": dict(snapshot.versions)}

        return self.plain("snapshot", work)


def ingest(context: Context, request: IngestRequest) -> Document:
    """Files into bronze, silver and new predictions."""
    with context.lock.held(context.run.run_id):
        taken = context.node("ExampleGen", partial(taking.example_gen, request))
        rows = taken["deliveries"]
        context.node("StatisticsGen", partial(statistics.describe, rows))
        context.node("SchemaGen", partial(schemas.infer, rows))
        verdict = context.node("ExampleValidator", partial(validation.validate, rows))
        ids = [row["delivery_id"] for row in rows]
        cleaned = context.node("Clean", partial(taking.clean_silver, ids))
        fleets = sorted({*cleaned["fleets"], *verdict["blocked"]})
        context.node("BulkInferrer", partial(inference.bulk_infer, fleets))
        snapshot = context.snapshot()
    return {
        "deliveries": validation.with_verdict(rows, verdict, cleaned["states"]),
        "skipped": taken["skipped"],
        "snapshot": snapshot["seq"],
        "tables": snapshot["tables"],
    }


def retrain(context: Context, request: RetrainRequest) -> Document:
    """A candidate for one fleet, its evaluation, and what the gate makes of it."""
    plan = context.plain("plan", partial(planning.plan, context.home, request))
    if plan["reason"]:
        return _refused(request, plan)
    steps = [
        context.node("Transform", partial(training.transform, plan), planning.about(plan)),
    ]
    transform = steps[0]
    transformed = {"transform_id": transform["transform_id"], "learners": plan["learners"]}
    learn = planning.about(plan) | transformed
    steps.append(context.node("Trainer", partial(training.trainer, plan, transform), learn))
    trained = steps[1]
    with context.lock.held(context.run.run_id):
        evaluated = context.node("Evaluator", partial(training.evaluator, plan, trained))
        pushed = context.node(
            "Pusher", partial(training.pusher, plan, transform, trained, evaluated)
        )
        inferred = context.node(
            "BulkInferrer",
            partial(inference.bulk_infer, [request.fleet] if pushed["pushed"] else []),
        )
        snapshot = context.snapshot()
    steps += [evaluated, pushed, inferred]
    return {
        "fleet": request.fleet,
        "steps": [{key: step[key] for key in ("node", "state", "seconds")} for step in steps],
        "model_id": trained["model_id"],
        "blessed": evaluated["blessed"],
        "pushed": pushed["pushed"],
        "reasons": evaluated["reasons"],
        "metrics": evaluated["metrics"],
        "snapshot": snapshot["seq"],
        "tables": snapshot["tables"],
    }


def promote(context: Context, request: PromoteRequest) -> Document:
    """A registered model live again, and what it says of everything that came since."""
    with context.lock.held(context.run.run_id):
        pushed = context.node("Pusher", partial(pushing.promote, request))
        context.node("BulkInferrer", partial(inference.bulk_infer, [request.fleet]))
        snapshot = context.snapshot()
    told = {name: pushed[name] for name in ("fleet", "model_id", "replaces", "roll_back")}
    return {"promoted": told, "snapshot": snapshot["seq"], "tables": snapshot["tables"]}


def score(context: Context, request: ScoreRequest) -> Document:
    """What the live model says now."""
    with context.lock.held(context.run.run_id):
        work = partial(inference.bulk_infer, [request.fleet], all_cycles=request.all_cycles)
        inferred = context.node("BulkInferrer", work)
        snapshot = context.snapshot()
    return {
        "fleet": request.fleet,
        "rows": inferred["rows"],
        "model_id": inferred["models"].get(request.fleet),
        "snapshot": snapshot["seq"],
        "tables": snapshot["tables"],
    }


def report(context: Context, request: ReportRequest) -> Document:
    """A person's word about one engine, and what follows from it."""
    with context.lock.held(context.run.run_id):
        context.node("Report", partial(reporting.report, request))
        context.node("BulkInferrer", partial(inference.bulk_infer, [request.fleet]))
        snapshot = context.snapshot()
    return {"snapshot": snapshot["seq"], "tables": snapshot["tables"]}


def review(context: Context, request: ReviewRequest) -> Document:
    """A person's decision on a delivery, and what follows from it."""
    with context.lock.held(context.run.run_id):
        decided = context.node("Review", partial(reviewing.review, request))
        cleaned = context.node("Clean", partial(taking.clean_silver, [request.delivery_id]))
        fleets = sorted({*cleaned["fleets"], decided["fleet"]})
        context.node("BulkInferrer", partial(inference.bulk_infer, fleets))
        snapshot = context.snapshot()
    told = {name: decided[name] for name in ("delivery_id", "fleet", "before", "after")}
    return {"delivery": told, "snapshot": snapshot["seq"], "tables": snapshot["tables"]}


def correct(context: Context, request: CorrectRequest) -> Document:
    """A person's word about rows of one engine, and what follows from it."""
    with context.lock.held(context.run.run_id):
        said = context.node("Correct", partial(correcting.correct, request))
        context.node("Clean", partial(taking.clean_engine, request.fleet, request.engine))
        context.node("BulkInferrer", partial(inference.bulk_infer, [request.fleet]))
        snapshot = context.snapshot()
    names = ("correction_id", "action", "fleet", "engine", "first_cycle", "last_cycle", "rows")
    told = {name: said[name] for name in names}
    return {"correction": told, "snapshot": snapshot["seq"], "tables": snapshot["tables"]}


def restore(context: Context, request: RestoreRequest) -> Document:
    """Silver as it was at an earlier version, and what follows from it."""
    with context.lock.held(context.run.run_id):
        put = context.node("Restore", partial(restoring.restore, request))
        context.node("BulkInferrer", partial(inference.bulk_infer, put["fleets"]))
        snapshot = context.snapshot()
    names = ("correction_id", "table", "version", "engines", "deliveries")
    told = {name: put[name] for name in names}
    return {"restored": told, "snapshot": snapshot["seq"], "tables": snapshot["tables"]}


def schema(context: Context, request: SchemaRequest) -> Document:
    """A person's decision on a schema."""
    with context.lock.held(context.run.run_id):
        decided = context.node("SchemaReview", partial(schemas.decide, request))
        snapshot = context.snapshot()
    told = {name: decided[name] for name in ("schema_id", "fleet", "after")}
    return {"schema": told, "snapshot": snapshot["seq"], "tables": snapshot["tables"]}


def limit(context: Context, request: LimitRequest) -> Document:
    """A limit that a person sets; it holds for what is delivered from now on."""
    with context.lock.held(context.run.run_id):
        written = context.node("Limits", partial(reviewing.set_limit, request))
        snapshot = context.snapshot()
    return {
        "limit_id": written["limit_id"],
        "fleet": written["fleet"],
        "snapshot": snapshot["seq"],
        "tables": snapshot["tables"],
    }


def maintain(context: Context, request: MaintainRequest) -> Document:
    """Upkeep of the lake, while nothing is published."""
    with context.lock.held(context.run.run_id):
        done = context.node("Maintain", partial(keeping.maintain, request))
        snapshot = context.snapshot()
    told = {name: done[name] for name in ("dropped", "kept", "lost")}
    return {"tables": done["tidied"], **told, "snapshot": snapshot["seq"]}


def verify(context: Context, request: VerifyRequest) -> Document:
    """Whether everything is as it was left; other runs go on meanwhile."""
    done = context.node("Verify", partial(verifying.verify, request))
    return {name: done[name] for name in ("ok", "count", "findings", "deep")}


def stream(context: Context, request: StreamRequest) -> Document:
    """What arrives in a folder or a topic, until somebody ends it.

    One checkpointed step: how far it is stands in the stream's own log, batch by batch.
    """
    work = partial(streaming.stream, context.home, context.run, context.lock, request)
    return context.durable("stream", work)


def _refused(request: RetrainRequest, plan: Mapping[str, Any]) -> Document:
    return {
        "fleet": request.fleet,
        "steps": [],
        "model_id": None,
        "blessed": False,
        "pushed": False,
        "reasons": [plan["reason"]],
        "metrics": {},
        "tables": {},
    }
