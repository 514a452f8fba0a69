"""Naming: the identifiers of one event, as the policy reads them.

The number is the place of the type by rank:

    {"email": ("Ann@X.org", "null")}  ->  [(5, "ann@x.org")]
"""

from collections.abc import Callable
from typing import final

from onefold._check import hint, quoted
from onefold.errors import ArgumentError
from onefold.events.identifiers import CUSTOMER
from onefold.identity.bundles import located, reader
from onefold.identity.heard import Key
from onefold.identity.policy import IdentityPolicy


@final
class Naming:
    """Reads identifiers by a policy, one event at a time; readers are made when first used."""

    __slots__ = ("_place", "_readers", "policy")

    def __init__(self, policy: IdentityPolicy) -> None:
        self.policy = policy
        self._place = {kind.name: at for at, kind in enumerate(policy.types)}
        self._readers: list[Callable[[str], str | None] | None] = [None] * len(self._place)

    def check(self, key: Key, call: str) -> None:
        """Refuse types that the policy does not know."""
        for name in [name for name, _ in key[1]] + [CUSTOMER] * (key[0] is not None):
            if name not in self._place:
                self.refuse(name, call)

    def knows(self, name: str) -> bool:
        """Whether the policy has a type."""
        return name in self._place

    def identifiers(self, key: Key) -> list[tuple[int, str]]:
        """Each identifier that is left: the place of its type, and its normal form."""
        customer, given, _, source, _ = key
        whole = given if customer is None else (*given, (CUSTOMER, (customer,)))
        out = []
        for name, values in whole:
            at = self._place[name]
            read = self._readers[at]
            if read is None:
                read = self._readers[at] = reader(self.policy.types[at], self.policy)
            for value in values:
                normal = read(value)
                if normal is not None:
                    if self.policy.types[at].per_source:
                        normal = located(normal, source)
                    out.append((at, normal))
        return out

    def refuse(self, name: str, call: str) -> None:
        """Raise: a type is not known."""
        names = self.policy.names
        raise ArgumentError(
            f"{call}: there are identifiers of the type {name!r}, and the policy knows "
            f"{quoted(names)}.{hint(name, names)} Add it: "
            f"policy.with_types(IdentifierType({name!r}, rank={len(names) + 1}))."
        )
