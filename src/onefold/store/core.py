"""What every part of a store is handed: its database, and how who is who is told there.

`known` holds what was read of the database and never changes in it: of which type properties and
facts are, and the currency. It saves a question an event; dropped, no answer changes.

Another process may adopt another policy at any time. So each transaction asks first which one the
database is under, and says no before it reads or writes what another one made:

    one.adopt(strict)      two.observe(event)  ->  StoreError: another policy was adopted
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, final

import attrs
from sqlalchemy import literal_column, select

from onefold.catalog import Catalog
from onefold.errors import StoreError
from onefold.identity.naming import Naming
from onefold.identity.policy import IdentityPolicy
from onefold.store.database import Database, Query, Session
from onefold.store.schema import meta
from onefold.traits import Trait

POLICY = Query(select(meta.c.value).where(meta.c.name == literal_column("'policy'")))


P = ParamSpec("P")
T = TypeVar("T")


@final
class Overtaken(StoreError):
    """Another policy was adopted since this core was made; nothing of the call was written."""


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
        said: The policy as the database says it; None where that is not asked.
    """

    database: Database
    policy: IdentityPolicy
    naming: Naming
    salt: bytes
    traits: tuple[Trait, ...]
    catalog: Catalog | None
    key: str | None
    said: str | None = None
    known: dict[str, Any] = attrs.field(init=False, factory=dict)

    def under(self, policy: IdentityPolicy, said: str | None = None) -> "Core":
        """The same store under another policy, which the database says so."""
        return attrs.evolve(self, policy=policy, naming=Naming(policy), said=said)

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One state of all tables, made under this policy.

        Raises:
            StoreError: If another policy was adopted.
        """
        with self.database.reading() as session:
            self._same(session)
            yield session

    @contextmanager
    def writing(self, *, shared: bool = False) -> Iterator[Session]:
        """A transaction that writes, under this policy: see `Database.writing`.

        Raises:
            StoreError: If another policy was adopted; nothing is written then.
        """
        with self.database.writing(shared=shared) as session:
            self._same(session)
            yield session

    def _same(self, session: Session) -> None:
        if self.said is None:
            return
        row = session.one(POLICY)
        if row is None or row[0] != self.said:
            raise Overtaken(
                "Store: another policy was adopted by whoever else has this database open, so "
                "people are told apart otherwise now; open the store anew. Nothing of this call "
                "was written."
            )


class Run(Protocol):
    """Calls a function with the core of the moment, and again where it was `Overtaken`."""

    def __call__(
        self, function: Callable[Concatenate[Core, P], T], /, *args: P.args, **kwargs: P.kwargs
    ) -> T: ...


def run_with(core: Core) -> Run:
    """Calls functions with one core, and not again."""

    def run(function: Callable[Concatenate[Core, P], T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return function(core, *args, **kwargs)

    return run
