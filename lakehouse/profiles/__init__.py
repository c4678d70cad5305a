"""A use case as data: its words, columns, units, label and limits."""

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True)
class Signal:
    """One measured column.

    Attributes:
        name: column name in every table.
        symbol: what engineers call it.
        description: in words.
        unit: physical unit, empty for a ratio or code.
    """

    name: str
    symbol: str
    description: str
    unit: str


@dataclass(frozen=True)
class Profile:
    """Everything that is particular to one kind of machine.

    Attributes:
        name: the profile's name in the settings.
        machine: what one unit is called in sentences.
        settings: operating settings, in file order.
        sensors: sensors, in file order.
        setting_scales: what each setting is divided by before distances between regimes are taken.
        label_cycles: a row is positive when ``0 <= remaining < label_cycles``.
        horizon_cycles: a failure window that reaches this far ahead is open.
        coverage: nominal coverage of the failure window.
        act_probability: from this probability on the state is "act".
        watch_cycles: the state is "watch" when the window opens within this many cycles.
        stale_after: a fleet whose newest delivery is older than this is stale.
        minimum_failures: fewer failed engines than this teach nothing.
    """

    name: str
    machine: str
    settings: tuple[Signal, ...]
    sensors: tuple[Signal, ...]
    setting_scales: tuple[float, ...]
    label_cycles: int
    horizon_cycles: int
    coverage: float
    act_probability: float
    watch_cycles: int
    stale_after: timedelta
    minimum_failures: int

    @property
    def signals(self) -> tuple[Signal, ...]:
        """Settings, then sensors."""
        return self.settings + self.sensors

    @property
    def setting_names(self) -> tuple[str, ...]:
        """Column names of the settings."""
        return tuple(signal.name for signal in self.settings)

    @property
    def sensor_names(self) -> tuple[str, ...]:
        """Column names of the sensors."""
        return tuple(signal.name for signal in self.sensors)

    @property
    def signal_names(self) -> tuple[str, ...]:
        """Column names of settings and sensors."""
        return self.setting_names + self.sensor_names
