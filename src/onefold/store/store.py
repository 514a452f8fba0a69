"""Store: the single database, as an application sees it.

The log is the truth; all else is made from it, and equals what a fold of it would give:

    store.observe(event)  ==  fold(store.log(), ...)[who]        store.rebuild() changes nothing

Every method is one call of a module beside this one.
"""

from types import TracebackType
from typing import Any, final

from sqlalchemy import func, select

from onefold.catalog import Catalog
from onefold.errors import ArgumentError
from onefold.identity.policy import IdentityPolicy
from onefold.store import meta
from onefold.store.database import Database, Durable, Query
from onefold.store.schema import log as log_table
from onefold.traits import TRAITS, Trait

COUNT = Query(select(func.count()).where(log_table.c.bundle.isnot(None)))


@final
class Store:
    """A database of what customers do, and who they are.

    Threads of one process may share a store, and processes a database: all of them see what was
    written once a call has returned.

    Args:
        url: "sqlite:///shop.db", "postgresql+psycopg://user@host/name", or None for one in memory.
        policy: How people are told apart; None takes that of the database, a new one gets
            `identity.DEFAULT`. Another than the database's is refused: see `adopt`.
        traits: What profiles tell.
        catalog: What is known of items.
        key: A secret of 1 to 64 bytes by which erased people are known; it is not stored, and
            without it nobody can be erased. It is the same ever after.
        durable: "disk": what was written is on the disk before a call returns. "process": it
            outlives the process, and not a power cut.
        timeout: Seconds to wait for others who hold the database.
        migrate: Whether a database of an older version may be changed to this one.

    Raises:
        ArgumentError: If an argument is not allowed, or is not that of the database.
        StoreError: If the database can't be opened, is of another version, or is no store.

    Examples:
        >>> with Store() as store:
        ...     len(store)
        0
    """

    __slots__ = ("_core",)

    def __init__(
        self,
        url: Any = None,
        *,
        policy: IdentityPolicy | None = None,
        traits: tuple[Trait, ...] = TRAITS,
        catalog: Catalog | None = None,
        key: str | None = None,
        durable: Durable = "disk",
        timeout: float = 30.0,
        migrate: bool = False,
    ) -> None:
        if policy is not None and not isinstance(policy, IdentityPolicy):
            raise ArgumentError(
                f"Store: policy is a {type(policy).__name__}; it takes an IdentityPolicy."
            )
        database = Database(url, durable=durable, timeout=timeout)
        try:
            self._core = meta.opened(
                database,
                policy=policy,
                traits=tuple(traits),
                catalog=catalog,
                key=key,
                migrate=migrate,
            )
        except BaseException:
            database.close()
            raise

    def __len__(self) -> int:
        """The number of events and facts."""
        with self._core.database.reading() as session:
            row = session.one(COUNT)
        return 0 if row is None else int(row[0])

    def __repr__(self) -> str:
        where = self._core.database.url.render_as_string(hide_password=True)
        return f"Store({where!r})"

    def close(self) -> None:
        """Let go of the database; one in memory is gone then."""
        self._core.database.close()

    def __enter__(self) -> "Store":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
