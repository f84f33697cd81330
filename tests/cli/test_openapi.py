"""The merged document: everything reachable, every name meaning one thing, valid 3.1."""

import json
from pathlib import Path
from typing import Annotated, Any

from fastapi import Body, FastAPI
from openapi_spec_validator import OpenAPIV31SpecValidator
from pydantic import BaseModel, create_model

from services.cli.openapi import merge, write_site


def service(name: str, **fields: Any) -> dict[str, Any]:
    """A document whose View holds a Detail with these fields."""
    detail = create_model("Detail", **fields)
    view: type[BaseModel] = create_model("View", detail=(detail, ...))
    app = FastAPI(title=name)

    async def read() -> Any: ...

    async def write(body: Annotated[Any, Body()]) -> Any: ...

    async def healthz() -> Any: ...

    app.add_api_route(f"/v1/{name}s", read, response_model=view, operation_id="read")
    app.add_api_route(f"/v1/{name}s", write, methods=["POST"], response_model=view)
    app.add_api_route("/v1/me", read, operation_id="me", description=name)
    app.add_api_route("/healthz", healthz, operation_id="healthz")
    app.add_api_route("/readyz", healthz, operation_id="readyz")
    return app.openapi()


DOCUMENTS = {
    "incident": service("incident", text=(str, ...)),
    "problem": service("problem", text=(str, ...)),
    "notification": service("notification", number=(int, ...)),
}


def view_of(document: dict[str, Any], path: str) -> str:
    content = document["paths"][path]["get"]["responses"]["200"]["content"]
    reference: str = content["application/json"]["schema"]["$ref"]
    return reference.rsplit("/", 1)[-1]


def test_it_is_a_valid_document() -> None:
    OpenAPIV31SpecValidator(merge(DOCUMENTS)).validate()


def test_equal_schemas_are_shared_and_different_ones_are_kept_apart() -> None:
    """View itself is spelled alike everywhere, yet the third one leads to another Detail."""
    merged = merge(DOCUMENTS)
    assert view_of(merged, "/v1/incidents") == "View"
    assert view_of(merged, "/v1/problems") == "View"
    assert view_of(merged, "/v1/notifications") == "NotificationView"
    schemas = merged["components"]["schemas"]
    detail = schemas["NotificationView"]["properties"]["detail"]
    assert detail["$ref"].endswith("/NotificationDetail")
    assert schemas["NotificationDetail"]["properties"]["number"]["type"] == "integer"
    assert "text" in schemas["Detail"]["properties"]


def test_operation_ids_are_unique() -> None:
    operations = [o for path in merge(DOCUMENTS)["paths"].values() for o in path.values()]
    identifiers = [operation["operationId"] for operation in operations]
    assert len(set(identifiers)) == len(identifiers)


def test_the_first_service_owns_a_shared_path_and_health_is_told_apart() -> None:
    paths = merge(DOCUMENTS)["paths"]
    assert paths["/v1/me"]["get"]["description"] == "incident"
    assert {"/healthz", "/v1/problem/healthz", "/v1/problem/readyz"} <= set(paths)
    assert "/readyz" not in paths


def test_the_documents_that_come_in_are_left_alone() -> None:
    before = json.dumps(DOCUMENTS)
    merge(DOCUMENTS)
    assert json.dumps(DOCUMENTS) == before


def test_the_page_needs_nothing_from_elsewhere(tmp_path: Path) -> None:
    write_site(tmp_path, DOCUMENTS)
    page = (tmp_path / "docs" / "index.html").read_text()
    assert "//" not in page.replace("window.location.protocol + '//' +", "")
    for asset in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert f"/docs/{asset}" in page
        assert (tmp_path / "docs" / asset).stat().st_size > 10_000
    json.loads((tmp_path / "openapi.json").read_text())
