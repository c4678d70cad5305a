"""Whether published folders are what their manifests say, and what is live is among them."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from lakehouse.artifacts import MANIFEST, BrokenArtifactError, ExchangedArtifactError, check
from lakehouse.metadata import Metadata
from lakehouse.metadata_types import ARTIFACT_TYPES
from lakehouse.serving import Live, live, pushed
from lakehouse.settings import Settings
from lakehouse.verify.finding import Finding


def folder_findings(settings: Settings, metadata: Metadata | None) -> Iterator[Finding]:
    """Published folders with a file that is gone or has changed, or that were exchanged."""
    recorded = {} if metadata is None else _recorded(settings, metadata)
    for folder in sorted(settings.artifacts.glob("*/[!.]*/")):
        try:
            check(folder, recorded.get(folder, ""))
        except BrokenArtifactError as error:
            where, _, detail = str(error).rpartition(": ")
            exchanged = isinstance(error, ExchangedArtifactError)
            what = "disagreement" if exchanged else "changed_artifact"
            yield Finding(what, _relative(settings, Path(where)), detail)


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
        if not _is_as_pushed(settings, entry):
            detail = f"it is not what its run {entry.run_id} published"
            yield Finding("changed_artifact", _relative(settings, file), detail)
            continue
        for uri in (entry.model, entry.transform):
            if not (settings.home / uri / MANIFEST).is_file():
                detail = f"{fleet} is served by {entry.model_id}, which needs it"
                yield Finding("missing_artifact", uri, detail)


def _is_as_pushed(settings: Settings, entry: Live) -> bool:
    """Whether a pointer is what its run published; a damaged folder is told by itself."""
    folder = settings.artifacts / "Pusher" / f"{entry.run_id}.{entry.model_id}"
    if not folder.is_dir():
        return False
    try:
        check(folder)
    except BrokenArtifactError:
        return True
    return entry == pushed(folder)


def recorded_findings(settings: Settings, metadata: Metadata) -> Iterator[Finding]:
    """Recorded folders that are gone."""
    gone: set[str] = set()
    for kind in ARTIFACT_TYPES:
        for artifact in metadata.artifacts(kind):
            folder = settings.home / artifact.uri
            if folder.is_relative_to(settings.artifacts) and not folder.is_dir():
                gone.add(artifact.uri)
    for uri in sorted(gone):
        yield Finding("missing_artifact", uri, "it is recorded, its folder is gone")


def _recorded(settings: Settings, metadata: Metadata) -> dict[Path, str]:
    """Published folder to the sha256 that ML Metadata knows of what it holds."""
    return {
        settings.home / artifact.uri: artifact.files_sha256
        for kind in ARTIFACT_TYPES
        for artifact in metadata.artifacts(kind)
        if artifact.files_sha256
    }


def _relative(settings: Settings, path: Path) -> str:
    return path.relative_to(settings.home).as_posix() if path.is_absolute() else path.as_posix()
