"""Who is who: customers arrive under many names, and this says which are one person's."""

from onefold.identity.changes import Aliased, Merged, Observed, Split
from onefold.identity.difference import PolicyDiff
from onefold.identity.explain import Explanation
from onefold.identity.forgotten import Forgotten
from onefold.identity.identities import Identities
from onefold.identity.kinds import IdentifierType
from onefold.identity.linkage import link_records
from onefold.identity.links import Links
from onefold.identity.normal import NAMES as NORMALISERS
from onefold.identity.policy import DEFAULT, IdentityPolicy
from onefold.identity.resolving import resolve
from onefold.identity.stream import Resolver, Snapshot
from onefold.identity.summary import IdentitySummary

__all__ = [
    "DEFAULT",
    "NORMALISERS",
    "Aliased",
    "Explanation",
    "Forgotten",
    "IdentifierType",
    "Identities",
    "IdentityPolicy",
    "IdentitySummary",
    "Links",
    "Merged",
    "Observed",
    "PolicyDiff",
    "Resolver",
    "Snapshot",
    "Split",
    "link_records",
    "resolve",
]
