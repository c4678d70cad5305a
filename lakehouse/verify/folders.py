"""Whether published folders are what their manifests say, and what is live is among them."""

from collections.abc import Iterator
from pathlib import Path

from lakehouse.artifacts import MANIFEST, BrokenArtifactError, check, manifest_sha256
from lakehouse.metadata import Metadata
from lakehouse.serving import all_live
from lakehouse.settings import Settings
from lakehouse.verify.finding import Finding


def folder_findings(settings: Settings) -> Iterator[Finding]:
    """Published folders with a file that is missing or has changed."""
    for folder in sorted(settings.artifacts.glob("*/[!.]*/")):
        try:
            check(folder)
        except BrokenArtifactError as error:
            where, _, detail = str(error).rpartition(": ")
            yield Finding("changed_artifact", _relative(settings, Path(where)), detail)


def serving_findings(settings: Settings) -> Iterator[Finding]:
    """Fleets whose live model is not where the pointer says."""
    for fleet, entry in all_live(settings.serving).items():
        for uri in (entry.model, entry.transform):
            if not (settings.home / uri / MANIFEST).is_file():
                detail = f"{fleet} is served by {entry.model_id}, which needs it"
                yield Finding("missing_artifact", uri, detail)


def recorded_findings(settings: Settings, metadata: Metadata) -> Iterator[Finding]:
    """Recorded models that are gone, or whose manifest is not that of the recorded model."""
    for model in metadata.artifacts("Model"):
        folder = settings.home / model.uri
        if not folder.is_dir():
            detail = "the model is recorded, its folder is gone"
            yield Finding("missing_artifact", model.uri, detail)
            continue
        digest = _model_digest(folder)
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
