"""The table a person reads, and bench.json for what compares."""

from pathlib import Path

import msgspec

from tests.bench.measure import Figure

HEAD = f"{'figure':34}{'ratio':>7}{'least':>7}{'ours':>11}{'baseline':>11}  p50 / p99 ms"


def row(name: str, figure: Figure) -> str:
    """One line of the table."""
    waits = figure.milliseconds
    least = f"{figure.floor:7.2f}" if figure.floor else " " * 7
    shown = f"  {waits['p50']:.1f} / {waits['p99']:.1f}" if waits else "  -"
    return (
        f"{name:34}{figure.ratio:7.2f}{least}"
        f"{figure.ours:11,.0f}{figure.baseline:11,.0f}{shown}  {figure.unit}"
    )


def aside(name: str, value: float) -> str:
    """A line below it."""
    return f"{name:34}{value:14,.1f}"


def write(path: Path, figures: dict[str, Figure], beside: dict[str, float]) -> None:
    """Ratios first, then what they were made of."""
    written = {
        "ratios": {name: round(figure.ratio, 3) for name, figure in figures.items()},
        "detail": figures,
        "beside": {name: round(value, 1) for name, value in beside.items()},
    }
    path.write_bytes(msgspec.json.format(msgspec.json.encode(written), indent=2) + b"\n")
