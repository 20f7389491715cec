"""Whose token is it? Asked for every request, answered from memory: services verify it anyway, here it only names the
caller whose rate is counted.
"""

import time
from collections import OrderedDict

from gateway.identity.issuer import claims_of
from services.kit.auth import Principal, Verifier
from services.kit.problems import Problem


class Callers:
    _MOST = 20_000

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._known: OrderedDict[str, tuple[Principal, float]] = OrderedDict()

    async def principal(self, token: str) -> Principal | None:
        """None for a token that is not good: the service it is sent to will say why."""
        known = self._known.get(token)
        if known is not None and time.time() < known[1]:
            return known[0]
        try:
            principal = await self._verifier.principal(token)
        except Problem:
            return None
        self._known[token] = (principal, float(claims_of(token)["exp"]))
        if len(self._known) > self._MOST:
            self._known.popitem(last=False)
        return principal
