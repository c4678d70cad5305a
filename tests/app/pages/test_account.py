"""Account: one's own password, and signing out everywhere else."""

from collections.abc import Callable
from typing import Any

from dash import Dash

from app.services import Services
from lakehouse.users import User
from tests.app.security.conftest import PASSWORD, Browser

SIGNED_IN = Callable[[str], Browser]
NEW = "battery staple"


def change(user: Browser, old: str, new: str, again: str) -> str:
    ids = (
        "account-changed.children",
        "account-old.value",
        "account-new.value",
        "account-again.value",
    )
    body = {
        "output": f"..{'...'.join(ids)}..",
        "outputs": [dict(zip(("id", "property"), one.split("."), strict=True)) for one in ids],
        "inputs": [{"id": "account-change", "property": "n_submit", "value": 1}],
        "state": [
            {"id": f"account-{name}", "property": "value", "value": value}
            for name, value in (("old", old), ("new", new), ("again", again))
        ],
        "changedPropIds": ["account-change.n_submit"],
    }
    answer: dict[str, Any] = user.call(body).get_json()
    return str(answer["response"]["account-changed"]["children"]["props"]["children"])


def test_a_new_password_ends_the_other_sessions(
    signed_in: SIGNED_IN,
    services: Services,
) -> None:
    here, elsewhere = signed_in("engineer"), signed_in("engineer")
    assert "was changed" in change(here, PASSWORD, NEW, NEW)
    assert services.users.verify("engineer", NEW) == User("engineer", "engineer")
    assert services.users.verify("engineer", PASSWORD) is None
    assert here.client.get("/account").status_code == 200
    assert elsewhere.client.get("/account").status_code == 302
    entry = services.audit.entries()[-1]
    assert (entry.action, entry.outcome) == ("set_password", "allowed")
    assert NEW not in str(services.audit.entries())


def test_wrong_or_short_or_unlike_passwords_change_nothing(
    signed_in: SIGNED_IN,
    services: Services,
) -> None:
    user = signed_in("engineer")
    assert "not right" in change(user, "wrong", NEW, NEW)
    assert "repeated" in change(user, PASSWORD, NEW, NEW + "!")
    assert "characters" in change(user, PASSWORD, "short", "short")
    assert services.users.verify("engineer", PASSWORD) is not None


def test_an_open_session_is_no_way_to_guess_the_password(
    signed_in: SIGNED_IN,
    services: Services,
) -> None:
    user = signed_in("engineer")
    answers = [change(user, "wrong", NEW, NEW) for _ in range(7)]
    assert "not right" in answers[4]
    assert all("Too many tries" in answer for answer in answers[5:])
    assert "Too many tries" in change(user, PASSWORD, NEW, NEW)


def test_who_came_in_by_a_link_sets_a_password_without_an_old_one(
    app: Dash,
    services: Services,
) -> None:
    services.users.add("ada", "operator")
    token = services.users.one_time_link("ada").token
    user = Browser(app.server.test_client())
    user.client.post("/sign-in", data={"csrf_token": user.form_token(), "token": token})
    assert "was changed" in change(user, "", NEW, NEW)
    assert services.users.verify("ada", NEW) == User("ada", "operator")
