"""Texts that are safe to open in a spreadsheet."""

_BEGINS_A_FORMULA = tuple("=+-@\t\r" + "\uff1d\uff0b\uff0d\uff20")  # in full width, too


def safe(cell: str | int | None) -> str | int | None:
    """A cell that a spreadsheet shows as it is, never a formula; numbers are no danger."""
    if isinstance(cell, str) and cell.startswith(_BEGINS_A_FORMULA):
        return f"'{cell}"
    return cell
