"""`tocsin site`: the files that the one origin serves by itself, for an image's build."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.openapi import write_site
from services.cli.serve import load
from shared.settings import SERVICES, Settings


def site(
    output: Annotated[Path, typer.Option(help="folder, made when missing")],
) -> None:
    """Write the merged OpenAPI document and the offline documentation page."""
    settings = Settings()
    write_site(output, {service: load(service, settings).openapi() for service in SERVICES})
