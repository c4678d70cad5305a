"""The OpenAPI document: sound by the rules of OpenAPI 3.1, and exactly what the routes do."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import TypeAdapter

from app.api.v1 import OPERATIONS
from app.api.v1.exporting import HEADERS
from tests.app.api.v1.conftest import SILVER, Program, problem

Json = dict[str, Any]
PATH = f"/tables/{SILVER}"
# A value of each parameter that is allowed, beside which the others need not be given.
VALUES = {
    "as_of": "1", "version": "2", "columns": "cycle,engine", "engine": "F/a", "limit": "3",
    "cursor": None, "format": "csv", "from": "2", "to": "3", "rows": "1",
}  # fmt: skip
# What a Schema Object of JSON Schema 2020-12 may hold, as far as it is used here.
KEYWORDS = {
    "$ref", "type", "enum", "anyOf", "properties", "required", "additionalProperties", "items",
    "prefixItems", "minItems", "maxItems", "minLength", "maxLength", "minimum", "maximum",
    "exclusiveMinimum", "exclusiveMaximum", "default", "title", "description", "format",
}  # fmt: skip
TYPES = {"string", "integer", "number", "boolean", "null", "array", "object"}


@pytest.fixture(scope="module")
def told(reader: Program) -> Json:
    """The document as the server gives it."""
    found: Json = reader.get("/openapi.json").get_json()
    return found


def walk(node: Any) -> Iterator[Json]:
    """Every object in a document."""
    if isinstance(node, dict):
        yield node
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    for child in children:
        yield from walk(child)


def resolve(told: Json, ref: str) -> Any:
    """What a reference inside the document points to."""
    found: Any = told
    assert ref.startswith("#/")
    for step in ref[2:].split("/"):
        found = found[step.replace("~1", "/").replace("~0", "~")]
    return found


def operations(told: Json) -> Iterator[tuple[str, str, Json]]:
    """(path, method, operation) of each one."""
    for path, item in told["paths"].items():
        for method, operation in item.items():
            yield path, method, operation


def check_schema(told: Json, schema: Json) -> None:
    """A schema holds keywords that there are, and types that there are."""
    assert set(schema) <= KEYWORDS, set(schema) - KEYWORDS
    assert schema.get("type", "null") in TYPES
    if "$ref" in schema:
        assert isinstance(resolve(told, schema["$ref"]), dict)
    properties = schema.get("properties", {})
    assert set(schema.get("required", ())) <= set(properties)
    more = schema.get("additionalProperties")
    inner = [*properties.values(), *schema.get("anyOf", ()), *schema.get("prefixItems", ())]
    inner += [one for one in (schema.get("items"), more) if isinstance(one, dict)]
    for one in inner:
        check_schema(told, one)


def test_the_document_has_the_shape_of_openapi_3_1(told: Json) -> None:
    assert told["openapi"] == "3.1.0"
    assert set(told) <= {"openapi", "info", "security", "paths", "components"}
    assert {"title", "version"} <= set(told["info"])
    names = [name for group in told["components"].values() for name in group]
    assert all(re.fullmatch(r"[a-zA-Z0-9._-]+", name) for name in names)
    schemes = told["components"]["securitySchemes"]
    assert schemes["token"] == {"type": "http", "scheme": "bearer"}
    assert (schemes["session"]["type"], schemes["session"]["in"]) == ("apiKey", "cookie")
    assert all(set(one) <= set(schemes) for one in told["security"])
    refs = [node["$ref"] for node in walk(told) if "$ref" in node]
    assert len(refs) > 30
    for ref in refs:
        assert resolve(told, ref)


def test_every_operation_is_sound(told: Json) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(told)]
    assert len(ids) == len(set(ids)) > 5
    for path, method, operation in operations(told):
        assert path.startswith("/")
        assert method == "get"
        named = [(one["in"], one["name"]) for one in operation["parameters"]]
        assert len(named) == len(set(named))
        variables = set(re.findall(r"\{(\w+)\}", path))
        assert variables == {name for where, name in named if where == "path"}
        for one in operation["parameters"]:
            assert set(one) <= {
                "name",
                "in",
                "description",
                "required",
                "schema",
                "style",
                "explode",
            }
            assert one["in"] in ("path", "query")
            assert one["description"].endswith(".")
            assert one["in"] != "path" or one["required"] is True
            check_schema(told, one["schema"])
        for status, answer in operation["responses"].items():
            assert re.fullmatch(r"[1-5]\d\d", status)
            found = resolve(told, answer["$ref"]) if "$ref" in answer else answer
            assert found["description"]
            for media in found["content"].values():
                check_schema(told, media.get("schema", {}))
            for header in found.get("headers", {}).values():
                check_schema(told, header["schema"])


def test_every_schema_is_sound_and_every_field_of_an_answer_explained(told: Json) -> None:
    for name, schema in told["components"]["schemas"].items():
        assert schema["description"]
        check_schema(told, schema)
        if name not in ("Shift", "SchemaChange", "Details"):  # explained as a whole
            assert all(one["description"] for one in schema["properties"].values())


def test_routes_and_document_are_the_same(reader: Program, told: Json) -> None:
    """Every route is documented, and everything that is documented is a route."""
    rules = [
        rule
        for rule in reader.client.application.url_map.iter_rules()
        if rule.endpoint.startswith("api_v1.") and rule.endpoint != "api_v1.nothing"
    ]
    routes = {
        (re.sub(r"<(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in rules
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert routes == {(path, method) for path, method, _ in operations(told)}
    everything = [str(rule) for rule in reader.client.application.url_map.iter_rules()]
    assert len([rule for rule in everything if rule.startswith("/api")]) == len(rules) + 2


def test_what_is_documented_is_accepted_and_nothing_else(reader: Program, told: Json) -> None:
    for path, _, operation in operations(told):
        address = path.removeprefix("/api/v1").replace("{layer}/{table}", SILVER)
        queried = [one for one in operation["parameters"] if one["in"] == "query"]
        needed = {one["name"]: VALUES[one["name"]] for one in queried if one.get("required")}
        assert reader.get(address, **needed).status_code == 200
        for one in queried:
            value = VALUES[one["name"]] or next_cursor(reader, address)
            answer = reader.get(address, **needed | {one["name"]: value})
            assert answer.status_code == 200, (path, one["name"], answer.get_data(as_text=True))
            if one["schema"].get("type") == "integer":
                beyond = str(2**53)
                assert problem(reader.get(address, **needed | {one["name"]: beyond}), 400)
        assert problem(reader.get(address, **needed, undocumented="1"), 400)


def next_cursor(reader: Program, address: str) -> str:
    """Where the second page begins; how long a page is, is no part of that."""
    return str(reader.get(address, limit="1").get_json()["next"])


def test_answers_are_as_documented(reader: Program, told: Json) -> None:
    queries = {"read_diff": {"from": "2", "to": "4"}}
    for operation in OPERATIONS:
        path = operation.path.removeprefix("/api/v1").replace("<layer>/<table>", SILVER)
        answer = reader.get(path, **queries.get(operation.name, {}))
        documented = told["paths"][re.sub(r"<(\w+)>", r"{\1}", operation.path)]["get"]
        content = documented["responses"]["200"]["content"]
        assert answer.mimetype in content
        if operation.answer is not None:
            schema = content["application/json"]["schema"]
            fields = resolve(told, schema["$ref"])["properties"] if "$ref" in schema else None
            assert fields is None or list(answer.get_json()) == list(fields)
            TypeAdapter(operation.answer).validate_json(answer.data)


def test_each_documented_header_of_an_export_is_there(reader: Program, told: Json) -> None:
    answer = reader.get(f"{PATH}/export")
    assert set(HEADERS) <= set(answer.headers.keys())


def test_each_refusal_is_documented(reader: Program, told: Json) -> None:
    rows = told["paths"]["/api/v1/tables/{layer}/{table}"]["get"]["responses"]
    for query, status in (({"version": 9}, 404), ({"version": 1}, 410), ({"limit": 0}, 400)):
        found = problem(reader.get(PATH, **query), status)
        details = resolve(told, resolve(told, rows[str(status)]["$ref"])["content"][
            "application/problem+json"]["schema"]["$ref"])  # fmt: skip
        assert set(details["required"]) == set(found)
    assert {"400", "401", "403", "404", "410", "429", "503"} < set(rows)
