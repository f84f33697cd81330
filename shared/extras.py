"""Libraries that only some want: how to get one that is missing."""


def how_to_install(extra: str) -> str:
    """What to type, for an installed package and for a clone that runs from its folder."""
    return f"pip install 'tocsin[{extra}]' (in a clone: .venv/bin/pip install -e '.[{extra}]')"
