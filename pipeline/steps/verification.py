"""Verification of the home as a step: what `stillwater verify` finds, written down with the run."""

from dataclasses import asdict

from lakehouse.requests import VerifyRequest
from lakehouse.verify import verify as check
from pipeline.step import Step, Summary

# More findings than this are counted, not listed: the command lists them all.
MOST = 500


def verify(request: VerifyRequest, step: Step) -> Summary:
    """Check everything in the home; changes nothing.

    Returns:
        ok, count, findings (the first of them), deep.
    """
    findings = check(step.home.settings, request.deep, step.progress)
    step.note(f"{len(findings)} findings" if findings else "nothing found: it is whole")
    return {
        "ok": not findings,
        "count": len(findings),
        "findings": [asdict(finding) for finding in findings[:MOST]],
        "deep": request.deep,
    }
