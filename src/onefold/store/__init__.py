"""The single database: everything that customers do, in one place that an application can trust."""

from importlib.util import find_spec

from onefold.errors import MissingExtra

if find_spec("sqlalchemy") is None:
    raise MissingExtra("Store: SQLAlchemy is not installed: pip install 'onefold[store]'.")
