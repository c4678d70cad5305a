"""The verb that proves a prediction: the chain of all that it stands on, looked at anew."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import click
from tqdm import tqdm

from lakehouse.proof import Chain, Link, Verdict, document, link_document, sentence
from lakehouse.proof.evidence import Evidence
from lakehouse.proof.prove import ChangedPredictionsError, NoPredictionError, draw, find, prove
from lakehouse.runs import RunStore
from lakehouse.settings import Settings
from pipeline.commands.output import Exit, fail, json_option, show, table, usage_errors
from pipeline.commands.reading import split_engine
from pipeline.home import Home, open_home

Document = dict[str, Any]
_MARKS = {Verdict.GREEN: "✓ green", Verdict.RED: "✗ RED", Verdict.UNCHECKED: "? unchecked"}


@click.command("prove")
@click.argument("name", metavar="FLEET/ENGINE@CYCLE", required=False)
@click.option("--run", "run_id", default="", help="what that run said; default: the newest")
@click.option("--sample", type=click.IntRange(1), help="so many predictions, drawn at random")
@click.option("--seed", default=0, show_default=True, help="of the draw")
@json_option
@click.pass_obj
@usage_errors(NoPredictionError)
def prove_command(settings: Settings, /, name: str | None, **options: Any) -> None:
    """Prove a prediction, link by link, down to the delivered file; red ends with exit code 3."""
    if (name is None) == (options["sample"] is None):
        fail("give FLEET/ENGINE@CYCLE or --sample N", Exit.USAGE)
    home = open_home(settings)
    if not settings.metadata.is_file():
        fail(f"{settings.home} is no home: run `stillwater init`", Exit.USAGE)
    evidence = Evidence(settings, home.profile, home.lake, RunStore(settings))
    if name is None:
        told, text = _sampled(home, evidence, options["sample"], options["seed"])
    else:
        told, text = _one(home, evidence, name, options["run_id"])
    show(told, bool(options["as_json"]), text)
    if told["verdict"] == Verdict.RED:
        raise SystemExit(int(Exit.BAD_DATA))


def _one(home: Home, evidence: Evidence, name: str, run_id: str) -> tuple[Document, str]:
    fleet, engine, cycle = split_engine(name)
    if cycle is None:
        fail(f"{name!r}: FLEET/ENGINE@CYCLE expected", Exit.USAGE)
    try:
        chain = prove(evidence, find(evidence, (fleet, engine), cycle, run_id))
    except ChangedPredictionsError as error:
        place = {"fleet": fleet, "engine": engine, "cycle": cycle, "sentence": str(error)}
        told = {"verdict": "red", "links": [link_document(error.link)]}
        return place | told, f"{_MARKS[Verdict.RED]}: {error}"
    told = document(chain, home.profile)
    rows = [_row(chain, place) for place in range(len(chain.links))]
    lines = table(rows, ("link", "verdict", "what", "why"))
    return told, f"{sentence(chain.said, home.profile)}\n\n{lines}\n\n{_MARKS[chain.verdict]}"


def _row(chain: Chain, place: int) -> Mapping[str, str]:
    link = chain.links[place]
    what = ", ".join(f"{part.label} {part.value[:40]}" for part in link.parts[:4])
    return {
        "link": link.label,
        "verdict": _MARKS[link.verdict],
        "what": what,
        "why": link.reason if link.verdict is not Verdict.GREEN else "",
    }


def _sampled(home: Home, evidence: Evidence, count: int, seed: int) -> tuple[Document, str]:
    try:
        chosen, of = draw(evidence, count, seed)
    except ChangedPredictionsError as error:
        finding = {"prediction": "", "run_id": "", **_finding(error.link)}
        told = {"sample": 0, "of": 0, "seed": seed, "verdict": "red", "findings": [finding]}
        return told, f"{_MARKS[Verdict.RED]}: {error}"
    bar = tqdm(chosen, unit="prediction", leave=False, disable=None)
    chains = [prove(evidence, said) for said in bar]
    counts = Counter(chain.verdict.value for chain in chains)
    findings = [finding for chain in chains for finding in _findings(chain)]
    worst = Verdict.RED, Verdict.GREEN  # some have to be proven for all to be called so
    verdict = next((each for each in worst if counts[each]), Verdict.UNCHECKED)
    told = {
        "sample": len(chains),
        "of": of,
        "seed": seed,
        "verdict": verdict.value,
        **{each.value: counts[each.value] for each in Verdict},
        "findings": findings,
        "proofs": [document(chain, home.profile) for chain in chains],
    }
    line = f"{len(chains):,} of {of:,} predictions: " + ", ".join(
        f"{counts[each.value]:,} {each.value}" for each in Verdict
    )
    return told, f"{_text(findings)}{line}"


def _findings(chain: Chain) -> list[Document]:
    return [
        {"prediction": chain.said.name, "run_id": chain.said.run_id, **_finding(link)}
        for link in chain.links
        if link.verdict is not Verdict.GREEN
    ]


def _finding(link: Link) -> Document:
    told = {"link": link.name, "verdict": link.verdict.value}
    return told | {"where": list(link.where), "detail": link.reason}


def _text(findings: list[Document]) -> str:
    if not findings:
        return ""
    return table(findings, ("prediction", "link", "verdict", "detail")) + "\n\n"
