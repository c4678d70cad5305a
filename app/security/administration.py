"""Users and roles: what an administrator may do, checked and written down."""

from app.security.roles import Action, acting, require
from app.services import Services
from lakehouse.users import OneTimeLink, User, UserError


def add_user(services: Services, user: User, name: str, role: str) -> OneTimeLink:
    """Add a user and make the link by which they come in first.

    Raises:
        Refused: ``user`` may not.
        UserError: name or role is not allowed, or the name is taken.
    """
    after = {"role": role}
    with acting(user, Action.MANAGE_USERS, services.audit, f"add {name}", after):
        services.users.add(name, role)
        return services.users.one_time_link(name)


def renew_link(services: Services, user: User, name: str) -> OneTimeLink:
    """A new one-time link for a user.

    Raises:
        Refused: ``user`` may not.
        UserError: there is no such user, or they are shut out.
    """
    with acting(user, Action.MANAGE_USERS, services.audit, f"link for {name}"):
        return services.users.one_time_link(name)


def change_role(services: Services, user: User, name: str, role: str) -> str:
    """Give a user another role and say so; the same again changes nothing and says nothing.

    Raises:
        Refused: ``user`` may not.
        UserError: no such user or role, the user's own role, or nobody would be left to manage
            users.
    """
    require(user, Action.MANAGE_USERS, services.audit, name)
    if services.users.account(name).role == role:
        return ""
    _not_oneself(user, name)
    after = {"role": role}
    with acting(user, Action.MANAGE_USERS, services.audit, f"role of {name}", after):
        services.users.set_role(name, role)
    return f"{name} is {role} now."


def switch_active(services: Services, user: User, name: str) -> str:
    """Shut a user out, or let them in again, and say so.

    Raises:
        Refused: ``user`` may not.
        UserError: no such user, oneself, or nobody would be left to manage users.
    """
    require(user, Action.MANAGE_USERS, services.audit, name)
    _not_oneself(user, name)
    active = not services.users.account(name).active
    verb = "let in" if active else "shut out"
    with acting(user, Action.MANAGE_USERS, services.audit, f"{verb} {name}"):
        services.users.set_active(name, active)
    return f"{name} was {verb}."


def _not_oneself(user: User, name: str) -> None:
    if user.name.lower() == name.lower():
        raise UserError("somebody else has to change your own role or shut you out")
