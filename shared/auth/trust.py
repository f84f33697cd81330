"""Whose tokens this installation trusts: the configured issuer's, or else its own."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

from shared.auth.claims import TokenRules
from shared.auth.issuer import AUDIENCE, EmbeddedIssuer
from shared.auth.jwks import IssuerKeys
from shared.auth.keys import FixedKeys
from shared.auth.tokens import Tokens
from shared.client import AsyncClient


class NothingTrusted(Exception):
    """No issuer is configured and none is embedded: a service must not start like this."""


@asynccontextmanager
async def trusted_tokens(
    rules: TokenRules | None,
    home: Path,
    client: AsyncClient,
    clock: Callable[[], float] = time.time,
) -> AsyncIterator[Tokens]:
    """Trust the issuer that `rules` name and no other; without rules, the one embedded in `home`.

    Raises NothingTrusted when there is neither.
    """
    if rules is None:
        yield _embedded_tokens(home, clock)
        return
    async with aclosing(IssuerKeys(rules.issuer, client, clock)) as keys:
        yield Tokens(rules, keys, clock)


def _embedded_tokens(home: Path, clock: Callable[[], float]) -> Tokens:
    embedded = EmbeddedIssuer(home, clock)
    if not embedded.exists():
        raise NothingTrusted("set TOCSIN_OIDC_ISSUER to the issuer whose tokens are to be trusted")
    rules = TokenRules(issuer=embedded.issuer, audience=AUDIENCE)
    return Tokens(rules, FixedKeys(embedded.jwks()["keys"]), clock)
