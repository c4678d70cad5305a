"""One home as the pipeline sees it: its settings, lake and metadata store."""

from dataclasses import dataclass

from lakehouse.engines import Engine
from lakehouse.engines.local import LocalEngine
from lakehouse.home_format import mark_home
from lakehouse.lake import Lake
from lakehouse.metadata import Metadata
from lakehouse.profiles import Profile
from lakehouse.profiles.turbofan import PROFILE
from lakehouse.settings import Settings


@dataclass(frozen=True)
class Home:
    """What every step of every run may use."""

    settings: Settings
    lake: Lake
    metadata: Metadata
    profile: Profile


def open_home(settings: Settings, engine: Engine | None = None) -> Home:
    """The home that the settings name.

    Args:
        settings: name the home.
        engine: what reads and writes large tables; by default the local one, which reads whatever
            any engine wrote, at once and without Java.
    """
    lake = Lake(settings.lake, engine or LocalEngine())
    return Home(settings, lake, Metadata(settings.metadata), PROFILE)


def chosen_engine(settings: Settings) -> Engine:
    """The engine that the settings choose for the work of runs."""
    if settings.engine == "local":
        return LocalEngine()
    # Only who chooses Spark pays for its import.
    from lakehouse.engines.spark import SparkEngine

    return SparkEngine(settings.spark, settings.logs / "spark.log")


def create_home(settings: Settings) -> bool:
    """Make folders and metadata store; False when they were there already."""
    created = not settings.metadata.exists()
    for folder in (settings.lake, settings.artifacts, settings.serving, settings.journals):
        folder.mkdir(parents=True, exist_ok=True)
    settings.uploads.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    open_home(settings).metadata.create()
    mark_home(settings.home)
    return created
