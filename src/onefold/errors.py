"""What can go wrong, in words a caller can act on.

Every error of the library is an `OnefoldError` and also one of Python's own, so that code
which already catches `ValueError` or `KeyError` goes on working. A message names the
argument, what it held, what is allowed, and the next step:

    EventLog.from_frame: no column 'user_id' (customer=). Columns: 'uid', 'ts'. Did you mean 'uid'?
"""

__all__ = [
    "ArgumentError",
    "BeyondKept",
    "ColumnError",
    "ContractError",
    "FileError",
    "FitWarning",
    "MissingExtra",
    "OnefoldError",
    "Restricted",
    "StoreError",
    "UnknownCustomer",
    "UnknownName",
]


class OnefoldError(Exception):
    """Anything that onefold itself refuses."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else ""


class ArgumentError(OnefoldError, ValueError):
    """An argument holds what is not allowed."""


class ColumnError(ArgumentError):
    """A frame lacks a column, or a column holds what is not allowed."""


class BeyondKept(ArgumentError):
    """Something needs events that `keep=` has let go."""


class UnknownCustomer(OnefoldError, KeyError):
    """No customer has this id."""


class UnknownName(OnefoldError, KeyError):
    """No trait, segment, persona, item or fact has this name."""


class ContractError(OnefoldError, TypeError):
    """A plug-in broke the contract of its kind."""


class FileError(OnefoldError, OSError):
    """A file is not there, or can't be read as what it should be."""


class StoreError(OnefoldError, OSError):
    """A database refuses, or holds what it should not."""


class Restricted(OnefoldError, PermissionError):
    """A customer's data may be kept, and not used."""


class MissingExtra(OnefoldError, ImportError):
    """An optional package is needed and not installed."""


class FitWarning(UserWarning):
    """A fit is not to be taken at its word: no maximum was found, or the data don't tell it."""
