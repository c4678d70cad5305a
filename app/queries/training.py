"""Which run trains a fleet just now."""

from app.queries.runs import STORE_ERRORS
from app.services import Services


def training(services: Services, fleet: str) -> str:
    """Id of the fleet's queued or running retrain, empty when there is none or none is known."""
    try:
        active = services.runs.active()
    except STORE_ERRORS:
        return ""
    found = (run for run in active if run.kind == "retrain" and run.request.get("fleet") == fleet)
    return next((run.run_id for run in found), "")
