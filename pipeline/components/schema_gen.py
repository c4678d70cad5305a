"""SchemaGen: what the data should look like, and what a person should look at."""

from collections.abc import Collection
from dataclasses import dataclass

from lakehouse.validation.changes import Change, schema_diff
from lakehouse.validation.protos import Schema, Statistics
from lakehouse.validation.schema import infer_schema, with_comparators

# Starting points for a person to tighten; TFDV infers none. Fleets in service differ from the lives
# to failure that a model learnt from by up to a quarter of a bit (docs/reference/data-checks.md).
JENSEN_SHANNON = 0.3
INFINITY_NORM = 0.1


@dataclass(frozen=True)
class Proposal:
    """A schema to hold data against, and what the data suggest.

    Attributes:
        schema: the reviewed one, or the proposed one while there is none.
        proposed: inferred from the data, with drift and skew comparators.
        changes: where the data suggest something else than what was reviewed; what only a person
            can say (ranges, limits) is no change.
    """

    schema: Schema
    proposed: Schema
    changes: tuple[Change, ...]


def schema_gen(
    statistics: Statistics, reviewed: Schema | None = None, leave_out: Collection[str] = ()
) -> Proposal:
    """Propose a schema from statistics.

    Args:
        statistics: of the data that show what is normal.
        reviewed: the schema that a person has accepted.
        leave_out: columns that are meant to be new, such as keys and cycles: no domains, no
            comparators.
    """
    inferred = _without_domains(infer_schema(statistics), leave_out)
    proposed = with_comparators(inferred, JENSEN_SHANNON, INFINITY_NORM, leave_out)
    if reviewed is None:
        return Proposal(proposed, proposed, ())
    changes = tuple(
        change
        for change in schema_diff(reviewed, inferred)
        if change.after is not None or change.what == "type"
    )
    names = {change.feature for change in changes}
    return Proposal(reviewed, _with_changed(reviewed, proposed, names), changes)


def _without_domains(schema: Schema, names: Collection[str]) -> Schema:
    for feature in schema.feature:
        domain = feature.WhichOneof("domain_info")
        if feature.name in names and domain is not None:
            feature.ClearField(domain)
    kept = [domain for domain in schema.string_domain if domain.name not in names]
    del schema.string_domain[:]
    schema.string_domain.extend(kept)
    return schema


def _with_changed(reviewed: Schema, proposed: Schema, names: Collection[str]) -> Schema:
    """What a person has set stays; a changed feature keeps its comparators."""
    merged = Schema()
    merged.CopyFrom(reviewed)
    known = {feature.name: feature for feature in merged.feature}
    for feature in proposed.feature:
        if feature.name not in names:
            continue
        if (old := known.get(feature.name)) is None:
            merged.feature.add().CopyFrom(feature)
            continue
        drift, skew = type(old)(), type(old)()
        drift.drift_comparator.CopyFrom(old.drift_comparator)
        skew.skew_comparator.CopyFrom(old.skew_comparator)
        old.CopyFrom(feature)
        old.drift_comparator.CopyFrom(drift.drift_comparator)
        old.skew_comparator.CopyFrom(skew.skew_comparator)
    kept = [domain for domain in merged.string_domain if domain.name not in names]
    fresh = [domain for domain in proposed.string_domain if domain.name in names]
    del merged.string_domain[:]
    merged.string_domain.extend([*kept, *fresh])
    return merged
