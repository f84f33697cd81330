"""Analyses as drawings and documents: well-formed, self-contained, and text remains text."""

import re
import xml.etree.ElementTree as ET

import pytest

from services.problem.analyses import commands
from services.problem.analyses.additions import MOST_NODES, Why
from services.problem.analyses.drawing.canvas import Canvas
from services.problem.analyses.drawing.lettering import cells_of, wrapped
from services.problem.analyses.drawing.svg import drawn
from services.problem.analyses.events import AnalysisBegun, Gate, Method
from services.problem.analyses.markdown import escaped, inline, written
from tests.problem.analyses.examples import ADDED, ID, NASTY, SUPPORTED, document, example, logged

SVG = "{http://www.w3.org/2000/svg}"
CONCLUDED = {"command": "conclude", "conclusion": "The driver it is", "nodes": (1,)}


def words(svg: str) -> str:
    return " ".join("".join(ET.fromstring(svg).itertext()).split())


@pytest.mark.parametrize("method", Method)
def test_a_drawing_is_well_formed_and_says_everything(method: Method) -> None:
    svg = drawn(example(method, "Why is the checkout slow?", CONCLUDED))
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    said = words(svg)
    for each in ADDED[method]:
        if isinstance(each[0], str):
            assert each[0].split()[0].lower() in said.lower()
    assert "The driver it is" in said


@pytest.mark.parametrize("method", Method)
def test_a_drawing_needs_nothing_else_and_runs_nothing(method: Method) -> None:
    svg = drawn(example(method, NASTY, {"command": "revise", "node": 1, "text": NASTY}))
    tags = {each.tag.removeprefix(SVG) for each in ET.fromstring(svg).iter()}
    assert tags <= {"svg", "title", "style", "defs", "marker", "path", "rect", "text", "circle"}
    assert "http" not in svg.replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"\bon\w+=|href|<script|url\((?!#arrow)", svg)
    assert "alert('1 & 2')" in words(svg)


@pytest.mark.parametrize("method", Method)
def test_everything_that_is_drawn_lies_on_the_sheet(method: Method) -> None:
    root = ET.fromstring(drawn(example(method)))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for each in root.iter(f"{SVG}rect"):
        x, y = float(each.get("x", 0)), float(each.get("y", 0))
        assert 0 <= x <= x + float(each.attrib["width"]) <= width
        assert 0 <= y <= y + float(each.attrib["height"]) <= height


@pytest.mark.parametrize("method", Method)
def test_boxes_of_entries_do_not_lie_on_one_another(method: Method) -> None:
    root = ET.fromstring(drawn(example(method)))
    boxes = [
        tuple(float(each.attrib[name]) for name in ("x", "y", "width", "height"))
        for each in root.iter(f"{SVG}rect")
        if "x" in each.attrib
    ]
    for n, (x, y, w, h) in enumerate(boxes):
        for a, b, c, d in boxes[n + 1 :]:
            assert x + w <= a + 1 or a + c <= x + 1 or y + h <= b + 1 or b + d <= y + 1


@pytest.mark.parametrize("method", Method)
def test_a_document_keeps_what_people_wrote_as_text(method: Method) -> None:
    text = written(example(method, NASTY, {"command": "revise", "node": 1, "text": NASTY}))
    for line in text.splitlines():
        assert not re.search(r"(?<!\\)<|(?<!\\)`|(?<!\\)\[", line)
        assert not line.startswith(("# head", "1. one"))
    assert "\x0b" not in text


def test_signs_of_markdown_are_escaped() -> None:
    assert escaped("a*b_c [d](e) <f> | g") == r"a\*b\_c \[d\](e) \<f\> \| g"
    assert escaped("1. one\n- two\n12) three\n===") == "1\\. one\n\\- two\n12\\) three\n\\==="
    assert inline("two\nlines") == "two lines"


def test_a_table_has_as_many_cells_in_each_line() -> None:
    text = written(
        example(Method.KEPNER_TREGOE, "Why?", {"command": "revise", "node": 1, "text": "a | b\nc"})
    )
    rows = [re.split(r"(?<!\\)\|", line) for line in text.splitlines() if line.startswith("|")]
    assert {len(row) for row in rows} == {9}


def test_what_was_judged_is_told_with_its_evidence() -> None:
    found = example(Method.HYPOTHESES, "Why?", SUPPORTED)
    assert "| 1 | The driver leaks | supported | heap dump |" in written(found)
    assert "heap dump" in words(drawn(found))
    judged = example(
        Method.FAULT_TREE,
        "Slow",
        {"command": "judge_fault", "node": 6, "occurred": True, "evidence": ("ping",)},
    )
    assert "The top event follows (OR of 1, 6)." in written(judged)
    assert "Top event: occurred" in words(drawn(judged))


def test_an_input_of_several_gates_is_drawn_once() -> None:
    joined = example(Method.FAULT_TREE, "Slow", {"command": "join", "node": 6, "under": 3})
    said = words(drawn(joined))
    assert said.count("6: unknown") == 2
    assert "see 6" in said


def test_a_fault_tree_of_gates_without_inputs_is_open() -> None:
    begun = AnalysisBegun(analysis=ID, question="Slow", method=Method.FAULT_TREE, gate=Gate.OR)
    assert "The top event is open (OR of nothing yet)." in written(document([begun]))
    assert "Top event: unknown" in words(drawn(document([begun])))


def test_the_largest_analysis_is_drawn_in_bounds() -> None:
    long = "wide word " * 1_000
    many = [Why(long) for _ in range(MOST_NODES)]
    events = commands.analyse(logged(), analysis=ID, question=long, additions=many)
    svg = drawn(document(events))
    assert len(svg) < 1_000_000
    assert svg.count("<rect") == MOST_NODES + 2


@pytest.mark.parametrize("text", ["a" * 500, "長い" * 300, "שלום עולם " * 60, "e\u0301" * 400])
def test_words_of_any_script_are_cut_into_lines_that_fit(text: str) -> None:
    lines = wrapped(text, 200, 5)
    assert len(lines) == 5
    assert all(cells_of(line) <= 27 for line in lines)
    assert lines[-1].endswith("…")


def test_an_empty_sheet_is_a_drawing() -> None:
    assert ET.fromstring(Canvas().document("Nothing")).tag == f"{SVG}svg"
