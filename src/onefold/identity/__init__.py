"""Who is who: customers arrive under many names, and this says which are one person's."""

from onefold.identity.changes import Aliased, Merged, Observed, Split
from onefold.identity.identities import Identities
from onefold.identity.kinds import IdentifierType
from onefold.identity.links import Links
from onefold.identity.normal import NAMES as NORMALISERS
from onefold.identity.policy import DEFAULT, IdentityPolicy
from onefold.identity.resolve import resolve
from onefold.identity.stream import Resolver, Snapshot

__all__ = [
    "DEFAULT",
    "NORMALISERS",
    "Aliased",
    "IdentifierType",
    "Identities",
    "IdentityPolicy",
    "Links",
    "Merged",
    "Observed",
    "Resolver",
    "Snapshot",
    "Split",
    "resolve",
]
