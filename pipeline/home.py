"""One home as the pipeline sees it: its settings, lake and metadata store."""

from dataclasses import dataclass

from lakehouse.engines.local import LocalEngine
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.profiles import Profile
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.settings import Settings, SettingsError


@dataclass(frozen=True)
class Home:
    """What every step of every run may use."""

    settings: Settings
    lake: Lake
    metadata: Metadata
    profile: Profile


def open_home(settings: Settings) -> Home:
    """The home that the settings name, with the engine that they choose.

    Raises:
        SettingsError: the chosen engine is not part of this release.
    """
    if settings.engine != "local":
        raise SettingsError(
            f"engine (STILLWATER_ENGINE) = {settings.engine!r}: this release runs 'local' only"
        )
    lake = Lake(settings.lake, LocalEngine())
    return Home(settings, lake, Metadata(settings.metadata), PROFILE)


def create_home(settings: Settings) -> bool:
    """Make folders and metadata store; False when they were there already."""
    created = not settings.metadata.exists()
    for folder in (settings.lake, settings.artifacts, settings.serving, settings.journals):
        folder.mkdir(parents=True, exist_ok=True)
    settings.uploads.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    open_home(settings).metadata.create()
    return created
