"""Which table versions must stay: those that a published model learned from.

A model is published when it was pushed once, whether it still serves or not; what a refused
candidate read may go, and a prediction pins nothing: it names its features' version and its model.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lakehouse.metadata import Metadata
from lakehouse.records import Artifact, Execution
from lakehouse.serving import all_live
from lakehouse.tables import SILVER


@dataclass(frozen=True, order=True)
class Pin:
    """One version that a model learned from.

    Attributes:
        table: the table.
        version: the version.
        model_id: the model.
        fleet: the fleet it is for.
        live: whether it serves now.
    """

    table: str
    version: int
    model_id: str
    fleet: str
    live: bool


def model_pins(metadata: Metadata, serving: Path) -> tuple[Pin, ...]:
    """What the published models pin: all that their Transform and Trainer read."""
    live = {entry.model_id for entry in all_live(serving).values()}
    pushed = {str(a.properties.get("model_id")) for a in metadata.artifacts("PushedModel")}
    found: set[Pin] = set()
    for model in metadata.artifacts("Model"):
        name, fleet = str(model.properties["model_id"]), str(model.properties["fleet"])
        if name in live | pushed:
            versions = learned_from(metadata, model)
            found |= {Pin(table, v, name, fleet, name in live) for table, v in versions}
    return tuple(sorted(found))


def published_transforms(metadata: Metadata, serving: Path) -> frozenset[str]:
    """Transforms that the live and the published models belong to."""
    live = {entry.transform_id for entry in all_live(serving).values()}
    pushed = {str(a.properties.get("model_id")) for a in metadata.artifacts("PushedModel")}
    models = (a for a in metadata.artifacts("Model") if a.properties["model_id"] in pushed)
    return frozenset(live | {str(a.properties["transform_id"]) for a in models})


def learned_from(metadata: Metadata, model: Artifact) -> frozenset[tuple[str, int]]:
    """Tables with the versions that a model was made from."""
    steps = made_by(metadata, model)
    used = (entry.artifact.properties for step in steps for entry in metadata.inputs(step))
    found = {
        (str(properties["delta_table"]), int(properties["delta_version"]))
        for properties in used
        if "delta_table" in properties
    }
    if "silver_version" in model.properties:
        found.add((SILVER.name, int(model.properties["silver_version"])))
    return frozenset(found)


def by_table(pins: Iterable[Pin], table: str) -> dict[int, tuple[str, ...]]:
    """Version of one table to the models that pin it."""
    found: dict[int, set[str]] = {}
    for pin in pins:
        if pin.table == table:
            found.setdefault(pin.version, set()).add(pin.model_id)
    return {version: tuple(sorted(models)) for version, models in found.items()}


def made_by(metadata: Metadata, model: Artifact) -> list[Execution]:
    """The steps that made a model: its Trainer, and the Transform whose graph that used."""
    trainer = metadata.producer(model)
    if trainer is None:
        return []
    graphs = [u.artifact for u in metadata.inputs(trainer) if u.artifact.type == "TransformGraph"]
    found = [trainer, *(metadata.producer(graph) for graph in graphs)]
    return [step for step in found if step is not None]
