"""The names a request may use, for who used another."""

import inspect
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, get_args

from pydantic import BaseModel

_MOST = 10
"""So many levels of a body are explained; a body may hold thousands that are wrong."""


def with_known_fields(errors: Sequence[Any], annotation: Any) -> list[Any]:
    """A body's errors; the first unknown field of each level with the names of those known there.

    `annotation` is what the body should have been.
    """
    told: set[tuple[Any, ...]] = set()
    for error in errors:
        level = error["loc"][1:-1]
        if error["type"] == "extra_forbidden" and level not in told and len(told) < _MOST:
            told.add(level)
            error["ctx"] = {"known": _fields_at(annotation, level)}
    return list(errors)


def known_here(names: Iterable[str]) -> str:
    """The end of a sentence that says that a name is none of these."""
    return f"; known here: {', '.join(names) or 'none'}"


def _fields_at(annotation: Any, level: tuple[Any, ...]) -> list[str]:
    found = list(_models(annotation))
    for step in level:
        found = list(_within(found, step)) or found
    return list(dict.fromkeys(name for model in found for name in _fields(model)))


def _within(models: list[type[BaseModel]], step: int | str) -> Iterator[type[BaseModel]]:
    """The models one step further in: those of a field, or the one of a union that is named."""
    for model in models:
        if model.__name__ == step:
            yield model
        elif step in (fields := _fields(model)):
            yield from _models(fields[step])


def _fields(model: type[BaseModel]) -> dict[Any, Any]:
    return {f.alias or name: f.annotation for name, f in model.model_fields.items()}


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models in an annotation, such as that in `list[Model] | None`."""
    if inspect.isclass(annotation) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
