"""A chain's links: what a finding comes to, and that each fault is red once."""

from lakehouse.proof.chain import (
    MOST,
    Fault,
    Finding,
    Link,
    Verdict,
    broken,
    link,
    sound,
    told_once,
    unknown,
)


def made(name: str, finding: Finding) -> Link:
    return link(name, name.capitalize(), (), finding)


def test_what_is_broken_outweighs_what_cannot_be_checked() -> None:
    """And that outweighs what holds; the reason tells of the worst."""
    assert sound("a").verdict is Verdict.GREEN
    assert (sound("a") + unknown("b")).verdict is Verdict.UNCHECKED
    all_of_it = made("x", sound("a") + unknown("b") + broken("file", "changed"))
    assert all_of_it.verdict is Verdict.RED
    assert all_of_it.reason == "file: changed; b"
    assert all_of_it.where == ("file",)
    assert made("x", sound("a") + unknown("b")).reason == "b"


def test_a_fault_is_red_at_the_first_link_that_needs_it() -> None:
    """Further down it is named, and neither red nor green."""
    first, second, third = told_once(
        [
            made("silver", broken("lake/a.parquet", "changed")),
            made("model", sound("whole")),
            made("training", broken("lake/a.parquet", "changed")),
        ]
    )
    assert (first.verdict, second.verdict) == (Verdict.RED, Verdict.GREEN)
    assert third.verdict is Verdict.UNCHECKED
    assert third.reason == "lake/a.parquet is red at Silver"


def test_a_fault_of_its_own_stays_red() -> None:
    """Also where another one is red above."""
    both = Finding((Fault("a", "changed"), Fault("b", "changed")))
    links = told_once([made("silver", broken("a", "changed")), made("training", both)])
    assert [each.verdict for each in links] == [Verdict.RED, Verdict.RED]


def test_of_many_reasons_the_first_are_told() -> None:
    """And how many more there are."""
    finding = sound(*(f"fact {number}" for number in range(MOST + 3)))
    assert made("x", finding).reason.endswith("fact 7; and 3 more")
    assert (finding + finding).facts == finding.facts
