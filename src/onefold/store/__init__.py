"""The single database: everything that customers do, in one place that an application can trust.

    from onefold.store import Certificate, Export, Position

`Store` is made by who uses it, and gives the others back. Each name is loaded when it is first
asked for; what stands behind it needs SQLAlchemy.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from onefold.errors import MissingExtra

if TYPE_CHECKING:
    from onefold.store.bulk import Taken
    from onefold.store.carrying import Suppressed
    from onefold.store.certificate import Certificate
    from onefold.store.compacting import Compacted
    from onefold.store.database import Durable
    from onefold.store.exporting import Export
    from onefold.store.logs import Position
    from onefold.store.rebuilding import Rebuilt
    from onefold.store.store import Store

__all__ = [
    "Certificate",
    "Compacted",
    "Durable",
    "Export",
    "Position",
    "Rebuilt",
    "Store",
    "Suppressed",
    "Taken",
]

_LATER = {
    "Certificate": "certificate",
    "Compacted": "compacting",
    "Durable": "database",
    "Export": "exporting",
    "Position": "logs",
    "Rebuilt": "rebuilding",
    "Store": "store",
    "Suppressed": "carrying",
    "Taken": "bulk",
}


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module 'onefold.store' has no attribute {name!r}")
    if find_spec("sqlalchemy") is None:
        raise MissingExtra(f"{name}: SQLAlchemy is not installed: pip install 'onefold[store]'.")
    globals()[name] = found = getattr(import_module(f"onefold.store.{_LATER[name]}"), name)
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
