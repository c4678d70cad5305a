"""Pages are tested in a dashboard with one user a role."""

from tests.app.security.conftest import app, services, signed_in

__all__ = ["app", "services", "signed_in"]
