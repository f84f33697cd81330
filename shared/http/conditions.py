"""A list's filters as SQL conditions on its version rows: what all numbered things take alike.

Each function here makes the maker of one filter's conditions, out of the columns it is about; a
service puts its makers into one table, by the names of its filters. `none` asks for what has no
value, `me` for the caller.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from pydantic import BaseModel, ValidationError

from shared import search
from shared.auth.caller import Caller
from shared.errors import Invalid
from shared.http.pages import unquoted
from shared.listing import Condition
from shared.search import Search

Make = Callable[[str, Any, Caller], Iterator[Condition]]
"""The conditions of a filter: of its name and value, as this caller means them. Raises Invalid."""

NOBODYS = "none"
_SIGNS = (("after", ">"), ("before", "<"))
_NAMED = """(
    select x::uuid from jsonb_array_elements_text({{}}::jsonb -> 'ids') x union all
    select n.id from jsonb_array_elements({{}}::jsonb -> 'numbers') x
    join {table} n on n.number = x::bigint and n.to_position is null)"""
_OF_NUMBER = "select n.id from {table} n where n.to_position is null and n.number = {number}"


class Numbered(NamedTuple):
    """Things with numbers such as INC-1, and the table that lists them."""

    prefix: str
    table: str

    def number(self, text: str) -> int | None:
        """The number that this is, with or without its prefix."""
        pattern = rf"({self.prefix}-)?(\d{{1,18}})"
        found = re.fullmatch(pattern, text.strip(), re.ASCII | re.IGNORECASE)
        return int(found[2]) if found else None

    def id(self, name: str, text: str) -> str:
        """The id that this is. Raises Invalid."""
        try:
            return str(UUID(text))
        except ValueError:
            detail = f"{text} is neither an id nor a number such as {self.prefix}-1"
            raise Invalid((f"query:{name}", detail)) from None


def search_of(q: str) -> Search:
    """A full-text query, understood. Raises Invalid."""
    found = search.read(q)
    if found is None:
        raise Invalid(("query:q", "holds no word to search for; give a word, or part of one"))
    return found


def stated(
    filters: BaseModel, made: Mapping[str, Make], caller: Caller
) -> dict[str, list[Condition]]:
    """The conditions of each filter that is stated. Raises Invalid."""
    said = {name: value for name in made if (value := getattr(filters, name)) is not None}
    return {name: list(made[name](name, value, caller)) for name, value in said.items()}


def keys(columns: Mapping[str, str], people: Collection[str]) -> Make:
    """Keys of managed data and ids of people; `people` are the filters where `me` is the caller."""

    def meant(name: str, value: str, caller: Caller) -> Sequence[str]:
        if value == NOBODYS:
            return ()
        if value == "me" and name in people:
            return (caller.id,)
        if value == "me" and name == "group":
            return sorted(caller.teams)
        return (unquoted(value),)

    def make(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
        named = [each for value in values for each in meant(name, value, caller)]
        yield _any_of(columns[name], "text", named, or_none=NOBODYS in values)

    return make


def levels(columns: Mapping[str, str]) -> Make:
    """Small numbers."""

    def make(name: str, values: Sequence[int | str], caller: Caller) -> Iterator[Condition]:
        named = [value for value in values if value != NOBODYS]
        yield _any_of(columns[name], "smallint", named, or_none=NOBODYS in values)

    return make


def ids(of: Numbered) -> Make:
    """Things named by id or number; the filter `id` is never none."""
    named = _NAMED.format(table=of.table)

    def make(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
        known: dict[str, list[Any]] = {"ids": [], "numbers": []}
        for value in values:
            if (number := of.number(value)) is not None:
                known["numbers"].append(number)
            elif value != NOBODYS or name == "id":
                known["ids"].append(of.id(name, value))
        condition = f"t.{name} in {named}"
        if NOBODYS not in values:
            yield condition, known
        elif any(known.values()):
            yield f"({condition} or t.{name} is null)", known
        else:
            yield f"t.{name} is null", None

    return make


def mine(ways: Mapping[Any, str]) -> Make:
    """What is the caller's in any of these ways; their hole takes the caller, then their teams."""

    def make(name: str, values: Sequence[Any], caller: Caller) -> Iterator[Condition]:
        said = " or ".join(ways[each] for each in dict.fromkeys(values))
        yield f"({said})", [caller.id, *sorted(caller.teams)]

    return make


def flags(conditions: Mapping[str, str]) -> Make:
    """What is so, or is not."""

    def make(name: str, value: bool, caller: Caller) -> Iterator[Condition]:
        yield (conditions[name] if value else f"not ({conditions[name]})"), None

    return make


def compared(conditions: Mapping[str, str]) -> Make:
    """Moments and days, each before or after what is stated."""

    def make(name: str, value: Any, caller: Caller) -> Iterator[Condition]:
        yield conditions[name], value

    return make


def either_side(names: Sequence[str], ending: str, kind: str) -> dict[str, str]:
    """For `compared`: `<name>_after` and `<name>_before`, of the columns with this ending."""
    return {
        f"{name}_{side}": f"t.{name}{ending} {sign} {{}}::{kind}"
        for name in names
        for side, sign in _SIGNS
    }


def tags(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
    """Any of them with the filter `tag`, else all."""
    sign = "?|" if name == "tag" else "?&"
    yield f"t.tags {sign} {{}}::text[]", [unquoted(value) for value in values]


def words(of: Numbered, texts: str) -> Make:
    """Full text; `texts` selects the ids of rows `x` of texts. A number alone is one of theirs."""

    def make(name: str, value: str, caller: Caller) -> Iterator[Condition]:
        found = f"{texts} where x.document @@ to_tsquery('simple', {{}})"
        if (number := of.number(value)) is not None:
            found += f" union all {_OF_NUMBER.format(table=of.table, number=number)}"
        yield f"t.id in ({found})", search_of(value).tsquery()

    return make


def without(filters: type[BaseModel], made: Mapping[str, Make], some: Collection[str]) -> Make:
    """`filter:value`: what the filter, one of `some`, would find is left out."""

    def make(name: str, values: Sequence[str], caller: Caller) -> Iterator[Condition]:
        for value in values:
            field, _, excluded = value.partition(":")
            if field not in some:
                raise Invalid((f"query:{name}", f"{field} is none of {', '.join(sorted(some))}"))
            try:
                only = filters.model_validate({field: [excluded]})
            except ValidationError as failure:
                detail = f"{field}: {failure.errors()[0]['msg']}"
                raise Invalid((f"query:{name}", detail)) from None
            for sql, argument in made[field](field, getattr(only, field), caller):
                yield f"({sql}) is not true", argument

    return make


def _any_of(column: str, kind: str, named: Sequence[Any], *, or_none: bool) -> Condition:
    if or_none and not named:
        return f"{column} is null", None
    condition = f"{column} = any({{}}::{kind}[])"
    return f"({condition} or {column} is null)" if or_none else condition, list(named)
