"""Nothing that anybody writes becomes markup: not in HTML, not in Markdown, not in PDF."""

from datetime import UTC, date, datetime
from html.parser import HTMLParser
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from services.incident.review.document import (
    ActionItemView,
    Participant,
    Participation,
    ReviewDocument,
    SectionView,
    StatusSpan,
)
from services.incident.review.html import as_html
from services.incident.review.markdown import as_markdown, escaped
from services.incident.review.outline import of_review
from shared.timeline import Entry

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
ID = UUID(int=7)
ATTACKS = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "\"><svg onload=alert(1)>",
    "&lt;b&gt;", "]]>", "<!--", "</style><script>", "javascript:alert(1)",
    "[click](javascript:alert(1))", "![x](http://evil/x.png)", "<http://evil/>", "# Title",
    "* item", "- item", "1. item", "1) item", "> quote", "```\ncode", "    code", "| a | b |",
    "---", "===", "***", "_em_ __strong__ `code` ~~gone~~", "a\\", "\\<b>", "&amp;", "[x]: /url",
    "+ x", "line\n\n\n# x", "\t# x", "a | b\n--- | ---", "$x$", "\u2028# x", "\x0b# x", "~~~",
]  # fmt: skip
texts = st.lists(
    st.sampled_from(ATTACKS) | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=12),
    min_size=1,
    max_size=4,
).map("".join)


def document(text: str) -> ReviewDocument:
    """One that says this wherever anybody may say something."""
    entry = Entry(
        id=ID, position=1, recorded_at=AT, effective_at=AT, actor=text, recorded_by=None,
        kind="incident.noted", title=text, detail=text, links={}, source="incident",
    )  # fmt: skip
    item = ActionItemView(
        item=1, title=text, owner=text, due=date(2026, 4, 1), state="dropped", done_at=None,
        dropped_because=text, event=ID,
    )  # fmt: skip
    section = SectionView(
        name="lessons", title=text, required=True, text=text, written_by=text, written_at=AT,
        event=ID,
    )  # fmt: skip
    took = [Participation(role=text, since=AT, event=ID)]
    status = StatusSpan(status=text, since=AT, until=None, begins=ID, ends=None)
    return ReviewDocument(
        id=ID, incident=ID, number="INC-1", title=text, service=text, priority=1, status="open",
        revision=1, version=1, position=1, created_at=AT, updated_at=AT, opened_at=AT,
        reopened_because=text, completed=None, severity="major", impact_window=None, milestones=[],
        durations=[], statuses=[status], seconds_in_status={text: 1.0},
        participants=[Participant(person=text, took_part=took)], communications=[entry],
        told=[], decisions=[entry], regulators=[], sections=[section], action_items=[item],
        timeline=[entry], timeline_omitted=1,
    )  # fmt: skip


class Tags(HTMLParser):
    """Which elements, with which attributes, a page is made of; and what may be read in it."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, tuple[str, ...]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, tuple(name for name, _ in attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def tags(page: str) -> Tags:
    parser = Tags()
    parser.feed(page)
    parser.close()
    return parser


PLAIN = tags(as_html(of_review(document("plain")))).found


@given(texts)
@settings(max_examples=80, deadline=None)
def test_a_page_has_the_same_elements_whatever_it_says(text: str) -> None:
    page = tags(as_html(of_review(document(text))))
    # a text of several paragraphs has several, one of none has none
    without = [each for each in page.found if each != ("p", ("class",))]
    assert without == [each for each in PLAIN if each != ("p", ("class",))]
    said = text.replace("\x0b", "\ufffd")  # no character of a text
    assert " ".join(said.split()) in " ".join(page.text.split())


@given(texts)
@settings(max_examples=150, deadline=None)
def test_a_line_of_markdown_is_read_as_it_was_written(text: str) -> None:
    said = " ".join(text.split())
    rendered = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tree = rendered.parse(escaped(text))
    kinds = {token.type for token in tree}
    assert kinds <= {"paragraph_open", "inline", "paragraph_close"}, tree
    inline = [child for token in tree for child in token.children or ()]
    assert {child.type for child in inline} <= {"text", "text_special"}, inline
    assert "".join(child.content for child in inline) == said


@given(texts)
@settings(max_examples=60, deadline=None)
def test_a_document_of_markdown_holds_no_html_and_no_link(text: str) -> None:
    rendered = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    tree = rendered.parse(as_markdown(of_review(document(text))))
    inline = [child for token in tree for child in token.children or ()]
    assert not {token.type for token in tree} & {"html_block", "fence", "code_block", "hr"}
    assert not {"html_inline", "link_open", "image", "s_open"} & {child.type for child in inline}


def test_a_page_asks_for_nothing_and_runs_nothing() -> None:
    page = as_html(of_review(document("x")))
    found = tags(page).found
    assert not {"script", "link", "img", "iframe", "object", "embed", "a", "form"} & {
        tag for tag, _ in found
    }
    assert not [name for _, names in found for name in names if name.startswith("on")]
    assert not [name for _, names in found for name in names if name in ("src", "href", "style")]
    assert "url(" not in page
    assert "@import" not in page
    assert "default-src &#x27;none&#x27;" in page
