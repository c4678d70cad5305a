"""One thing that is wrong with data, down to the rows."""

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True)
class Finding:
    """One anomaly of one column or one engine.

    Attributes:
        severity: an error keeps the delivery out of silver, a warning is shown.
        type: a name of ``AnomalyInfo.Type`` (tensorflow-metadata) in capitals, or one of the
            time-series checks in lower case.
        detail: what is wrong, with the numbers, and what was expected.
        column: the column, null where the whole row or table is meant.
        engine: the engine, null where all are meant.
        first_cycle: first row that it concerns, on the engine's axis.
        last_cycle: last row that it concerns.
        limit_id: the limit that was broken.
    """

    severity: Severity
    type: str
    detail: str
    column: str | None = None
    engine: str | None = None
    first_cycle: int | None = None
    last_cycle: int | None = None
    limit_id: str | None = None
