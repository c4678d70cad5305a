"""What can be set about one training: names, types and bounds, for form, command and worker."""

from collections.abc import Iterable
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class ParameterError(ValueError):
    """A training parameter is unknown, malformed or out of bounds; the text names all three."""


class Parameters(BaseModel):
    """Parameters of one training; the same values on the same data give the same model file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rounds: int = Field(200, ge=10, le=2000, description="boosting rounds of the life estimate")
    depth: int = Field(6, ge=3, le=10, description="depth of its trees")
    averaged: int = Field(4, ge=1, le=8, description="life estimates averaged in the final model")
    rows: int = Field(
        25_000, ge=1_000, le=10_000_000, description="flights to learn from, evenly thinned"
    )
    sample: int = Field(
        1_000_000, ge=1_000, le=10_000_000,
        description="flights, of whole engines, that transform and window are fitted on",
    )  # fmt: skip
    coverage: float = Field(0.9, ge=0.5, le=0.99, description="nominal coverage of the window")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="seed of every random choice")

    @classmethod
    def parse(cls, pairs: Iterable[str]) -> Self:
        """Parameters from ``K=V`` texts, as the command line gives them.

        Raises:
            ParameterError: naming parameter, value and what is allowed.
        """
        values: dict[str, Any] = {}
        for pair in pairs:
            name, equals, value = pair.partition("=")
            if not equals or name.strip() in values:
                fault = "given twice" if equals else "expected NAME=VALUE"
                raise ParameterError(f"parameter {pair!r}: {fault}")
            values[name.strip()] = value.strip()
        return cls.of(values)

    @classmethod
    def of(cls, values: dict[str, Any]) -> Self:
        """Parameters from names and values; what is not named keeps its default.

        Raises:
            ParameterError: naming parameter, value and what is allowed.
        """
        try:
            return cls(**values)
        except ValidationError as error:
            text = "; ".join(_explain(problem) for problem in error.errors())
            raise ParameterError(text) from None

    def changed(self) -> dict[str, str]:
        """The parameters that are not at their default, as texts."""
        return {name: str(value) for name, value in self.model_dump(exclude_defaults=True).items()}


def allowed(name: str) -> str:
    """What a parameter may be, in words: ``a whole number from 10 to 2000``."""
    field = Parameters.model_fields[name]
    bounds = {type(bound).__name__: bound for bound in field.metadata}
    kind = "a whole number" if field.annotation is int else "a number"
    return f"{kind} from {bounds['Ge'].ge} to {bounds['Le'].le}"


def _explain(problem: Any) -> str:
    name = str(problem["loc"][0])
    if name not in Parameters.model_fields:
        return f"parameter {name!r} is unknown; there are {', '.join(Parameters.model_fields)}"
    return f"parameter {name} = {problem['input']!r}: expected {allowed(name)}"
