"""The ML Metadata store, in TFX's own type names; the only file that opens it.

Types and properties are those that TFX writes (tensorflow/tfx, types/standard_artifacts.py), so
that its tools can read the store. Only lookups that newer libraries still have are used.
"""

import random
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from operator import methodcaller
from pathlib import Path
from typing import Any, TypeVar

from ml_metadata import errors
from ml_metadata.metadata_store import MetadataStore
from ml_metadata.proto import metadata_store_pb2

from lakehouse.metadata_types import ARTIFACT_TYPES, EXECUTION_TYPES
from lakehouse.records import Artifact, Execution, Used, Value

pb: Any = metadata_store_pb2  # its classes exist at run time only

PIPELINE = "stillwater"
_T = TypeVar("_T")
_NODES = {type_name: node for node, (type_name, _) in EXECUTION_TYPES.items()}
_STATES = {
    "COMPLETE": pb.Execution.COMPLETE,
    "CACHED": pb.Execution.CACHED,
    "FAILED": pb.Execution.FAILED,
    "CANCELED": pb.Execution.CANCELED,
}
_STATE_NAMES = {number: name for name, number in _STATES.items()}
# After these the handle is still sound; after any other error it says "Transaction already open".
_HARMLESS = (errors.NotFoundError, errors.AlreadyExistsError, errors.InvalidArgumentError)


