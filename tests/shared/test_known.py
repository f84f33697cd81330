"""Who names what is not there is told what is."""

from typing import Any

from pydantic import TypeAdapter, ValidationError

from shared.http.body import Body
from shared.http.known import with_known_fields


class Leaf(Body):
    colour: str | None = None
    size: int | None = None


class Twig(Body):
    length: int | None = None


class Tree(Body):
    name: str | None = None
    leaves: list[Leaf] | None = None
    by_place: dict[str, Leaf] | None = None
    grown: Leaf | Twig | None = None


def told(body: Any, annotation: Any = Tree | None) -> dict[tuple[Any, ...], list[str] | None]:
    """Where an unknown field is, and the names told for it."""
    try:
        TypeAdapter(annotation).validate_python(body)
    except ValidationError as failure:
        errors: list[Any] = [{**e, "loc": ("body", *e["loc"])} for e in failure.errors()]
        explained = with_known_fields(errors, annotation)
        return {e["loc"][1:]: e.get("ctx", {}).get("known") for e in explained}
    return {}


def test_an_unknown_field_is_answered_with_those_that_there_are() -> None:
    names = ["name", "leaves", "by_place", "grown"]
    assert told({"title": "Oak"}) == {("title",): names}
    assert told({"leaves": [{}, {"hue": "red"}]}) == {("leaves", 1, "hue"): ["colour", "size"]}
    assert told({"by_place": {"top": {"x": 1}}}) == {("by_place", "top", "x"): ["colour", "size"]}


def test_each_model_of_a_union_names_its_own() -> None:
    wrong = {"grown": {"age": 3}}
    found = told(wrong)
    assert found["grown", "Leaf", "age"] == ["colour", "size"]
    assert found["grown", "Twig", "age"] == ["length"]


def test_a_level_is_explained_once_and_ten_levels_at_most() -> None:
    names = told({"a": 1, "b": 2})
    assert [known is None for known in names.values()] == [False, True]
    many = told({"leaves": [{"x": 1}] * 50})
    assert sum(known is not None for known in many.values()) == 10


def test_a_body_without_fields_has_none() -> None:
    class Nothing(Body):
        pass

    assert told({"x": 1}, Nothing | None) == {("x",): []}
