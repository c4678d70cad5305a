"""What the metadata store holds, as frozen dataclasses: no protobuf leaves the lakehouse."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from lakehouse.content import Content
from lakehouse.tables import FEATURES, TABLES

Value = int | float | str


@dataclass(frozen=True)
class Artifact:
    """One artifact: a table's content at a version, or a published folder.

    Attributes:
        type: TFX's name of the artifact type.
        name: unique in its type; a repeated step finds the artifact by it.
        uri: where it is; for table content ``<table>@<version>``.
        properties: custom properties.
        id: the store's number, 0 before it is stored.
        time: when it was stored, milliseconds since 1970.
    """

    type: str
    name: str
    uri: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    id: int = 0
    time: int = 0

    @property
    def files_sha256(self) -> str:
        """The recorded sha256 of what its folder holds; empty for a table, and where none was."""
        known = self.properties.get("files_sha256")
        # Of a model it is what gives it its name, and was always recorded.
        return str(known or (self.properties.get("sha256", "") if self.type == "Model" else ""))


@dataclass(frozen=True)
class Execution:
    """One finished step of one run.

    Attributes:
        node: component name.
        run_id: the run.
        state: COMPLETE, CACHED, FAILED or CANCELED.
        properties: custom properties: parameters, who, seconds, summary.
        fingerprint: names inputs, parameters and code; equal steps share it.
        part: of a node that a run executes more than once, such as a stream, which part it is.
        id: the store's number, 0 before it is stored.
        time: when it was stored, milliseconds since 1970.
    """

    node: str
    run_id: str
    state: str
    properties: Mapping[str, Value] = field(default_factory=dict)
    fingerprint: str | None = None
    part: str = ""
    id: int = 0
    time: int = 0

    @property
    def name(self) -> str:
        """Its name in the store."""
        return f"{self.run_id}.{self.node}" + (f"@{self.part}" if self.part else "")


@dataclass(frozen=True)
class Used:
    """An artifact as one input or output of an execution, under its channel's key."""

    key: str
    artifact: Artifact


def table_artifact(table: str, version: int, content: Content) -> Artifact:
    """A table's content at a version as an artifact: the join with the Delta log."""
    said = table.startswith("gold/") and table != FEATURES.name
    kind = "InferenceResult" if said and "model_id" in TABLES[table].column_names else "Examples"
    properties: dict[str, Value] = {
        "delta_table": table,
        "delta_version": version,
        "row_count": content.rows,
        "content_sha256": content.sha256,
    }
    name = f"{table}@{version}"
    return Artifact(kind, name, f"lake/{name}", properties)