class Metadata:
    """One metadata store, shared by the threads of one process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.RLock()
        self._store: Any = None
        self._types: dict[str, int] = {}

    def create(self) -> None:
        """Create the store and its types where they are missing."""
        for name, (base, properties) in ARTIFACT_TYPES.items():
            kind = pb.ArtifactType(name=name, properties=properties)
            if base is not None:
                kind.base_type = base
            self._types[name] = self._do(methodcaller("put_artifact_type", kind, True))
        for type_name, base in EXECUTION_TYPES.values():
            step = pb.ExecutionType(name=type_name, base_type=base)
            self._types[type_name] = self._do(methodcaller("put_execution_type", step, True))
        for name in ("pipeline", "pipeline_run", "node"):
            context = pb.ContextType(name=name)
            self._types[name] = self._do(methodcaller("put_context_type", context, True))

    def record(
        self, execution: Execution, inputs: Sequence[Used], outputs: Sequence[Used]
    ) -> Execution:
        """Store a finished step with all its inputs and outputs in one transaction.

        A step that is there already, complete, is left as it is and returned; one that had failed
        is brought up to date.
        """
        with self._lock:
            known = self._named(execution.node, execution.name)
            if known is not None and known.state in ("COMPLETE", "CACHED"):
                return known
            row = self._execution_row(execution)
            if known is not None:
                row.id = known.id
            events = self._events(known, inputs, outputs)
            contexts = self._contexts(execution)
            self._do(
                lambda s: s.put_execution(
                    row, events, contexts, reuse_context_if_already_exist=True
                )
            )
            found = self._named(execution.node, execution.name)
            assert found is not None  # noqa: S101  (it was put in the line above)
            return found

    def execution(self, run_id: str, node: str) -> Execution | None:
        """The step of a run, None while it has not finished."""
        return self._named(node, f"{run_id}.{node}")

    def _named(self, node: str, name: str) -> Execution | None:
        type_name = EXECUTION_TYPES[node][0]
        row = self._do(lambda s: s.get_execution_by_type_and_name(type_name, name))
        return None if row is None else self._execution(row)

    def equal_step(self, fingerprint: str) -> Execution | None:
        """The step that did the same work before."""
        try:
            rows = self._do(lambda s: s.get_executions_by_external_ids([fingerprint]))
        except errors.NotFoundError:
            return None
        return self._execution(rows[0])

    def forget(self, execution: Execution) -> None:
        """Let a step no longer answer for its fingerprint: its outputs are gone."""
        row = self._do(lambda s: s.get_executions_by_id([execution.id]))[0]
        row.external_id = f"{execution.fingerprint}#{execution.id}"
        self._do(lambda s: s.put_executions([row]))

    def outputs(self, execution: Execution) -> tuple[Used, ...]:
        """What a step wrote."""
        return self._used(execution, (pb.Event.OUTPUT, pb.Event.DECLARED_OUTPUT))

    def inputs(self, execution: Execution) -> tuple[Used, ...]:
        """What a step read."""
        return self._used(execution, (pb.Event.INPUT, pb.Event.DECLARED_INPUT))

    def artifact(self, type_name: str, name: str) -> Artifact | None:
        """The artifact of that type and name."""
        row = self._do(lambda s: s.get_artifact_by_type_and_name(type_name, name))
        return None if row is None else self._artifact(row)

    def artifacts(self, type_name: str) -> tuple[Artifact, ...]:
        """All artifacts of a type, oldest first."""
        rows = self._do(lambda s: s.get_artifacts_by_type(type_name))
        return tuple(self._artifact(row) for row in sorted(rows, key=lambda row: row.id))

    def producer(self, artifact: Artifact) -> Execution | None:
        """The first step that wrote an artifact."""
        return next(iter(self.producers(artifact)), None)

    def producers(self, artifact: Artifact) -> tuple[Execution, ...]:
        """All steps that wrote an artifact, oldest first."""
        events = self._do(lambda s: s.get_events_by_artifact_ids([artifact.id]))
        steps = sorted({event.execution_id for event in events if event.type == pb.Event.OUTPUT})
        rows = self._do(lambda s: s.get_executions_by_id(steps)) if steps else []
        return tuple(self._execution(row) for row in sorted(rows, key=lambda row: row.id))

    def run(self, run_id: str) -> tuple[Execution, ...]:
        """All finished steps of a run, in order."""
        context = self._do(lambda s: s.get_context_by_type_and_name("pipeline_run", run_id))
        if context is None:
            return ()
        rows = self._do(lambda s: s.get_executions_by_context(context.id))
        return tuple(self._execution(row) for row in sorted(rows, key=lambda row: row.id))

    def _used(self, execution: Execution, kinds: tuple[int, ...]) -> tuple[Used, ...]:
        events = self._do(lambda s: s.get_events_by_execution_ids([execution.id]))
        wanted = [event for event in events if event.type in kinds]
        rows = self._do(lambda s: s.get_artifacts_by_id([e.artifact_id for e in wanted]))
        artifacts = {row.id: self._artifact(row) for row in rows}
        return tuple(
            Used(event.path.steps[0].key, artifacts[event.artifact_id]) for event in wanted
        )

    def _events(
        self, known: Execution | None, inputs: Sequence[Used], outputs: Sequence[Used]
    ) -> list[Any]:
        """Each artifact once: what was written is no input, what is recorded stays as it is."""
        written = {_same(used): used for used in outputs}
        read = {_same(used): used for used in inputs if _same(used) not in written}
        if known is not None:
            for used in (*self.inputs(known), *self.outputs(known)):
                written.pop(_same(used), None)
                read.pop(_same(used), None)
        events = [self._event(used, pb.Event.INPUT, i) for i, used in enumerate(read.values())]
        events += [self._event(used, pb.Event.OUTPUT, i) for i, used in enumerate(written.values())]
        return events

    def _event(self, used: Used, kind: int, index: int) -> tuple[Any, Any]:
        artifact = used.artifact
        type_name = artifact.type
        row = self._do(lambda s: s.get_artifact_by_type_and_name(type_name, artifact.name))
        if row is None:
            row = pb.Artifact(
                type_id=self._type(artifact.type),
                name=artifact.name,
                uri=artifact.uri,
                state=pb.Artifact.LIVE,
            )
            declared = ARTIFACT_TYPES.get(artifact.type, (None, {}))[1]
            for name, value in artifact.properties.items():
                of_type = row.properties if name in declared else row.custom_properties
                _put_properties(of_type, {name: value})
        path = pb.Event.Path(
            steps=[pb.Event.Path.Step(key=used.key), pb.Event.Path.Step(index=index)]
        )
        return row, pb.Event(type=kind, path=path)

    def _execution_row(self, execution: Execution) -> Any:
        row = pb.Execution(
            type_id=self._type(EXECUTION_TYPES[execution.node][0]),
            name=execution.name,
            last_known_state=_STATES[execution.state],
        )
        if execution.fingerprint and execution.state == "COMPLETE":
            row.external_id = execution.fingerprint
        _put_properties(row.custom_properties, execution.properties)
        return row

    def _contexts(self, execution: Execution) -> list[Any]:
        names = {
            "pipeline": PIPELINE,
            "pipeline_run": execution.run_id,
            "node": f"{PIPELINE}.{execution.node}",
        }
        return [pb.Context(type_id=self._type(t), name=name) for t, name in names.items()]

    def _type(self, name: str) -> int:
        if name not in self._types:
            self.create()
        return self._types[name]

    def _execution(self, row: Any) -> Execution:
        properties = _values(row.custom_properties)
        name, _, part = row.name.partition("@")
        run_id, _, node = name.rpartition(".")
        return Execution(
            node=_NODES.get(row.type, node),
            run_id=run_id,
            state=_STATE_NAMES.get(row.last_known_state, "UNKNOWN"),
            properties=properties,
            fingerprint=row.external_id or None,
            part=part,
            id=row.id,
            time=row.create_time_since_epoch,
        )

    def _artifact(self, row: Any) -> Artifact:
        return Artifact(
            type=row.type,
            name=row.name,
            uri=row.uri,
            properties=_values(row.properties) | _values(row.custom_properties),
            id=row.id,
            time=row.create_time_since_epoch,
        )

    def _do(self, call: Callable[[Any], _T]) -> _T:
        """One call on the open store; a handle that an error spoiled is dropped."""
        with self._lock:
            if self._store is None:
                self._store = self._open()
            try:
                return call(self._store)
            except _HARMLESS:
                raise
            except Exception:
                self._store = None
                raise

    def _open(self) -> Any:
        """Open with patience: processes that open at once make each other fail."""
        config = pb.ConnectionConfig()
        config.sqlite.filename_uri = str(self._path)
        for attempt in range(5):
            try:
                return MetadataStore(config)
            except RuntimeError as error:
                # What is no database is none at the next attempt either.
                if attempt == 4 or "file is not a database" in str(error):
                    raise
                time.sleep(0.2 * 2**attempt * (1 + random.random()))  # noqa: S311
        raise AssertionError("unreachable")


def upgrade(file: Path) -> None:
    """Bring a store to the schema of this library; only ever done to a copy."""
    config = pb.ConnectionConfig()
    config.sqlite.filename_uri = str(file)
    MetadataStore(config, enable_upgrade_migration=True)


def _same(used: Used) -> tuple[str, str]:
    return used.artifact.type, used.artifact.name


def _put_properties(target: Any, values: Iterable[tuple[str, Value]] | Any) -> None:
    for name, value in dict(values).items():
        if isinstance(value, str):
            target[name].string_value = value
        elif isinstance(value, float):
            target[name].double_value = value
        else:
            target[name].int_value = int(value)


def _values(properties: Any) -> dict[str, Value]:
    return {name: getattr(value, value.WhichOneof("value")) for name, value in properties.items()}
