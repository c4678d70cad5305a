"""The door to a verification of many proofs: who may, written down before it is done."""

import secrets

from app.launcher import LaunchUnavailableError
from app.queries.proof import Sample, sample
from app.security import roles
from app.security.roles import Action
from app.services import Services
from lakehouse.audit import AuditError
from lakehouse.users import User

SIZES = (25, 100, 200)


def verify_sample(services: Services, user: User, count: int) -> Sample:
    """Prove some predictions, drawn anew each time; changes nothing.

    Raises:
        Refused: the user's role may not verify.
        LaunchUnavailableError: it could not be written down, so it was not done.
    """
    size, seed = min(max(count, 1), SIZES[-1]), secrets.randbelow(2**31)
    try:
        with roles.acting(user, Action.VERIFY, services.audit, f"sample {size} seed {seed}"):
            return sample(services, size, seed)
    except AuditError as error:
        text = "This cannot be written in the audit log, so it was not done."
        raise LaunchUnavailableError(text) from error
