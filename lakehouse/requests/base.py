"""What every request is, and the texts that requests are made of."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

DeliveryKind = Literal["history", "in_service", "truth"]
FleetName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")]
ColumnName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")]
EngineName = Annotated[str, StringConstraints(pattern=r"^[^/@\x00-\x1f]{1,128}$")]
LARGEST = 2**53


class Request(BaseModel):
    """What a person asks for; the worker does it.

    Attributes:
        workflow: name of the workflow.
        nodes: its components, in order.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    workflow: ClassVar[str]
    nodes: ClassVar[tuple[str, ...]]

    @property
    def deduplication(self) -> str | None:
        """Two requests with the same text are one run while it is queued or running."""
        return None
