"""The `tocsin` command: each of its commands is a module beside this one."""

import sys

import typer
from pydantic import ValidationError

from services.cli import demo, migrate, proxy, rebuild, run, serve, site, token
from services.cli.export import export
from services.cli.imports.command import imports
from shared.process import CannotStart

cli = typer.Typer(
    name="tocsin",
    help="Incident, major incident and problem management, replayed from its log.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
cli.command()(run.run)
cli.command()(serve.serve)
cli.command()(proxy.proxy)
cli.command()(demo.demo)
cli.command()(migrate.migrate)
cli.command()(rebuild.rebuild)
cli.command()(token.token)
cli.command()(site.site)
cli.add_typer(imports)
cli.add_typer(export)


def app() -> None:
    """Run a command; what the operator must put right is told in one line, with exit code 1."""
    try:
        cli()
    except CannotStart as reason:
        sys.exit(f"tocsin: {reason}")
    except ValidationError as invalid:
        sys.exit(f"tocsin: {_first_of(invalid)}")


def _first_of(invalid: ValidationError) -> str:
    error = invalid.errors()[0]
    name = "_".join(str(part) for part in error["loc"]).upper()
    return f"TOCSIN_{name} is not valid: {error['msg']}"


if __name__ == "__main__":
    app()
