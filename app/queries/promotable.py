"""What makes a model live: the request, if the model may be made live now."""

from app.queries.taught import opened
from app.services import Services
from lakehouse import promotion
from lakehouse.requests import PromoteRequest


def promote(services: Services, model_id: str, reason: str) -> PromoteRequest:
    """Make a registered model live.

    Raises:
        PromotionError: it may not be made live; says what to do.
    """
    settings = services.settings
    return promotion.promotion(opened(settings.metadata), settings, model_id, reason)


def roll_back(services: Services, fleet: str, reason: str) -> PromoteRequest:
    """Make the model live again that served a fleet before the live one.

    Raises:
        PromotionError: there is none, or it may not be made live; says what to do.
    """
    settings = services.settings
    metadata = opened(settings.metadata)
    return promotion.roll_back(metadata, settings, services.lake, fleet, reason)
