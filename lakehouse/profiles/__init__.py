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
        low: no such machine reads less than this, in any condition.
        high: nor more than this.
        step: how finely it is reported: the difference between two neighbouring readings.
    """

    name: str
    symbol: str
    description: str
    unit: str
    low: float
    high: float
    step: float


@dataclass(frozen=True)
class SeriesRules:
    """From where on the time series of one machine is odd.

    Attributes:
        setting_steps: each setting is rounded to this to name the regime of a flight.
        regime_rows: a fleet with fewer known flights has not shown its regimes yet.
        late_cycles: a flight so many cycles older than the newest known one is late.
        restart_cycles: so many flights flown again with other values are another life.
        missing_cycles: so many flights in a row without a value are told.
        stuck_cycles: fewer equal readings in a row are never told.
        stuck_repeats: a sensor that elsewhere repeats its last reading more often is too coarse.
        stuck_chance: a run of equal readings is told when its probability is below this.
        spike_noise: a spike leaves both its neighbours by so many standard deviations of the noise.
        spike_share: and by this share of the level of the regime,
        spike_steps: and by so many steps of the sensor.
        shift_share: a reading is displaced when it leaves the level of its regime by this share,
        shift_ranges: and by so many ranges that an engine covers in that regime,
        shift_steps: and by so many steps of the sensor.
        shift_cycles: so many displaced readings in a row are a change of unit.
        shift_engines: so many engines must have flown in a regime before it has a level.
        foreign_share: with more of the signals out of range it is another kind of machine.
    """

    setting_steps: tuple[float, ...]
    regime_rows: int = 50
    late_cycles: int = 30
    restart_cycles: int = 5
    missing_cycles: int = 5
    stuck_cycles: int = 5
    stuck_repeats: float = 0.4
    stuck_chance: float = 1e-9
    spike_noise: float = 10.0
    spike_share: float = 0.02
    spike_steps: float = 5.0
    shift_share: float = 0.1
    shift_ranges: float = 3.0
    shift_steps: float = 1.5
    shift_cycles: int = 5
    shift_engines: int = 3
    foreign_share: float = 0.5


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
        series: from where on a time series is odd.
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
    series: SeriesRules

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
