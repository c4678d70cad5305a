"""Whether published folders are what their manifests say, and what is live is among them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from lakehouse.artifacts import MANIFEST, BrokenArtifactError, check, holds, manifest_sha256
from lakehouse.metadata import Metadata
from lakehouse.metadata_types import ARTIFACT_TYPES
from lakehouse.serving import live
from lakehouse.settings import Settings
from lakehouse.verify.finding import Finding


def folder_findings(settings: Settings, metadata: Metadata | None) -> Iterator[Finding]:
    """Published folders with a file that is missing or has changed."""
    models = () if metadata is None else metadata.artifacts("Model")
    recorded = {settings.home / model.uri: str(model.properties["sha256"]) for model in models}
    for folder in sorted(settings.artifacts.glob("*/[!.]*/")):
        try:
            check(folder)
        except BrokenArtifactError as error:
            where, _, detail = str(error).rpartition(": ")
            if folder in recorded and holds(folder, recorded[folder]):
                where, detail = f"{folder / MANIFEST}", "the files are sound, this list is not"
            yield Finding("changed_artifact", _relative(settings, Path(where)), detail)


def serving_findings(settings: Settings, served: Mapping[str, str]) -> Iterator[Finding]:
    """Fleets whose live model is not where the pointer says, or whose pointer is gone.

    Args:
        settings: name the home.
        served: fleet to the model that was live at the newest snapshot.
    """
    pointers = {file.parent.name: file for file in settings.serving.glob("*/live.json")}
    for fleet, model in served.items():
        if fleet not in pointers:
            detail = f"{fleet} was served by {model}; nothing says by what it is now"
            yield Finding("missing_artifact", f"serving/{fleet}/live.json", detail)
    for fleet, file in sorted(pointers.items()):
        try:
            entry = live(settings.serving, fleet)
        except (ValueError, TypeError) as error:
            detail = f"it cannot be read: {error}"
            yield Finding("changed_artifact", _relative(settings, file), detail)
            continue
        if entry is None:
            continue
        for uri in (entry.model, entry.transform):
            if not (settings.home / uri / MANIFEST).is_file():
                detail = f"{fleet} is served by {entry.model_id}, which needs it"
                yield Finding("missing_artifact", uri, detail)


def recorded_findings(settings: Settings, metadata: Metadata) -> Iterator[Finding]:
    """Recorded folders that are gone, and models that are not those that were recorded."""
    gone: set[str] = set()
    for kind in ARTIFACT_TYPES:
        for artifact in metadata.artifacts(kind):
            folder = settings.home / artifact.uri
            if folder.is_relative_to(settings.artifacts) and not folder.is_dir():
                gone.add(artifact.uri)
    for uri in sorted(gone):
        yield Finding("missing_artifact", uri, "it is recorded, its folder is gone")
    for model in metadata.artifacts("Model"):
        if model.uri in gone:
            continue
        digest = _model_digest(settings.home / model.uri)
        if digest is not None and digest != model.properties["sha256"]:
            detail = "files and manifest agree, but they are not the model that was recorded"
            yield Finding("disagreement", model.uri, detail)


def _model_digest(folder: Path) -> str | None:
    """The sha256 that names a model, from its files; None while a file does not fit."""
    try:
        return manifest_sha256(check(folder))
    except BrokenArtifactError:
        return None


def _relative(settings: Settings, path: Path) -> str:
    return path.relative_to(settings.home).as_posix() if path.is_absolute() else path.as_posix()
