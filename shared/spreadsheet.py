"""Texts that are safe to open in a spreadsheet."""

_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def safe(cell: str | int | None) -> str | int | None:
    """A cell that a spreadsheet shows as it is, never a formula; numbers are no danger."""
    if isinstance(cell, str) and cell.startswith(_BEGINS_A_FORMULA):
        return f"'{cell}"
    return cell
