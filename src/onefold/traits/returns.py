"""Returns: how much of what was bought goes back.

return share = lines sent back / lines bought          or the same of their amounts

A return is an event of its own kind, or a purchase with a negative amount or quantity.
"""

from typing import Any, ClassVar

import attrs
import numpy as np

from onefold._check import instance, one_of
from onefold._types import Bools, Floats, Times
from onefold.errors import ArgumentError
from onefold.traits.history import History
from onefold.traits.protocol import some_name

BY = ("events", "value")


def _negative(value: Any) -> bool:
    return instance(value, bool, "ReturnShare: negative")


def _another(trait: "ReturnShare", attribute: "attrs.Attribute[Any]", value: Any) -> None:
    some_name(trait, attribute, value)
    if value == trait.event:
        raise ArgumentError(
            f"ReturnShare: of is {value!r}, and so is event. Give two kinds. Where returns are "
            "purchases with a negative amount, leave event as it is: they are told by their sign."
        )


@attrs.frozen
class ReturnShare:
    """What share of what a customer bought went back.

    return share = events sent back / events bought, or the same of the sums of their amounts.
    Sent back is an event of the kind `event`, whatever the sign of its amount, and with
    `negative` also an event of the kind `of` with an amount or a quantity below 0, which then is
    no purchase. Above 1 where more comes back than the log saw bought. Missing where nothing was
    bought; by value also where the purchases add up to nothing, or where something was sent back
    and none of it has an amount.

    Args:
        event: Kind of event of a return.
        of: Kind of event of what can be returned.
        by: "events" counts lines, "value" adds up their amounts, of those that have one.
        negative: Read negative purchases as returns. False where they are something else, such as
            deposits or corrections.
        name: The trait's name.

    Raises:
        ArgumentError: If an argument is of another type, `by` is none of these, or both kinds are
            the same.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", item="lamp", value=80),
        ...     of.Event("ann", "purchase", "2024-03-02", item="tea", value=20),
        ...     of.Event("ann", "return", "2024-03-05", item="tea", value=20)])
        >>> ann = of.fold(log, [ReturnShare(), ReturnShare(by="value", name="money back")])["ann"]
        >>> ann["return_share"], ann["money back"]
        (0.5, 0.2)
    """

    unit: ClassVar[str] = "share"

    event: str = attrs.field(default="return", validator=some_name)
    of: str = attrs.field(default="purchase", validator=_another)
    by: str = attrs.field(
        default="events",
        validator=lambda _, __, value: one_of(value, BY, "ReturnShare: by"),
        kw_only=True,
    )
    negative: bool = attrs.field(default=True, converter=_negative, kw_only=True)
    name: str = attrs.field(default="return_share", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Shares (n,), NaN where nothing was bought."""
        n, row = len(history), history.row
        back = history.kind == history.kinds.code(self.event)
        bought = history.kind == history.kinds.code(self.of)
        if self.negative:
            negative = bought & sent_back(history)
            back, bought = back | negative, bought & ~negative
        if self.by == "events":
            over = np.bincount(row[bought], minlength=n).astype(np.float64)
            returned = np.bincount(row[back], minlength=n).astype(np.float64)
        else:
            returned, over = _amounts(history, back, bought)
        share: Floats = np.divide(returned, over, out=np.full(n, np.nan), where=over > 0)
        return share


def _amounts(history: History, back: Bools, bought: Bools) -> tuple[Floats, Floats]:
    """What came back and what was bought (n,) in micros; NaN where no return has an amount."""
    n, row = len(history), history.row
    priced = history.value != history.missing_value
    # Whole micros: floats add them up exactly below nine billion units of money.
    value = np.where(priced, history.value, 0).astype(np.float64)
    over: Floats = np.bincount(row[bought], value[bought], n).astype(np.float64)
    returned: Floats = np.bincount(row[back], np.abs(value[back]), n).astype(np.float64)
    untold = np.bincount(row[back], minlength=n) > 0
    untold &= np.bincount(row[back & priced], minlength=n) == 0
    return np.where(untold, np.nan, returned), over


def sent_back(history: History) -> Bools:
    """Which events (m,) have an amount or a quantity below 0: as purchases, they are returns."""
    value = history.value
    with_amount = value != history.missing_value
    negative: Bools = ((value < 0) & with_amount) | (history.quantity < 0)
    return negative
