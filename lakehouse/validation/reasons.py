"""One reason why a feature is not what its schema says, in TFX's words."""

from dataclasses import dataclass

from tensorflow_metadata.proto.v0 import anomalies_pb2


@dataclass(frozen=True)
class Reason:
    """A reason of an ``AnomalyInfo``.

    Attributes:
        type: a name of ``AnomalyInfo.Type``.
        title: what is wrong, in few words.
        detail: what was found and what was expected.
    """

    type: str
    title: str
    detail: str


def anomaly(reasons: tuple[Reason, ...], name: str | None = None) -> anomalies_pb2.AnomalyInfo:
    """All reasons of one feature (or of the data set, without a name) as TFX writes them."""
    told = [reason for reason in reasons if reason.detail] or reasons[-1:]
    info = anomalies_pb2.AnomalyInfo(
        severity=anomalies_pb2.AnomalyInfo.ERROR,
        short_description=told[0].title if len(told) == 1 else "Multiple errors",
        description=" ".join(reason.detail for reason in told),
    )
    for reason in reasons:
        info.reason.add(type=reason.type, short_description=reason.title, description=reason.detail)
    if name is not None:
        info.path.step.append(name)
    return info


def six_digits(value: float) -> str:
    """A number with six significant digits."""
    return f"{value:.6g}"
