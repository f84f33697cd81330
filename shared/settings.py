"""What an operator can set, by environment variables that begin with TOCSIN_."""

from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from shared.process import CannotStart

Service = Literal["incident", "problem", "notification"]
SERVICES: tuple[Service, ...] = ("incident", "problem", "notification")

Network = IPv4Network | IPv6Network
Port = Annotated[int, Field(ge=1, le=65535)]


class Settings(BaseSettings):
    """Read once at the start; secrets are names of files or masked in every print."""

    model_config = SettingsConfigDict(
        env_prefix="TOCSIN_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    home: Path = Path(".tocsin")
    local: bool = False  # the supervisor says so: only then may secrets be generated ones
    host: str = "127.0.0.1"
    port: Port = 8000
    incident_port: Port = 8001
    problem_port: Port = 8002
    notification_port: Port = 8003

    database_url: SecretStr | None = None
    incident_database_url: SecretStr | None = None
    problem_database_url: SecretStr | None = None
    notification_database_url: SecretStr | None = None
    migration_url: SecretStr | None = None
    incident_migration_url: SecretStr | None = None
    problem_migration_url: SecretStr | None = None
    notification_migration_url: SecretStr | None = None
    pg_bindir: Path | None = None

    public_url: str | None = None  # where people reach the one origin: links begin with it

    incident_url: str | None = None
    problem_url: str | None = None
    notification_url: str | None = None
    service_token: SecretStr | None = None  # what a service shows the others

    oidc_issuer: str | None = None
    oidc_audience: str = "tocsin"
    roles_claim: str = "roles"
    master_key: Path | None = None

    smtp_url: SecretStr | None = None
    outbound_allow: Annotated[tuple[Network, ...], NoDecode] = ()

    sns_topics: Annotated[tuple[str, ...], NoDecode] = ()  # any of SNS where none is named
    sns_origins: Annotated[tuple[str, ...], NoDecode] = ()  # trusted as SNS: a stand-in of it

    embedder: str | None = None  # module:function, for search by meaning

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    log_json: bool = True

    @field_validator("outbound_allow", mode="before")
    @classmethod
    def _networks(cls, value: object) -> object:
        words = value.split(",") if isinstance(value, str) else value
        if not isinstance(words, list | tuple):
            raise TypeError("networks, separated by commas")
        return tuple(ip_network(str(word).strip()) for word in words if str(word).strip())

    @field_validator("sns_topics", "sns_origins", mode="before")
    @classmethod
    def _words(cls, value: object) -> object:
        words = value.split(",") if isinstance(value, str) else value
        if not isinstance(words, list | tuple):
            raise TypeError("texts, separated by commas")
        return tuple(str(word).strip() for word in words if str(word).strip())

    @property
    def public_address(self) -> str:
        """Where people reach it, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")

    def port_of(self, service: Service) -> int:
        return int(getattr(self, f"{service}_port"))

    def url_of(self, service: Service) -> str:
        """Where the other services reach it."""
        return getattr(self, f"{service}_url") or f"http://{self.host}:{self.port_of(service)}"

    def database_of(self, service: Service) -> str:
        """postgresql://… as the application's role."""
        found = self._database(service, "database_url")
        if not found:
            raise CannotStart(
                f"no database for the {service} service: set TOCSIN_DATABASE_URL, "
                "or start everything with `tocsin run`"
            )
        return found

    def migration_database_of(self, service: Service) -> str:
        """postgresql://… as the owner; the application's role where no owner is named."""
        return self._database(service, "migration_url") or self.database_of(service)

    def app_role_of(self, service: Service) -> str:
        return urlsplit(self.database_of(service)).username or "tocsin_app"

    @property
    def master_key_file(self) -> Path:
        return self.master_key or self.home / "master.key"

    def require_own_secrets(self) -> Self:
        """Generated keys are for `tocsin run` alone: elsewhere the operator brings them."""
        for name in ("master_key", "oidc_issuer"):
            if not self.local and getattr(self, name) is None:
                raise CannotStart(f"set TOCSIN_{name.upper()}: only `tocsin run` makes its own")
        return self

    def _database(self, service: Service, kind: str) -> str | None:
        own: SecretStr | None = getattr(self, f"{service}_{kind}")
        if own:
            return own.get_secret_value()
        server: SecretStr | None = getattr(self, kind)
        return named_database(server.get_secret_value(), f"tocsin_{service}") if server else None


def named_database(server: str, name: str) -> str:
    """The URL of this database on the server that another URL names."""
    parts = urlsplit(server)
    scheme = "postgresql" if parts.scheme.startswith("postgres") else parts.scheme
    return urlunsplit(parts._replace(scheme=scheme, path=f"/{quote(name)}"))
