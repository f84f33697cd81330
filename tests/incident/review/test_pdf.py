"""The PDF form, where the extra `typst` is installed (`make browser` installs it)."""

import pytest

from services.incident.review.outline import of_review
from services.incident.review.pdf import as_pdf
from tests.incident.review.test_escaping import ATTACKS, document

pytest.importorskip("typst")


def test_the_same_document_is_the_same_bytes() -> None:
    outline = of_review(document("A long night"))
    made = as_pdf(outline)
    assert made.startswith(b"%PDF")
    assert as_pdf(outline) == made


@pytest.mark.parametrize("text", [*ATTACKS, '#import "x"', '#eval("1")', "$x", "@ref", "\\u{41}"])
def test_no_text_is_code(text: str) -> None:
    assert as_pdf(of_review(document(text))).startswith(b"%PDF")
