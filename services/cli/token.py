"""`tocsin token`: an access token of the embedded issuer, for trying things out."""

from typing import Annotated

import typer

from shared.auth.issuer import EmbeddedIssuer
from shared.auth.roles import Role
from shared.process import CannotStart
from shared.settings import Settings


def token(
    roles: Annotated[list[Role], typer.Argument(help="one or several")],
    subject: Annotated[str, typer.Option(help="who it is for")] = "demo",
    days: Annotated[float, typer.Option(help="how long it is valid")] = 30,
) -> None:
    """Print a token with these roles; services trust it while no other issuer is configured."""
    issuer = EmbeddedIssuer(Settings().home)
    if not issuer.exists():
        raise CannotStart("there is no embedded issuer here: start `tocsin run` once")
    typer.echo(issuer.token(subject, roles, days=days))
