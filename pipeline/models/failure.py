"""The model of failure: learners, window and limits of trust, as one value with its files."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import polars as pl

from pipeline.models.course import TRUST
from pipeline.models.importance import importance
from pipeline.models.learners import FAR, LIFE, NEAR, SPREAD, Floats, Inputs, predict
from pipeline.models.window import WindowTable

FORMAT = 1
SIDECAR = "model.json"
IMPORTANCE = "importance.json"
ERROR_RANGE = (0.5, 40.0)
# From this share of the horizon on, the capped estimate hands over to the uncapped one.
HAND_OVER = 0.96
# No window is vouched for when less than half of what usually speaks is heard, when the sensors
# contradict each other more than ever, when the record starts late, or when more than a tenth of
# the features lie outside the training range.
SILENT = 0.5
CONTRADICTION = 1.5
UNSEEN_START = 10
OUTSIDE = 0.1


class ModelFileError(ValueError):
    """A model folder is incomplete, altered, or of another format."""


@dataclass(frozen=True)
class Limits:
    """What the training saw; on inputs beyond it the model says less.

    Attributes:
        low: smallest value of each feature, with a margin.
        high: largest value of each feature, with a margin.
        heard: usual share of sensors that spoke.
        odd: how far the sensors contradicted each other at most.
        pace: usual number of cycles per flight on record.
        missed: most cycles before the first flight on record.
    """

    low: tuple[float, ...]
    high: tuple[float, ...]
    heard: float
    odd: float
    pace: float
    missed: float

    def caution(self, trust: Floats) -> Floats:
        """By what the expected error grows (1 = nothing unusual); ``trust``: columns of TRUST."""
        heard, odd, pace, missed = np.nan_to_num(trust).T
        silent = self.heard / np.clip(heard, SILENT * self.heard, self.heard)
        gaps = np.maximum(pace / self.pace, 1) * (1 + np.maximum(missed - self.missed, 0) / 20)
        return np.asarray(silent**2 * np.maximum(odd / self.odd, 1) * gaps)

    def doubt(self, inputs: Inputs, trust: Floats) -> npt.NDArray[np.bool_]:
        """Flights so far from all training that no window can be vouched for."""
        heard, odd, _, missed = np.nan_to_num(trust).T
        inside = (inputs >= np.asarray(self.low)) & (inputs <= np.asarray(self.high))
        outside = 1 - inside.mean(axis=1) if inputs.shape[1] else np.zeros(len(inputs))
        return np.asarray(
            (heard < SILENT * self.heard)
            | (odd > CONTRADICTION * self.odd)
            | (missed > self.missed + UNSEEN_START)
            | (outside > OUTSIDE)
        )


@dataclass(frozen=True)
class Card:
    """What ``model.json`` says beside the hashes of the model files.

    Attributes:
        features: columns in the order in which the learners read them (float32), without TRUST.
        label_cycles: the probability is that of being within the last so many cycles.
        parameters: training parameters.
        positives: share of positive flights in training: what is said of an unknown flight.
        window: the calibration table.
        limits: the training range.
        training: flights and engines that were learnt from, first and last cycle.
        libraries: versions of what computed it.
    """

    features: tuple[str, ...]
    label_cycles: int
    parameters: Mapping[str, Any]
    positives: float
    window: WindowTable
    limits: Limits
    training: Mapping[str, int]
    libraries: Mapping[str, str]


@dataclass(frozen=True)
class Estimates:
    """What the learners say before the window is drawn, one number a flight.

    Attributes:
        probability: of being within the last cycles.
        life: remaining life up to the horizon.
        far: remaining life without a cap.
        error: expected error of ``life``.
    """

    probability: Floats
    life: Floats
    far: Floats
    error: Floats


@dataclass(frozen=True)
class FailureModel:
    """Says, from the features of a flight, when the engine will probably fail.

    Attributes:
        card: everything but the trees.
        trees: the learners as UBJSON, by name.
    """

    card: Card
    trees: Mapping[str, bytes]

    def predict(self, features: pl.DataFrame, threads: int = 1) -> pl.DataFrame:
        """Probability, failure window and remaining life of every flight.

        Args:
            features: fleet, engine, cycle and the columns of the card and of TRUST.
            threads: threads of the trees; they change no result.

        Returns:
            fleet, engine, cycle, probability, window_from and window_to (int64, cycles of the
            engine; window_to null = open), coverage, rul (cycles, not capped).
        """
        inputs = features.select(self.card.features).to_numpy().astype(np.float32, copy=False)
        trust = features.select(TRUST).to_numpy().astype(np.float64)
        said = self._estimates(inputs, threads)
        doubt = self.card.limits.doubt(inputs, trust)
        said = Estimates(
            np.where(doubt, np.maximum(said.probability, self.card.positives), said.probability),
            said.life,
            said.far,
            said.error * self.card.limits.caution(trust),
        )
        return answer(features, said, self.card.window, doubt)

    def _estimates(self, inputs: Inputs, threads: int) -> Estimates:
        horizon = self.card.window.horizon
        lives = [name for name in sorted(self.trees) if name.startswith(LIFE.name)]
        life = np.mean([predict(self.trees[name], inputs, threads) for name in lives], axis=0)
        life = np.clip(life, 0, horizon)
        return Estimates(
            predict(self.trees[NEAR.name], inputs, threads),
            life,
            predict(self.trees[FAR.name], inputs, threads),
            bounded(predict(self.trees[SPREAD.name], with_life(inputs, life), threads)),
        )

    @cached_property
    def files(self) -> dict[str, bytes]:
        """Content of every file by name; the same model always has the same bytes.

        What it looks at stands beside the trees, for those who must not open them.
        """
        trees = {f"{name}.ubj": self.trees[name] for name in sorted(self.trees)}
        shares = json.dumps(importance(self.trees, self.card.features), indent=1) + "\n"
        hashes = {name: sha256(content).hexdigest() for name, content in trees.items()}
        document = {"format": FORMAT, **asdict(self.card), "sha256": hashes}
        text = json.dumps(document, sort_keys=True, indent=1, allow_nan=False) + "\n"
        return {**trees, IMPORTANCE: shares.encode(), SIDECAR: text.encode()}

    def save(self, folder: Path) -> None:
        """Write every file into ``folder``, which is made when it is not there."""
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in self.files.items():
            (folder / name).write_bytes(content)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """The model that was saved in ``folder``; hashes are checked before trees are parsed.

        Raises:
            ModelFileError: a file is missing, altered or of another format.
        """
        try:
            document = json.loads((folder / SIDECAR).read_text())
            if document.pop("format") != FORMAT:
                raise ModelFileError(f"{folder / SIDECAR}: not of format {FORMAT}")
            hashes = document.pop("sha256")
            return cls(
                _card(document),
                {
                    Path(name).stem: _checked(folder / Path(name).name, digest)
                    for name, digest in hashes.items()
                },
            )
        except (OSError, KeyError, TypeError, AttributeError, json.JSONDecodeError) as error:
            raise ModelFileError(f"{folder}: no model ({error})") from None


def answer(
    keys: pl.DataFrame,
    said: Estimates,
    window: WindowTable,
    doubt: npt.NDArray[np.bool_],
) -> pl.DataFrame:
    """The estimates as :meth:`FailureModel.predict` returns them."""
    start, end = window.window(said.life, said.error)
    start, end = np.where(doubt, 0, start), np.where(doubt, np.inf, end)
    handed = window.horizon * HAND_OVER
    share = np.clip((said.life - handed) / (window.horizon - handed), 0, 1)
    rul = np.clip(said.life + share * np.maximum(said.far - said.life, 0), start, end)
    ahead = pl.Series(np.where(np.isinf(end), -1, end).astype(np.int64))
    return keys.select("fleet", "engine", "cycle").with_columns(
        pl.Series("probability", said.probability),
        (pl.col("cycle") + pl.Series(start.astype(np.int64))).alias("window_from"),
        pl.when(ahead >= 0).then(pl.col("cycle") + ahead).alias("window_to"),
        pl.lit(window.coverage).alias("coverage"),
        pl.Series("rul", rul),
    )


def with_life(inputs: Inputs, life: Floats) -> Inputs:
    """Inputs of the learner of the expected error: the features and the estimate itself."""
    return np.column_stack([inputs, life]).astype(np.float32)


def bounded(error: Floats) -> Floats:
    """The expected error, kept away from 0 and from absurdity."""
    return np.clip(error, *ERROR_RANGE)


def _checked(file: Path, digest: str) -> bytes:
    content = file.read_bytes()
    if sha256(content).hexdigest() != digest:
        raise ModelFileError(f"{file}: content does not match {SIDECAR}")
    return content


def _card(document: dict[str, Any]) -> Card:
    window = {name: _tuple(value) for name, value in document.pop("window").items()}
    limits = {name: _tuple(value) for name, value in document.pop("limits").items()}
    features = tuple(document.pop("features"))
    return Card(
        features=features, window=WindowTable(**window), limits=Limits(**limits), **document
    )


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
