"""Settings: what the environment says, and what is refused before anything starts."""

from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import ValidationError

from shared.process import CannotStart
from shared.settings import Settings

SERVER = "postgresql://app:pw@db:5432/postgres?sslmode=require"


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    for name in [name for name in os.environ if name.startswith("TOCSIN_")]:
        monkeypatch.delenv(name)


def test_each_service_has_its_own_database_on_one_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", SERVER)
    expected = "postgresql://app:pw@db:5432/tocsin_problem?sslmode=require"
    assert Settings().database_of("problem") == expected
    assert Settings().app_role_of("problem") == "app"


def test_a_service_may_live_on_a_server_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_DATABASE_URL", SERVER)
    monkeypatch.setenv("TOCSIN_INCIDENT_DATABASE_URL", "postgresql://app@elsewhere/incidents")
    monkeypatch.setenv("TOCSIN_INCIDENT_MIGRATION_URL", "postgresql://owner@elsewhere/incidents")
    settings = Settings()
    assert settings.database_of("incident") == "postgresql://app@elsewhere/incidents"
    assert settings.migration_database_of("incident") == "postgresql://owner@elsewhere/incidents"
    assert settings.migration_database_of("problem") == settings.database_of("problem")


def test_without_a_database_the_cure_is_named() -> None:
    with pytest.raises(CannotStart, match="TOCSIN_DATABASE_URL"):
        Settings().database_of("incident")


def test_secrets_are_brought_by_the_operator_outside_a_local_run(tmp_path: Path) -> None:
    with pytest.raises(CannotStart, match="TOCSIN_MASTER_KEY"):
        Settings().require_own_secrets()
    with pytest.raises(CannotStart, match="TOCSIN_OIDC_ISSUER"):
        Settings(master_key=tmp_path / "key").require_own_secrets()
    Settings(master_key=tmp_path / "key", oidc_issuer="https://id.example").require_own_secrets()
    Settings(local=True).require_own_secrets()


def test_networks_are_listed_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOCSIN_OUTBOUND_ALLOW", "127.0.0.0/8, ::1/128")
    assert Settings().outbound_allow == (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(("name", "value"), [("PORT", "0"), ("OUTBOUND_ALLOW", "everything")])
def test_nonsense_is_refused(name: str, value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"TOCSIN_{name}", value)
    with pytest.raises(ValidationError):
        Settings()


def test_a_password_is_not_printed() -> None:
    assert "pw@" not in repr(Settings.model_validate({"database_url": SERVER}))
