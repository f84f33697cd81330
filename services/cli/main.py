"""The `tocsin` command: each of its commands is a module beside this one."""

import sys
from collections.abc import Iterable
from importlib import import_module

import typer
from pydantic import ValidationError

from shared.process import CannotStart

_COMMANDS = {
    "run": "services.cli.run",
    "serve": "services.cli.serve",
    "proxy": "services.cli.proxy",
    "demo": "services.cli.demo",
    "migrate": "services.cli.migrate",
    "rebuild": "services.cli.rebuild",
    "token": "services.cli.token",
    "site": "services.cli.site",
    "import": "services.cli.imports.command",
    "export": "services.cli.export",
}
"""Where each is: the function of its name, or `commands`, a group of several."""


def command_line(names: Iterable[str]) -> typer.Typer:
    """The command with these commands."""
    line = typer.Typer(
        name="tocsin",
        help="Incident, major incident and problem management, replayed from its log.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    line.callback()(lambda: None)  # one command alone is told by its name, too
    for name in names:
        module = import_module(_COMMANDS[name])
        if hasattr(module, "commands"):
            line.add_typer(module.commands)
        else:
            line.command(name)(getattr(module, name))
    return line


def app() -> None:
    """Run a command; what the operator must put right is told in one line, with exit code 1."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    try:
        # Only the one that is asked for is imported: the others cost time and memory.
        command_line([asked] if asked in _COMMANDS else _COMMANDS)()
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
