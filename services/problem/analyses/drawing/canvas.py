"""A sheet to draw on: shapes and lettering, and in the end one SVG document."""

from collections.abc import Sequence

from services.problem.analyses.drawing.lettering import LINE, in_xml, title, wrapped

PAD = 10
MARGIN = 24
_STYLE = (
    "text{font:13px ui-sans-serif,system-ui,sans-serif;fill:#1c2733;unicode-bidi:plaintext}"
    ".b{font-weight:600}.s{fill:#5b6875;font-size:11px}"
    "rect,path,circle{fill:#fff;stroke:#8594a3;stroke-width:1.2}"
    ".q{fill:#e8eef5;stroke:#37526d}.y{fill:#fbe3e0;stroke:#b3382c}.n{fill:#e2f2e5;stroke:#2f7d42}"
    ".u{fill:#f4f4f0}.h{fill:#eef1f4}.l{fill:none}.page{stroke:none}"
)
"""q: the question; y, n, u: yes, no, unknown; h: a head; l: a line; s: small; b: bold."""


class Canvas:
    """Collects elements; it grows with what is drawn on it."""

    def __init__(self) -> None:
        self._elements: list[str] = []
        self.width = 0.0
        self.height = 0.0

    def box(
        self,
        at: tuple[float, float],
        size: tuple[float, float],
        *,
        kind: str = "",
        round: float = 4,
        tells: str = "",
    ) -> None:
        """A rectangle; pointed at, it tells a text."""
        (x, y), (width, height) = at, size
        self._grow(x + width, y + height)
        inner = title(tells) if tells else ""
        self._elements.append(
            f'<rect class="{kind}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" '
            f'height="{height:.0f}" rx="{round:.0f}">{inner}</rect>'
        )

    def lines(
        self, at: tuple[float, float], lines: Sequence[str], *, kind: str = "", anchor: str = ""
    ) -> float:
        """Lettering line by line from the top at a place; answers how high it is."""
        x, y = at
        anchored = f' text-anchor="{anchor}"' if anchor else ""
        for number, line in enumerate(lines, 1):
            place = y + number * LINE - 4
            self._elements.append(
                f'<text class="{kind}" x="{x:.0f}" y="{place:.0f}"{anchored}>{in_xml(line)}</text>'
            )
        self._grow(x, y + len(lines) * LINE)
        return len(lines) * LINE

    def line(self, *points: tuple[float, float], arrow: bool = False) -> None:
        """A line through these points."""
        way = " ".join(f"{x:.0f} {y:.0f}" for x, y in points)
        end = ' marker-end="url(#arrow)"' if arrow else ""
        self._elements.append(f'<path class="l" d="M{way}"{end}/>')
        self._grow(max(x for x, _ in points), max(y for _, y in points))

    def shape(self, path: str, *, kind: str = "") -> None:
        """A closed shape, by its path."""
        self._elements.append(f'<path class="{kind}" d="{path}"/>')

    def said(
        self,
        at: tuple[float, float],
        width: float,
        text: str,
        *,
        kind: str = "",
        label: str = "",
        small: str = "",
        round: float = 4,
    ) -> float:
        """A box with a text, below it something small; answers how high it is."""
        x, y = at
        inner = width - 2 * PAD
        head = [label] if label else []
        body = wrapped(text, inner, 8)
        foot = wrapped(small, inner * 1.15, 3) if small else []
        height = (len(head) + len(body) + len(foot)) * LINE + PAD
        self.box(at, (width, height), kind=kind, round=round, tells=text)
        y += PAD / 2
        y += self.lines((x + PAD, y), head, kind="s")
        y += self.lines((x + PAD, y), body)
        self.lines((x + PAD, y), foot, kind="s")
        return height

    def document(self, name: str) -> str:
        """The whole sheet as SVG; `name` is what it is called for those who do not see it."""
        width, height = self.width + MARGIN, self.height + MARGIN
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" width="{width:.0f}" '
            f'height="{height:.0f}" viewBox="0 0 {width:.0f} {height:.0f}">{title(name)}'
            f"<style>{_STYLE}</style>"
            '<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" '
            'markerHeight="8" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>'
            f'<rect class="page" width="{width:.0f}" height="{height:.0f}"/>'
            f"{''.join(self._elements)}</svg>\n"
        )

    def _grow(self, x: float, y: float) -> None:
        self.width, self.height = max(self.width, x), max(self.height, y)
