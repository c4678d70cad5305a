"""SchemaGen: what the data should look like, and what a person should look at."""

from collections.abc import Collection
from dataclasses import dataclass

from lakehouse.validation.changes import Change, schema_diff
from lakehouse.validation.protos import Schema, Statistics
from lakehouse.validation.schema import infer_schema, with_comparators

# Starting points for a person to tighten; TFDV infers none. A tenth of a bit, a tenth of all rows.
JENSEN_SHANNON = 0.1
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
        leave_out: columns that are meant to move, such as keys and cycles: no comparators.
    """
    inferred = infer_schema(statistics)
    proposed = with_comparators(inferred, JENSEN_SHANNON, INFINITY_NORM, leave_out)
    if reviewed is None:
        return Proposal(proposed, proposed, ())
    changes = tuple(
        change
        for change in schema_diff(reviewed, inferred)
        if change.after is not None or change.what == "type"
    )
    return Proposal(reviewed, proposed, changes)
