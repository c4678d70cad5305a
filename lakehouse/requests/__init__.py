"""Run requests: names and typed parameters of the workflows, nothing that runs."""

from lakehouse.requests.base import Request
from lakehouse.requests.decisions import (
    Change,
    CorrectRequest,
    LimitRequest,
    PromoteRequest,
    ReportRequest,
    RestoreRequest,
    ReviewRequest,
    SchemaRequest,
)
from lakehouse.requests.work import (
    TAKE_IN,
    IngestRequest,
    MaintainRequest,
    RetrainRequest,
    ScoreRequest,
    StreamRequest,
    VerifyRequest,
)

__all__ = [
    "REQUESTS",
    "TAKE_IN",
    "Change",
    "CorrectRequest",
    "IngestRequest",
    "LimitRequest",
    "MaintainRequest",
    "PromoteRequest",
    "ReportRequest",
    "Request",
    "RestoreRequest",
    "RetrainRequest",
    "ReviewRequest",
    "SchemaRequest",
    "ScoreRequest",
    "StreamRequest",
    "VerifyRequest",
]

REQUESTS: dict[str, type[Request]] = {
    request.workflow: request
    for request in (
        IngestRequest,
        RetrainRequest,
        PromoteRequest,
        ScoreRequest,
        ReportRequest,
        ReviewRequest,
        CorrectRequest,
        RestoreRequest,
        SchemaRequest,
        LimitRequest,
        StreamRequest,
        MaintainRequest,
        VerifyRequest,
    )
}
