"""Which flights teach which learner, and what: written once, for rows in memory and in a cluster.

The expressions read two columns, ``cycle`` and ``remaining``, and run on Polars and Spark alike.
"""

from dataclasses import dataclass

import narwhals as nw

from pipeline.models.learners import FAR, LIFE, NEAR, Learner

# Flights this many label lengths before the failure teach in full what the last ones are not.
NEARBY = 3
TAUGHT = (LIFE, FAR, NEAR)
"""The learners that may be taught in a cluster."""

_left = nw.col("remaining").cast(nw.Float64)


@dataclass(frozen=True)
class Teaching:
    """What one learner is to learn.

    Attributes:
        rows: which flights teach it.
        label: what it shall say of them (float64; cycles, or 1 for what is to be found).
        weight: of each flight; None = all count alike.
    """

    rows: nw.Expr
    label: nw.Expr
    weight: nw.Expr | None = None


@dataclass(frozen=True)
class Lessons:
    """How the flights of one training are dealt out to its learners.

    Attributes:
        label_cycles: the last so many cycles of an engine are what ``NEAR`` finds.
        horizon: ``LIFE`` says no more cycles than this.
        far: cycles before a failure up to which remaining life can be told at all.
        stride: every so many-th flight of an engine is learnt from.
    """

    label_cycles: int
    horizon: int
    far: float
    stride: int

    def of(self, learner: Learner) -> Teaching:
        """Rows, label and weight of one of ``TAUGHT``.

        Raises:
            KeyError: another learner.
        """
        chosen = {LIFE.name: self._life, FAR.name: self._far, NEAR.name: self._near}
        return chosen[learner.name]()

    @property
    def taught(self) -> nw.Expr:
        """Flights that teach any learner."""
        life, far, near = (self.of(learner).rows for learner in TAUGHT)
        return life | far | near

    def _life(self) -> Teaching:
        return Teaching(every(self.stride), _left.clip(upper_bound=float(self.horizon)))

    def _far(self) -> Teaching:
        return Teaching(every(self.stride) & (_left < self.far), _left)

    def _near(self) -> Teaching:
        """All flights near the failure, a third of the usual ones before, weighted to match."""
        near = _left < NEARBY * self.label_cycles
        dense, sparse = max(1, self.stride // 2), NEARBY * self.stride
        return Teaching(
            rows=(near & every(dense)) | (~near & every(sparse)),
            label=(_left < self.label_cycles).cast(nw.Float64),
            weight=nw.when(near).then(1.0).otherwise(sparse / dense),
        )


def every(stride: int) -> nw.Expr:
    """Every so many-th flight of each engine."""
    return nw.col("cycle") % stride == 0
