"""The OpenAPI 3.1 document of the read API, made of the operations that its routes are made of."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from app.api.v1.operations import Operation
from app.security.errors import Details
from lakehouse import VERSION
from lakehouse.tables import TABLES

Json = dict[str, Any]
EVERY_PROBLEM = (400, 401, 403, 429, 503)
PROBLEMS: Mapping[int, tuple[str, str]] = {
    400: ("BadParameter", "A parameter is unknown or has a value that is not allowed."),
    401: ("Unauthorized", "There is no token or session, or the token has ended."),
    403: ("Forbidden", "The role of the user may not do that."),
    404: ("NotFound", "There is no such table, version or snapshot."),
    410: ("Gone", "That version was let go by maintenance and can no longer be read."),
    422: ("TooMuch", "The two versions differ by more than is compared here."),
    429: ("TooManyRequests", "Too many requests or exports; Retry-After says when to come again."),
    500: ("Damaged", "A data file of that version is damaged."),
    503: ("Unavailable", "Something that is needed does not answer just now."),
}
_REF = "#/components/schemas/{model}"
_VARIABLE = re.compile(r"<(\w+)>")
_ABOUT = (
    "Reads any table of the lake at any version. Every answer names the version that it read; "
    "send that version with the next request to read from the same state."
)


def document(operations: Sequence[Operation]) -> Json:
    """The document of these operations."""
    schemas, definitions = _schemas(operations)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Stillwater read API", "version": VERSION, "description": _ABOUT},
        "security": [{"token": []}, {"session": []}],
        "paths": {_path(one): {"get": _operation(one, schemas)} for one in operations},
        "components": {
            "schemas": definitions,
            "responses": {name: _problem(status) for status, (name, _) in PROBLEMS.items()},
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "stillwater_session"},
            },
        },
    }


def _schemas(operations: Iterable[Operation]) -> tuple[Mapping[str, Json], Json]:
    """Schema of each operation's answer, and the definitions that they refer to."""
    answers = [(one.name, TypeAdapter(one.answer)) for one in operations if one.answer is not None]
    adapters = [*answers, ("problem", TypeAdapter(Details))]
    found, told = TypeAdapter.json_schemas(
        [(name, "serialization", adapter) for name, adapter in adapters], ref_template=_REF
    )
    return {name: schema for (name, _), schema in found.items()}, told["$defs"]


def _path(operation: Operation) -> str:
    return _VARIABLE.sub(r"{\1}", operation.path)


def _operation(operation: Operation, schemas: Mapping[str, Json]) -> Json:
    answer: Json = {"description": operation.summary, "content": _content(operation, schemas)}
    if operation.headers:
        answer["headers"] = {name: _header(text) for name, text in operation.headers.items()}
    problems = sorted({*EVERY_PROBLEM, *operation.problems})
    refused = {str(status): {"$ref": _response(status)} for status in problems}
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "parameters": [*_variables(operation), *_parameters(operation)],
        "responses": {"200": answer, **refused},
    }


def _content(operation: Operation, schemas: Mapping[str, Json]) -> Json:
    if operation.answer is None:
        return {media: {} for media in operation.files}
    return {"application/json": {"schema": schemas[operation.name]}}


def _variables(operation: Operation) -> list[Json]:
    parts = [name.split("/") for name in TABLES]
    known = {
        "layer": ("Layer of the table.", sorted({layer for layer, _ in parts})),
        "table": ("Name of the table in its layer.", sorted({table for _, table in parts})),
    }
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "description": known[name][0],
            "schema": {"type": "string", "enum": known[name][1]},
        }
        for name in _VARIABLE.findall(operation.path)
    ]


def _parameters(operation: Operation) -> list[Json]:
    told = operation.query.model_json_schema()
    required = told.get("required", ())
    return [
        _parameter(name, schema, name in required)
        for name, schema in told.get("properties", {}).items()
    ]


def _parameter(name: str, schema: Mapping[str, Any], required: bool) -> Json:
    # Nothing given is the same as the parameter left out.
    plain = {
        key: value
        for key, value in schema.items()
        if key not in ("title", "description") and not (key == "default" and not value)
    }
    found = {"name": name, "in": "query", "description": schema["description"], "schema": plain}
    if required:
        found["required"] = True
    if plain.get("type") == "array":
        found |= {"style": "form", "explode": False}
    return found


def _response(status: int) -> str:
    return f"#/components/responses/{PROBLEMS[status][0]}"


def _problem(status: int) -> Json:
    schema = {"$ref": _REF.format(model=Details.__name__)}
    found: Json = {
        "description": PROBLEMS[status][1],
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status == 429:
        wait = {"type": "integer", "minimum": 1}
        found["headers"] = {"Retry-After": {"description": "Seconds to wait.", "schema": wait}}
    return found


def _header(text: str) -> Json:
    return {"description": text, "schema": {"type": "string"}}
