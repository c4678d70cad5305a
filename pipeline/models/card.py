"""What is written down beside the trees: the training range, and what taught and computed them."""

from importlib.metadata import version
from platform import python_version

import numpy as np
import polars as pl

from pipeline.models.failure import Card, Limits
from pipeline.models.fitting import Fitting, Flights
from pipeline.models.window import WindowTable

# Inputs may leave the training range by this share of it before they count as outside.
MARGIN = 0.1
LIBRARIES = ("narwhals", "numpy", "polars", "xgboost")


def card(
    names: tuple[str, ...],
    flights: Flights,
    fitting: Fitting,
    window: WindowTable,
    training: dict[str, int],
) -> Card:
    """The card of a model.

    Args:
        names: columns of ``flights.inputs``.
        flights: of failed engines, whole lives.
        fitting: parameters, label and where the trees were trained.
        window: the calibration table.
        training: as :func:`taught` gives it.
    """
    positive = flights.remaining < fitting.profile.label_cycles
    libraries = LIBRARIES if fitting.cluster is None else (*LIBRARIES, "pyspark")
    return Card(
        features=names,
        label_cycles=fitting.profile.label_cycles,
        parameters=fitting.parameters.model_dump(),
        positives=float(positive.mean()),
        window=window,
        limits=_limits(flights),
        training=training,
        libraries={
            "python": python_version(),
            **{library: version(library) for library in libraries},
        },
    )


def taught(failed: pl.DataFrame) -> dict[str, int]:
    """Flights and engines, first and last cycle of what was learnt from."""
    return {
        "flights": len(failed),
        "engines": failed.select("fleet", "engine").n_unique(),
        "first_cycle": int(failed["cycle"].to_numpy().min()),
        "last_cycle": int(failed["cycle"].to_numpy().max()),
    }


def _limits(flights: Flights) -> Limits:
    low, high = flights.inputs.min(axis=0), flights.inputs.max(axis=0)
    margin = MARGIN * (high - low)
    heard, odd, pace, missed = flights.trust.T
    return Limits(
        low=tuple(float(value) for value in low - margin),
        high=tuple(float(value) for value in high + margin),
        heard=float(np.median(heard)) or 1.0,
        odd=max(1.0, float(odd.max())),
        pace=float(np.median(pace)),
        missed=float(missed.max()),
    )
