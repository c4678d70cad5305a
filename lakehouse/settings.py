"""Settings: the one typed, frozen configuration object, from file, environment and flags."""

import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

CONFIG_NAME = "stillwater.toml"
_MASTER = r"^(local(\[(\*|\d+)(,\d+)?\])?|local-cluster\[.+\]|spark://.+|yarn|k8s://.+)$"
_MEMORY = r"^[1-9]\d*[mgt]$"


class SettingsError(ValueError):
    """A setting that is refused; the message names it, its value and what is allowed."""


class WebSettings(BaseModel):
    """Limits of the web process."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    upload_mb: int = Field(default=64, ge=1, le=4096, description="largest upload, in MiB")
    threads: int = Field(default=4, ge=1, le=64, description="threads of one web process")
    workers: int = Field(default=1, ge=1, le=16, description="web processes")
    session_hours: int = Field(
        default=12, ge=1, le=720, description="a sign-in ends after this long"
    )
    behind_tls: bool = Field(default=False, description="served over HTTPS: mark cookies Secure")
    api_per_minute: int = Field(
        default=120, ge=1, le=100_000, description="API requests of one token a minute"
    )
    exports: int = Field(
        default=2, ge=1, le=64, description="exports and diffs at once in one web process"
    )


class SparkSettings(BaseModel):
    """The Spark engine; used when ``engine`` is ``spark``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    master: str = Field(
        default="local[*]", pattern=_MASTER, description="Spark's master: local[*], spark://, …"
    )
    memory: str = Field(default="2g", pattern=_MEMORY, description="heap of the driver's JVM")
    executor_memory: str = Field(default="2g", pattern=_MEMORY, description="heap of an executor")
    partitions: int = Field(default=4, ge=1, le=100_000, description="partitions after a shuffle")
    jars: Path | None = Field(
        default=None, description="folder of the jars; default: a cache of the user"
    )
    learner: Literal["auto", "local", "distributed"] = Field(
        default="auto", description="where trees are trained; auto: by the flights to learn from"
    )
    learners: int = Field(
        default=2, ge=1, le=1000, description="tasks that one distributed training runs in"
    )
    conf: dict[str, str] = Field(default={}, description="further Spark settings, as they are")

    @field_validator("jars")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()


class MaintainSettings(BaseModel):
    """Upkeep of the tables by the worker itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_hours: int | None = Field(
        default=None, ge=1, le=8760, description="hours between two upkeeps; unset: none"
    )
    days: int = Field(default=30, ge=1, le=36_500, description="a replaced version stays so long")
    log_days: int | None = Field(
        default=None, ge=0, le=36_500, description="older log entries may go; unset: they stay"
    )


class VerifySettings(BaseModel):
    """Verification of the home by the worker itself."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every_hours: int | None = Field(
        default=None, ge=1, le=8760, description="hours between two verifications; unset: none"
    )
    deep: bool = Field(default=False, description="also hash every row")


