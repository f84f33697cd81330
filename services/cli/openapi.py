"""One OpenAPI 3.1 document of the three services, as the one origin serves them."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from shared.docs import copy_docs

Document = dict[str, Any]

TITLE = "Tocsin"
DESCRIPTION = "Incident, major incident and problem management: one origin, three services."
HEALTH = ("/healthz", "/readyz")
REFERENCE = "#/components/"


def write_site(folder: Path, documents: Mapping[str, Document]) -> None:
    """The merged document and the page that shows it, as files for a web server."""
    copy_docs(folder / "docs", TITLE)
    (folder / "openapi.json").write_text(json.dumps(merge(documents), indent=1))


def merge(documents: Mapping[str, Document]) -> Document:
    """By service, in order: a path that two of them have belongs to the earlier one."""
    merged: Document = {
        "openapi": "3.1.0",
        "info": {"title": TITLE, "version": "1", "description": DESCRIPTION},
        "servers": [{"url": "/"}],
        "paths": {},
        "components": {},
    }
    for service, document in documents.items():
        own = _without_clashes(merged["components"], service, document)
        _add_components(merged["components"], own)
        for path, operations in _at_one_origin(service, own["paths"]):
            merged["paths"].setdefault(path, operations)
    _make_operation_ids_unique(merged["paths"])
    return merged


def _at_one_origin(service: str, paths: Document) -> Iterator[tuple[str, Document]]:
    """Health checks move below the service's name; the origin itself answers only /healthz."""
    for path, operations in paths.items():
        if path in HEALTH:
            yield f"/v1/{service}{path}", _tagged(operations, service)
        if path != "/readyz":
            yield path, operations


def _tagged(operations: Document, service: str) -> Document:
    return {
        method: operation | {"operationId": f"{service}_{operation.get('operationId', method)}"}
        for method, operation in operations.items()
    }


def _make_operation_ids_unique(paths: Document) -> None:
    seen: set[str] = set()
    for path, operations in paths.items():
        for method, operation in operations.items():
            identifier = operation.get("operationId", f"{method}{path}")
            if identifier in seen:
                identifier = f"{path.split('/')[2]}_{identifier}"
            operation["operationId"] = identifier
            seen.add(identifier)


def _add_components(components: Document, document: Document) -> None:
    for kind, named in document.get("components", {}).items():
        components.setdefault(kind, {}).update(named)


def _without_clashes(taken: Document, service: str, document: Document) -> Document:
    """Its components under names that mean nothing else yet; equal ones stay shared."""
    renamed = {
        f"{REFERENCE}{kind}/{name}": f"{REFERENCE}{kind}/{service.capitalize()}{name}"
        for kind, name in _clashes(taken, document.get("components", {}))
    }
    moved: Document = _with_references(document, renamed)
    for kind, named in moved.get("components", {}).items():
        moved["components"][kind] = {
            _last(renamed.get(f"{REFERENCE}{kind}/{name}", name)): body
            for name, body in named.items()
        }
    return moved


def _clashes(taken: Document, mine: Document) -> set[tuple[str, str]]:
    """Names that stand for something else already, or that lead to such a name."""
    common = {
        (kind, name): body
        for kind, named in mine.items()
        for name, body in named.items()
        if name in taken.get(kind, {})
    }
    clashing = {(kind, name) for (kind, name), body in common.items() if taken[kind][name] != body}
    while more := {key for key in common if _references(common[key]) & clashing} - clashing:
        clashing |= more
    return clashing


def _references(node: Any) -> set[tuple[str, str]]:
    found = set()
    for each in _walk(node):
        reference = each.get("$ref")
        if isinstance(reference, str) and reference.startswith(REFERENCE):
            kind, name = reference.removeprefix(REFERENCE).split("/")[:2]
            found.add((kind, name))
    return found


def _walk(node: Any) -> Iterator[Document]:
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from _walk(child)


def _with_references(node: Any, renamed: Mapping[str, str]) -> Any:
    if isinstance(node, str):
        return renamed.get(node, node)
    if isinstance(node, list):
        return [_with_references(child, renamed) for child in node]
    if isinstance(node, dict):
        return {key: _with_references(child, renamed) for key, child in node.items()}
    return node


def _last(reference: str) -> str:
    return reference.rsplit("/", 1)[-1]
