"""The fitted numbers of a transform, as a value that can be written down."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Self

RECIPE = 1

Matrix = tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Signal:
    """One health signal: a weighted sum of normalised sensors that falls to its threshold.

    Attributes:
        name: prefix of its feature columns.
        weights: one row a regime, one number a kept sensor.
        offsets: one number a regime.
        threshold: where the signal stands when an engine fails.
    """

    name: str
    weights: Matrix
    offsets: tuple[float, ...]
    threshold: float


@dataclass(frozen=True)
class TransformGraph:
    """Everything that :func:`pipeline.components.transform.featurise` needs to know.

    Attributes:
        sensors: sensors that are normalised, in order.
        settings: settings that tell the regimes apart.
        scales: what each setting is divided by.
        centres: one row a regime, one number a setting, scaled.
        reach: a flight further than this from every centre belongs to no regime that was seen.
        means: one row a regime, one number a sensor.
        deviations: the same; 0 where a sensor does not vary in a regime.
        kept: sensors that say something about wear.
        common: what the kept sensors have in common: a direction of length 1.
        signals: the health signals, empty until they are fitted.
        recipe: version of the feature recipe; a graph of another recipe is refused.
    """

    sensors: tuple[str, ...]
    settings: tuple[str, ...]
    scales: tuple[float, ...]
    centres: Matrix
    reach: float
    means: Matrix
    deviations: Matrix
    kept: tuple[str, ...] = ()
    common: tuple[float, ...] = ()
    signals: tuple[Signal, ...] = ()
    recipe: int = RECIPE

    def to_json(self) -> str:
        """The same numbers always give the same text; floats are kept to the last bit."""
        return json.dumps(asdict(self), sort_keys=True, indent=1, allow_nan=False) + "\n"

    @classmethod
    def from_json(cls, text: str) -> Self:
        """The graph that was written by :meth:`to_json`.

        Raises:
            ValueError: the text is of another recipe or no graph at all.
        """
        values = json.loads(text)
        if not isinstance(values, dict) or values.get("recipe") != RECIPE:
            raise ValueError(f"no transform graph of recipe {RECIPE}")
        values["signals"] = tuple(Signal(**_tuples(signal)) for signal in values["signals"])
        return cls(**_tuples(values))


def _tuples(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _tuple(value) for name, value in values.items()}


def _tuple(value: Any) -> Any:
    return tuple(_tuple(item) for item in value) if isinstance(value, list) else value