class Settings(BaseSettings):
    """Everything that can be set, resolved once at start.

    Order, the later wins: defaults, ``stillwater.toml``, ``STILLWATER_*`` variables, flags.
    Relative paths of the file are resolved against the file's folder, all others against the
    working directory, so that nothing depends on where a command is started later.

    Raises:
        SettingsError: from :meth:`load`, naming setting, value and what is allowed.
    """

    model_config = SettingsConfigDict(
        env_prefix="STILLWATER_", env_nested_delimiter="__", frozen=True, extra="forbid"
    )

    home: Path = Field(
        default=Path("var"), description="folder of lake, metadata, runs, models, logs"
    )
    data: Annotated[tuple[Path, ...], NoDecode] = Field(
        default=(), description="files or folders to ingest at first start"
    )
    landing: Path | None = Field(
        default=None, description="watched folder; default: <home>/landing"
    )
    host: str = Field(default="127.0.0.1", description="address that the dashboard listens on")
    port: int = Field(
        default=8050, ge=0, le=65535, description="port that the dashboard listens on"
    )
    engine: Literal["local", "spark"] = Field(default="local", description="storage engine")
    profile: Literal["turbofan"] = Field(default="turbofan", description="use case")
    log_level: Literal["debug", "info", "warning", "error"] = Field(default="info")
    learner_threads: int = Field(default=2, ge=1, le=256, description="threads of one training")
    web: WebSettings = WebSettings.model_validate({})
    spark: SparkSettings = SparkSettings.model_validate({})
    maintain: MaintainSettings = MaintainSettings.model_validate({})
    verify: VerifySettings = VerifySettings.model_validate({})

    @field_validator("data", mode="before")
    @classmethod
    def _split_paths(cls, value: Any) -> Any:
        if isinstance(value, str):
            return tuple(part for part in value.split(os.pathsep) if part)
        return value

    @field_validator("home", "landing")
    @classmethod
    def _absolute(cls, value: Path | None) -> Path | None:
        return None if value is None else value.expanduser().absolute()

    @field_validator("data")
    @classmethod
    def _all_absolute(cls, value: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(path.expanduser().absolute() for path in value)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Flags, then variables, then the file."""
        config = Path(os.environ.get("STILLWATER_CONFIG", CONFIG_NAME)).absolute()
        return init_settings, env_settings, _FileSource(settings_cls, config)

    @classmethod
    def load(cls, **flags: Any) -> Self:
        """Settings from file, environment and ``flags``; flags that are None are not set."""
        named = os.environ.get("STILLWATER_CONFIG")
        if named and not Path(named).is_file():
            raise SettingsError(f"STILLWATER_CONFIG = {named!r}: there is no such file")
        try:
            return cls(**{name: value for name, value in flags.items() if value is not None})
        except ValidationError as error:
            raise SettingsError(_explain(error)) from None

    @property
    def lake(self) -> Path:
        """Folder of the Delta tables."""
        return self.home / "lake"

    @property
    def metadata(self) -> Path:
        """The ML Metadata store."""
        return self.home / "metadata.sqlite"

    @property
    def runs(self) -> Path:
        """The run records."""
        return self.home / "runs.sqlite"

    @property
    def users(self) -> Path:
        """Users, sessions and one-time sign-in links."""
        return self.home / "users.sqlite"

    @property
    def artifacts(self) -> Path:
        """Published outputs of the components."""
        return self.home / "artifacts"

    @property
    def serving(self) -> Path:
        """What is live now, a folder a fleet."""
        return self.home / "serving"

    @property
    def audit(self) -> Path:
        """Folder of the audit log."""
        return self.home / "audit"

    @property
    def logs(self) -> Path:
        """Folder of the logs."""
        return self.home / "logs"

    @property
    def journals(self) -> Path:
        """What each run did, while it did it."""
        return self.logs / "runs"

    @property
    def heartbeat(self) -> Path:
        """Touched by the worker every few seconds."""
        return self.home / "worker.json"

    @property
    def streams(self) -> Path:
        """How far each stream has read, a folder each."""
        return self.home / "streams"

    @property
    def stores(self) -> Path:
        """Metadata stores of others, put there to be looked at."""
        return self.home / "landing" / "stores"

    @property
    def uploads(self) -> Path:
        """Where the dashboard leaves uploaded files for the worker."""
        return self.home / "landing" / "uploads"

    @property
    def landing_folder(self) -> Path:
        """The watched folder from which the dashboard offers files."""
        return self.landing or self.home / "landing"


class _FileSource(TomlConfigSettingsSource):
    """The settings file, with its relative paths resolved against its own folder."""

    def __init__(self, settings_cls: type[BaseSettings], file: Path) -> None:
        self._folder = file.parent
        super().__init__(settings_cls, file)

    def __call__(self) -> dict[str, Any]:
        values = super().__call__()
        for name in ("home", "landing"):
            if name in values:
                values[name] = self._folder / Path(values[name]).expanduser()
        if "data" in values:
            paths = [values["data"]] if isinstance(values["data"], str) else values["data"]
            values["data"] = tuple(self._folder / Path(path).expanduser() for path in paths)
        if "jars" in values.get("spark", {}):
            jars = self._folder / Path(values["spark"]["jars"]).expanduser()
            values["spark"] = values["spark"] | {"jars": jars}
        return values


def _explain(error: ValidationError) -> str:
    lines = []
    for problem in error.errors():
        name = ".".join(str(part) for part in problem["loc"])
        variable = "STILLWATER_" + name.upper().replace(".", "__")
        lines.append(f"{name} ({variable}) = {problem['input']!r}: {problem['msg']}")
    return "setting refused: " + "; ".join(lines)
