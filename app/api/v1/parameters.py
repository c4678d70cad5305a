"""The parameters of the read API: what a route accepts is what its document says."""

from collections.abc import Mapping
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.json_schema import SkipJsonSchema
from werkzeug.datastructures import MultiDict

from app.queries.read_api import Ask
from app.security.errors import Problem

Q = TypeVar("Q", bound="Query")
ROWS, MOST_ROWS = 1_000, 10_000
VERSIONS, MOST_VERSIONS = 100, 1_000
DIFF_ROWS, MOST_DIFF_ROWS = 20, 500
_LONGEST_SHOWN = 80


def _digits(text: object) -> object:
    """Digits only: what Python reads as a number too (`+3`, `1.0`) is refused."""
    if isinstance(text, str) and not (text.isascii() and text.isdecimal()):
        raise ValueError("digits expected")
    return text


def _engine(text: object) -> object:
    fleet, _, engine = str(text).partition("/")
    if not fleet or not engine or "/" in engine:
        raise ValueError("FLEET/ENGINE expected")
    return text


# No number of a version or snapshot is larger, and JavaScript can still count that far.
Number = Annotated[int, Field(ge=0, lt=2**53), BeforeValidator(_digits)]
Absent = SkipJsonSchema[None]
Engine = Annotated[str, Field(max_length=200), BeforeValidator(_engine)]
Names = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=100)], ...],
    BeforeValidator(lambda text: tuple(text.split(",")) if isinstance(text, str) else text),
]


class Query(BaseModel):
    """The query of a URL; what is not declared is refused, for it would be ignored otherwise."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


class CatalogueQuery(Query):
    """Which state of the lake."""

    as_of: Number | Absent = None
    """Number of the snapshot; without it, the newest."""


class SelectionQuery(CatalogueQuery):
    """Which rows of which version."""

    version: Number | Absent = None
    """Version of the table; without it, that of the snapshot."""
    columns: Annotated[Names, Field(max_length=1_000)] = ()
    """Names of columns with commas between them, in the order wanted; without it, all."""
    engine: Engine | Absent = None
    """Only the rows of one engine, `FLEET/ENGINE`; they come in the order of their key."""

    def ask(self, table: str) -> Ask:
        """What is asked of a table."""
        return Ask(table, self.version, self.as_of, self.columns, self.engine or "")


class RowsQuery(SelectionQuery):
    """Which page of which rows."""

    limit: Annotated[int, Field(ge=1, le=MOST_ROWS)] = ROWS
    """Rows of a page."""
    cursor: Annotated[str, Field(max_length=64)] = ""
    """`next` of the page before, whose other parameters must be repeated; it holds the version."""

    def ask(self, table: str) -> Ask:
        """What is asked of a table."""
        return Ask(table, self.version, self.as_of, self.columns, self.engine or "", self.cursor)


class ExportQuery(SelectionQuery):
    """Which rows in which format."""

    format: Literal["parquet", "csv"] = "parquet"
    """Format of the file."""


class HistoryQuery(Query):
    """Which versions."""

    limit: Annotated[int, Field(ge=1, le=MOST_VERSIONS)] = VERSIONS
    """Versions of a page."""
    cursor: Number | Absent = None
    """`next` of the page before."""


class DiffQuery(Query):
    """Which two versions."""

    before: Annotated[Number, Field(alias="from")]
    """The version to start from."""
    after: Annotated[Number, Field(alias="to")]
    """The version to arrive at; it may be the earlier one."""
    rows: Annotated[int, Field(ge=0, le=MOST_DIFF_ROWS)] = DIFF_ROWS
    """How many rows of each kind to show."""


def parsed(model: type[Q], given: MultiDict[str, str]) -> Q:
    """A URL's query.

    Raises:
        Problem: a parameter is unknown, missing, given twice or has a value that is not allowed.
    """
    twice = [name for name, values in given.lists() if len(values) > 1]
    if twice:
        raise _bad(f"{_shown(twice[0])} is given twice; give it once")
    try:
        return model.model_validate(given.to_dict())
    except ValidationError as error:
        # Of an optional number both sides of the union complain; the first says what is wrong.
        told = {problem["loc"][:1]: problem for problem in reversed(error.errors())}
        raise _bad("; ".join(_explained(model, told[at]) for at in reversed(told))) from None


def _explained(model: type[Query], problem: Mapping[str, object]) -> str:
    where = problem["loc"]
    name = _shown(str(where[0])) if isinstance(where, tuple) and where else "the query"
    if problem["type"] == "extra_forbidden":
        known = ", ".join(model.model_json_schema().get("properties", ())) or "none"
        return f"there is no parameter {name}; there are: {known}"
    if problem["type"] == "missing":
        return f"the parameter {name} is missing"
    return f"{name} = {_shown(str(problem['input']))!r}: {problem['msg']}"


def _shown(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _bad(detail: str) -> Problem:
    return Problem(400, "bad_parameter", f"{detail}.")
