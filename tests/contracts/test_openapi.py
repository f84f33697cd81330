"""The documents: valid OpenAPI 3.1, stable names, every error declared, nothing left unsaid."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from services.cli.openapi import merge
from shared.settings import Service as Name
from tests.contracts.rights import OPEN
from tests.support.started import BUILT, document_of

Operation = dict[str, Any]
NO_COMMANDS = ("/stream-tickets", "/parked/{follower}/{subject}/redrive", "/dry-run")
DOCUMENTS = {name: json.loads(json.dumps(document_of(name))) for name in BUILT}


def operations(name: Name) -> Iterator[tuple[str, str, Operation]]:
    for path, methods in DOCUMENTS[name]["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


@pytest.mark.parametrize("name", BUILT)
def test_each_document_is_valid_3_1(name: Name) -> None:
    assert DOCUMENTS[name]["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(DOCUMENTS[name]).validate()


def test_the_document_of_all_services_is_valid_3_1() -> None:
    merged = merge({name: DOCUMENTS[name] for name in BUILT})
    OpenAPIV31SpecValidator(merged).validate()
    identifiers = [
        o["operationId"] for methods in merged["paths"].values() for o in methods.values()
    ]
    assert len(identifiers) == len(set(identifiers))


def test_a_spoilt_document_is_not_valid() -> None:
    spoilt = json.loads(json.dumps(DOCUMENTS["incident"]))
    del spoilt["info"]["title"]
    assert not OpenAPIV31SpecValidator(spoilt).is_valid()


@pytest.mark.parametrize("name", BUILT)
def test_every_operation_says_what_it_does_under_a_name_of_its_own(name: Name) -> None:
    seen = set()
    for method, path, operation in operations(name):
        assert operation["description"], f"{method} {path}"
        assert operation["operationId"].startswith(f"{name}_"), f"{method} {path}"
        assert operation["operationId"] not in seen
        seen.add(operation["operationId"])


@pytest.mark.parametrize("name", BUILT)
def test_every_error_is_declared_as_problem_details(name: Name) -> None:
    for method, path, operation in operations(name):
        kind = "application/json" if "x-original" in operation else "application/problem+json"
        errors = {s: r for s, r in operation["responses"].items() if s >= "400"}
        assert {"400", "404", "409", "413", "422", "503"} <= errors.keys(), f"{method} {path}"
        if (method, path) not in OPEN:
            assert {"401", "403"} <= errors.keys()
        for status, response in errors.items():
            if (status, path) != ("503", "/readyz"):
                told = "application/problem+json" if status == "431" else kind  # the server's own
                assert told in response["content"], f"{status} {path}"


@pytest.mark.parametrize("name", BUILT)
def test_every_success_is_described_and_nothing_is_described_as_any(name: Name) -> None:
    for method, path, operation in operations(name):
        successes = [r for s, r in operation["responses"].items() if s.startswith("2")]
        assert len(successes) == 1, f"{method} {path}"
        for content in successes[0].get("content", {}).values():
            assert content.get("schema"), f"{method} {path}"


@pytest.mark.parametrize("name", BUILT)
def test_every_write_takes_the_headers_of_the_conventions(name: Name) -> None:
    for method, path, operation in operations(name):
        headers = {p["name"] for p in operation.get("parameters", []) if p["in"] == "header"}
        if method != "get" and not path.endswith(NO_COMMANDS):
            assert {"Idempotency-Key", "If-Match"} <= headers, f"{method} {path}"


@pytest.mark.parametrize("name", BUILT)
def test_every_reference_leads_somewhere_and_every_schema_is_used(name: Name) -> None:
    text = json.dumps(DOCUMENTS[name])
    for schema in DOCUMENTS[name]["components"]["schemas"]:
        assert f'"#/components/schemas/{schema}"' in text, schema


@pytest.mark.parametrize("name", BUILT)
def test_a_request_body_takes_no_field_it_does_not_name(name: Name) -> None:
    schemas = DOCUMENTS[name]["components"]["schemas"]
    for method, path, operation in operations(name):
        content = operation.get("requestBody", {}).get("content", {})
        if "x-original" in operation:  # what the product does not name may be named tomorrow
            continue
        for body in content.values():
            for schema in body["schema"].get("anyOf", [body["schema"]]):
                if (known := schema.get("$ref")) is not None and "/alerts/" not in path:
                    closed = schemas[known.rsplit("/", maxsplit=1)[-1]]
                    assert closed.get("additionalProperties") is False, f"{method} {path}"
