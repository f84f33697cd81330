"""Templates substitute and nothing else, whatever they or their values hold."""

import unicodedata

import pytest

from services.notification import template

VALUES = {"number": "INC-1", "title": "Checkout is slow", "status": "new"}

INJECTIONS = """
{{7*7}}|{{ 7 * 7 }}|${7*7}|#{7*7}|<%= 7*7 %>|{%7*7%}|{% print(7*7) %}|{{config}}|{{self}}
{{ self.__init__.__globals__ }}|{{''.__class__.__mro__}}|{{request.application}}|{{cycler.__init__}}
{{lipsum.__globals__.os.popen('id').read()}}|{{ joiner.__init__ }}|{{namespace.__init__}}
{{title.__class__}}|{{title|upper}}|{{title | attr("format")}}|{{title[0]}}|{{title()}}
{{"%s"|format(title)}}|{{title~number}}|{{title if number}}|{% if 1 %}x{% endif %}
{% for x in (1,2) %}{{x}}{% endfor %}|{% import os %}|{% include "/etc/passwd" %}|{# comment #}
{%set x=1%}|{{{title}}}|{{{{title}}}}|{{!title}}|{{&title}}|{{#title}}{{/title}}|{{^title}}
{{>partial}}|{{=<% %>=}}|{{else}}|{{@root}}|{{../title}}|{{this}}|{{__proto__}}|{{constructor}}
{{#with "s" as |string|}}|{{title.constructor}}|{title}|{0.__class__}|%(title)s|%s%s%n|$title
${title}|${{title}}|$(id)|`id`|;id|{{title}|{ {title} }|{{title:>10}}|{{title!r}}|{{ti tle}}
{{}}|{{ }}|{{\u200btitle}}|{{title\u0000}}|{{ttl}}|{{TITLE}}|{{_}}|<script>{{x}}</script>|[[title]]
@{{title}}x{{y}}|#set($x=1)|<#assign x=1>|{php}id{/php}|{{range .}}|{{.x}}|{{template "x"}}|{{-1}}
""".strip().replace("\n", "|").split("|")  # fmt: skip


def test_there_are_payloads_enough() -> None:
    assert len(set(INJECTIONS)) >= 60


@pytest.mark.parametrize("payload", INJECTIONS)
def test_a_template_computes_nothing(payload: str) -> None:
    said = template.text(payload, VALUES)
    assert "49" not in said
    assert "uid=" not in said
    assert set(said) <= set(payload) | set("".join(VALUES.values()))


@pytest.mark.parametrize("payload", [*INJECTIONS, "{{number}}", "{{ status }}"])
def test_a_value_is_never_a_template(payload: str) -> None:
    said = template.text("{{title}}", {"title": payload, "number": "INC-1", "status": "new"})
    assert said == payload.replace("\0", " ").replace("\u200b", "")


@pytest.mark.parametrize(
    "break_",
    ["\r\n", "\n", "\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", "\u2029", "\0", "\r\n\r\n"],
)
def test_a_subject_is_one_line(break_: str) -> None:
    for words, value in ((f"a{break_}Bcc: b", "x"), ("a{{title}}", f"{break_}Bcc: b")):
        assert template.line(words, {"title": value}) == "a Bcc: b"


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\u2028", "\x85", "\t"])
def test_a_value_brings_no_line_of_its_own(break_: str) -> None:
    said = template.text("{{title}}\nend", {"title": f"a{break_}b"})
    assert said.splitlines()[-1] == "end"
    assert len(said.splitlines()) == 2


@pytest.mark.parametrize("turn", "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u200f\u061c\ufeff")
def test_text_is_not_turned_around(turn: str) -> None:
    said = template.line("{{title}}", {"title": f"a{turn}b"})
    said += template.text(f"a{turn}b", {})
    assert not [c for c in said if unicodedata.category(c) == "Cf"]


def test_a_subject_has_a_bounded_length() -> None:
    assert len(template.line("{{title}}" * 10, {"title": "a" * 200})) == 250


def test_a_template_keeps_its_own_lines() -> None:
    assert template.text("a\r\n\tb\n{{number}}", VALUES) == "a\n\tb\nINC-1"


def test_names_that_no_fact_has_are_found() -> None:
    assert template.unknown_names("{{title}} {{ttl}} {{ x }} {{a.b}}") == ["ttl", "x"]


def test_the_default_names_what_every_fact_has() -> None:
    assert template.unknown_names(template.DEFAULT.subject + template.DEFAULT.text) == []


def test_a_value_named_again_and_again_makes_no_endless_text() -> None:
    assert len(template.text("{{title}}" * 1_000, {"title": "x" * 10_000})) == 100_000
