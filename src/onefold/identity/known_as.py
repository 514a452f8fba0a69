"""Known as: the ids that a customer had, or could come to have.

A customer is named by one identifier, the anchor. When an earlier one turns up the name changes,
and the old name is an alias. So is the id that any other member would give, if it is nobody else's:

    id(cookie c1) = "p3a...", id(ann@x.org) = "p97..."     one customer, known as both
"""

import numpy as np

from onefold.identity import people
from onefold.identity.identities import Identities


def known_as(who: Identities) -> dict[str, str]:
    """The customer of each alias; ids that customers have are none."""
    held = who.partition
    other = ~held.contested
    other[held.anchor] = False
    which = np.flatnonzero(other)
    aliases = people.ids(who.nodes, which, key=who.key)
    anchors, place = np.unique(held.anchor[held.person[which]], return_inverse=True)
    names = people.ids(who.nodes, anchors, key=who.key)
    return dict(zip(aliases, (names[i] for i in place.tolist()), strict=True))
