"""API documentation pages that work offline: Swagger UI served from our own files."""

import importlib.util
import shutil
from pathlib import Path

from fastapi import FastAPI
from fastapi.openapi.docs import get_swagger_ui_html
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles

ASSETS = ("swagger-ui-bundle.js", "swagger-ui.css", "favicon.png")


def page(title: str) -> str:
    """HTML that shows /openapi.json with the assets below /docs/."""
    script, style, icon = (f"/docs/{asset}" for asset in ASSETS)
    html = get_swagger_ui_html(
        openapi_url="/openapi.json",
        title=title,
        swagger_js_url=script,
        swagger_css_url=style,
        swagger_favicon_url=icon,
    )
    return bytes(html.body).decode()


def add_docs(app: FastAPI) -> None:
    """/docs of one service."""

    async def docs() -> HTMLResponse:
        return HTMLResponse(page(app.title))

    app.add_api_route("/docs", docs, include_in_schema=False)
    app.mount("/docs", StaticFiles(directory=_asset_folder()), name="docs")


def copy_docs(folder: Path, title: str) -> None:
    """The same page as files, for a web server."""
    folder.mkdir(parents=True, exist_ok=True)
    for asset in ASSETS:
        shutil.copy(_asset_folder() / asset, folder / asset)
    (folder / "index.html").write_text(page(title))


def _asset_folder() -> Path:
    spec = importlib.util.find_spec("fastapi_offline")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("fastapi-offline, which carries Swagger UI's files")
    return Path(spec.origin).parent / "static"
