"""Account: one's own password, and signing out everywhere else."""

from collections.abc import Callable
from time import time
from typing import Any

import time_machine
from dash import Dash

from app.components.token_card import ENDED_SHOWN
from app.services import Services
from lakehouse.tokens import check_token, draft_token, keep_token, list_tokens, revoke_token
from lakehouse.users import User
from tests.app.pages.callbacks import call
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
    # A slow machine takes longer over a password than the first wait is.
    with time_machine.travel(time(), tick=False):
        answers = [change(user, "wrong", NEW, NEW) for _ in range(7)]
        last = change(user, PASSWORD, NEW, NEW)
    assert "not right" in answers[4]
    assert all("Too many tries" in answer for answer in answers[5:])
    assert "Too many tries" in last


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


def make_token(app: Dash, user: Browser, name: str, days: str) -> Any:
    values = {
        "account-token-form.n_submit": 1,
        "account-token-name.value": name,
        "account-token-days.value": days,
    }
    answer = call(app, user, "account-tokens.children", "account-token-form.n_submit", values)
    return answer.get_json()["response"]


def revoke(app: Dash, user: Browser, token_id: str) -> Any:
    button = {"type": "account-token-revoke", "token": token_id}
    every = '{"token":["ALL"],"type":"account-token-revoke"}.n_clicks'
    one = every.replace('["ALL"]', f'"{token_id}"')
    answer = call(app, user, "account-tokens.children", every, {every: [(button, 1)]}, changed=one)
    return answer.get_json()["response"]


def test_a_token_is_shown_once_listed_and_revoked(
    app: Dash, signed_in: SIGNED_IN, services: Services
) -> None:
    user = signed_in("operator")
    assert "You have no tokens." in str(user.page("/account"))
    made = make_token(app, user, "notebook", "30")
    alert = made["account-token-answer"]["children"]["props"]["children"]
    text = alert[1]["props"]["value"]
    assert check_token(services.users, text).user == User("operator", "operator")
    token = list_tokens(services.users)[0]
    assert (token.name, (token.expires - token.created).days) == ("notebook", 30)
    for listed in (str(made["account-tokens"]), str(user.page("/account"))):
        assert "notebook" in listed
        assert token.token_id in listed
        assert text not in listed
    ended = revoke(app, user, token.token_id)
    assert "was revoked" in str(ended["account-token-answer"])
    assert "account-token-revoke" not in str(ended["account-tokens"])
    assert check_token(services.users, text).user is None
    done = [(one.action, one.object) for one in services.audit.entries()[1:]]
    target = f"{token.token_id} of operator"
    assert done == [("create_token", target), ("revoke_token", target)]


def test_what_a_forged_form_asks_for_is_refused_in_words(
    app: Dash, signed_in: SIGNED_IN, services: Services
) -> None:
    user = signed_in("operator")
    for name, days, told in (("", "30", "name"), ("x", "366", "365 days"), ("x", "-1", "365 days"),
                             ("x", "ten", "365 days"), ("x" * 65, "30", "name")):  # fmt: skip
        assert told in str(make_token(app, user, name, days)["account-token-answer"])
    theirs = draft_token(services.users, "admin", "not yours")
    keep_token(services.users, theirs)
    assert "no token" in str(revoke(app, user, theirs.token.token_id)["account-token-answer"])
    assert check_token(services.users, theirs.text).user is not None
    assert "not yours" not in str(user.page("/account"))


def test_only_the_newest_of_the_tokens_that_ended_are_listed(
    signed_in: SIGNED_IN, services: Services
) -> None:
    user = signed_in("operator")
    for number in range(ENDED_SHOWN + 2):
        draft = draft_token(services.users, "operator", f"ended {number}")
        keep_token(services.users, draft)
        revoke_token(services.users, draft.token.token_id)
    keep_token(services.users, draft_token(services.users, "operator", "still here"))
    page = str(user.page("/account"))
    assert page.index("still here") < page.index(f"ended {ENDED_SHOWN + 1}")
    assert page.count("revoked 20") == ENDED_SHOWN
    assert "ended 0" not in page
