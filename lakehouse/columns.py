"""Columns that several table contracts share."""

from collections.abc import Iterable

from lakehouse.contract import Column
from lakehouse.profiles import Signal

FLEET = Column("fleet", "string", "engines of one type that share a model")
ENGINE = Column("engine", "string", "engine, unique in its fleet")
CYCLE = Column("cycle", "int64", "flight number of the engine, from 1", "cycles")
DELIVERY = Column("delivery_id", "string", "the delivery that brought it")
RUN = Column("run_id", "string", "the run that wrote it")
MODEL = Column("model_id", "string", "the model that said it")
TRANSFORM = Column("transform_id", "string", "the fitted transform it belongs to")


def measured(signals: Iterable[Signal]) -> tuple[Column, ...]:
    """One column for each signal."""
    return tuple(
        Column(signal.name, "float64", f"{signal.symbol}: {signal.description}", signal.unit)
        for signal in signals
    )
