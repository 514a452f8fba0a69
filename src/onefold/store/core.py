"""What every part of a store is handed: its database, and how who is who is told there.

`known` holds what was read of the database and never changes in it: of which type properties and
facts are, and the currency. It saves a question an event; dropped, no answer changes.
"""

from typing import Any

import attrs

from onefold.catalog import Catalog
from onefold.identity.naming import Naming
from onefold.identity.policy import IdentityPolicy
from onefold.store.database import Database
from onefold.traits import Trait


@attrs.frozen(eq=False, repr=False)
class Core:
    """A store that is open.

    Args:
        database: Its transactions.
        policy: By which it was last settled; it is that of `meta`.
        naming: The same, for one event at a time.
        salt: Of the hashes of bundles and nodes.
        traits: Of the profiles that are given out.
        catalog: Of items, for the same.
        key: The secret of what is suppressed; None where it was not given.
    """

    database: Database
    policy: IdentityPolicy
    naming: Naming
    salt: bytes
    traits: tuple[Trait, ...]
    catalog: Catalog | None
    key: str | None
    known: dict[str, Any] = attrs.field(init=False, factory=dict)

    def under(self, policy: IdentityPolicy) -> "Core":
        """The same store under another policy."""
        return attrs.evolve(self, policy=policy, naming=Naming(policy))
