"""`tocsin serve`: one service in this process."""

from importlib import import_module

from fastapi import FastAPI

from shared.server import serve as answer
from shared.settings import Service, Settings


def serve(service: Service) -> None:
    """Run one service until it is told to stop."""
    settings = Settings().require_own_secrets()
    answer(load(service, settings), host=settings.host, port=settings.port_of(service))


def load(service: Service, settings: Settings) -> FastAPI:
    """Only the service that is asked for is imported: the others cost memory."""
    app: FastAPI = import_module(f"services.{service}.app").create_app(settings)
    return app
