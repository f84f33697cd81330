"""A credential in an address: routes find it, and nothing else ever sees it."""

from typing import Any

import pytest
from fastapi import Request

from shared.http.hidden import hide_secret, secret_of

SECRET = "tocsin_0123456789abcdef_" + "x" * 43


def scope_of(path: str) -> dict[str, Any]:
    return {"type": "http", "path": path, "raw_path": path.encode(), "headers": []}


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        (f"/v1/alerts/by-key/{SECRET}/alertmanager", "/v1/alerts/by-key/-/alertmanager"),
        (f"/v1/alerts/by-key/{SECRET}/v2/alerts/a/close", "/v1/alerts/by-key/-/v2/alerts/a/close"),
        (f"/v1/alerts/by-key/{SECRET}", "/v1/alerts/by-key/-"),
        (f"/v1/alerts/by-key/{SECRET}/by-key/b", "/v1/alerts/by-key/-/by-key/b"),
    ],
)
def test_it_is_put_aside(path: str, shown: str) -> None:
    scope = scope_of(path)
    hide_secret(scope)
    assert scope["path"] == shown
    assert scope["raw_path"] == shown.encode()
    assert secret_of(Request(scope)) == SECRET


@pytest.mark.parametrize("path", ["/v1/incidents", "/v1/alerts/by-key/", "/", "/by-key"])
def test_other_addresses_stay_as_they_are(path: str) -> None:
    scope = scope_of(path)
    hide_secret(scope)
    assert (scope["path"], secret_of(Request(scope))) == (path, "")
