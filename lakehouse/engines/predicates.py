"""Rows to replace, as the SQL of either engine."""

from collections.abc import Callable

from lakehouse.engines import Where


def predicate(where: Where, quote: str, literal: Callable[[str], str]) -> str:
    """A condition that holds for the rows that match.

    Args:
        where: columns and the texts that they may hold.
        quote: what a name stands between.
        literal: a text as SQL has it.
    """
    return " AND ".join(
        f"{quote}{name}{quote} IN ({', '.join(literal(value) for value in sorted(values))})"
        for name, values in where.items()
    )
