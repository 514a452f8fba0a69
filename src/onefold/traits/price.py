"""Price: what a customer pays, beside what else there is of its kind.

rank of an item = (items of its category that are cheaper + half of those at its price) / all

Tea at 1, 2, 2 and 9 has the ranks 1/8, 1/2, 1/2 and 7/8. Prices are the catalogue's, never what
other customers paid: a trait remains a function of one's own events.
"""

from typing import Any, ClassVar

import attrs
import numpy as np

from onefold import _check
from onefold._columns import Coded
from onefold._group import changes, runs
from onefold._types import NO_MONEY, Codes, Floats, Times
from onefold.catalog import Catalog
from onefold.errors import ArgumentError
from onefold.traits.history import History
from onefold.traits.protocol import kind_or_none, some_name
from onefold.traits.returns import sent_back


def _above(value: Any) -> float:
    return _check.fraction(value, "PremiumShare: above")


def _least(value: Any) -> float:
    return _check.fraction(value, "DiscountShare: least")


@attrs.frozen
class PriceLevel:
    """How dear, within its category, what a customer buys is: 0 the cheapest, 1 the dearest.

    price level = mean over purchases of the rank of the item's price. The rank is the share of
    the items of its category that are cheaper, plus half the share of those at the same price,
    itself included: the ridit of Bross (1958, "How to use ridit analysis"). Who buys regardless
    of price is near 1/2; an item alone in its category has 1/2.

    Each event counts once, whatever its quantity: pieces, kilos and litres don't add up. What
    was sent back (an amount or a quantity below 0) is no purchase. An item without a price or a
    category in the catalogue has no rank; missing where nothing that was bought has one. The
    catalogue is taken as it stands: it knows no earlier prices.

    Args:
        event: Kind of event; None counts every kind.
        within: The column of the catalogue that says what is compared with what: "category", or
            a finer one, where a category holds both cans and crates.
        name: The trait's name.

    Raises:
        ArgumentError: If an argument is of another type.

    Examples:
        >>> import onefold as of
        >>> import pandas as pd
        >>> shelf = pd.DataFrame({"sku": ["plain", "fine", "rare"], "price": [2.0, 5.0, 20.0]})
        >>> catalog = of.Catalog.from_frame(
        ...     shelf.assign(aisle="tea"), item="sku", category="aisle", price="price")
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", item="fine"),
        ...     of.Event("ann", "purchase", "2024-03-08", item="rare")])
        >>> of.fold(log, [PriceLevel()], catalog=catalog)["ann"]["price_level"]  # of 1/2 and 5/6
        0.666...
    """

    unit: ClassVar[str] = "share"

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    within: str = attrs.field(default="category", validator=some_name, kw_only=True)
    name: str = attrs.field(default="price_level", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Mean ranks (n,), NaN where nothing has one."""
        h = history.where(self.event)
        return _mean(h, _bought_ranks(h, self.within))


@attrs.frozen
class PremiumShare:
    """The share of a customer's purchases that are among the dearest of their category.

    premium share = purchases of items with a rank of `above` or more / purchases of items with a
    rank. Ranks, and what counts as a purchase, are those of `PriceLevel`. Of n items at different
    prices the dearest has the rank (n - 1/2) / n: above 0.8 only where there are three or more.

    Args:
        event: Kind of event; None counts every kind.
        above: The rank from which an item is premium: 0.8 is the dearest fifth.
        within: The column of the catalogue that says what is compared with what.
        name: The trait's name.

    Raises:
        ArgumentError: If an argument is of another type, or `above` is not between 0 and 1.

    Examples:
        >>> import onefold as of
        >>> import pandas as pd
        >>> shelf = pd.DataFrame({"sku": ["plain", "fine", "rare"], "price": [2.0, 5.0, 20.0]})
        >>> catalog = of.Catalog.from_frame(
        ...     shelf.assign(aisle="tea"), item="sku", category="aisle", price="price")
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", item="fine"),
        ...     of.Event("ann", "purchase", "2024-03-08", item="rare")])
        >>> of.fold(log, [PremiumShare()], catalog=catalog)["ann"]["premium_share"]
        0.5
    """

    unit: ClassVar[str] = "share"

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    above: float = attrs.field(default=0.8, converter=_above, kw_only=True)
    within: str = attrs.field(default="category", validator=some_name, kw_only=True)
    name: str = attrs.field(default="premium_share", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Shares (n,), NaN where nothing has a rank."""
        h = history.where(self.event)
        ranks = _bought_ranks(h, self.within)
        return _mean(h, np.where(np.isnan(ranks), np.nan, ranks >= self.above))


@attrs.frozen
class DiscountShare:
    """The share of a customer's purchases that were paid below list.

    discount share = purchases with a discount / purchases of which one can tell. By the
    catalogue: amount / quantity (1 where there is none) is at most its price * (1 - `least`), to
    the millionth; one can tell where there are an amount and a price, and the quantity is above
    0. By a property that holds discounts (`of`): it is above 0; one can tell where it is known.
    What was sent back (an amount or a quantity below 0) is left out. Missing where one can tell
    of none.

    Args:
        event: Kind of event; None counts every kind.
        least: The smallest discount that counts: 0.01 is a hundredth of the price. Not asked
            where `of` is given.
        of: A property with numbers that holds the discount, instead of the catalogue's prices.
        name: The trait's name.

    Raises:
        ArgumentError: If an argument is of another type, `least` is not between 0 and 1, or the
            property `of` holds text.
        UnknownName: If the events have no property `of`.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", item="tea", properties={"off": 0.5}),
        ...     of.Event("ann", "purchase", "2024-03-08", item="tea", properties={"off": 0.0})])
        >>> of.fold(log, [DiscountShare(of="off")])["ann"]["discount_share"]
        0.5
    """

    unit: ClassVar[str] = "share"

    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    least: float = attrs.field(default=0.01, converter=_least, kw_only=True)
    of: str | None = attrs.field(default=None, validator=kind_or_none, kw_only=True)
    name: str = attrs.field(default="discount_share", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Shares (n,), NaN where one can't tell of any purchase."""
        h = history.where(self.event)
        cut = _below_list(h, self.least) if self.of is None else _stated(h, self.of)
        return _mean(h, np.where(sent_back(h), np.nan, cut))


def _mean(history: History, values: Floats) -> Floats:
    """The mean of each row (n,) of the values (m,) that are known, NaN where none is."""
    known = ~np.isnan(values)
    n, row = len(history), history.row[known]
    count = np.bincount(row, minlength=n)
    total = np.bincount(row, values[known], n)
    mean: Floats = np.divide(total, count, out=np.full(n, np.nan), where=count > 0)
    return mean


def _bought_ranks(history: History, within: str) -> Floats:
    """The rank of each event's item (m,); NaN for those without one, and for what came back."""
    if history.catalog is None:
        return np.full(len(history.item), np.nan)
    catalog = history.catalog
    ranks = price_ranks(catalog, catalog.items.codes(history.items.values), within=within)
    return np.where(sent_back(history), np.nan, np.append(ranks, np.nan)[history.item])


def price_ranks(catalog: Catalog, items: Codes, *, within: str) -> Floats:
    """The rank (k,) of each item (k,) of a catalogue, by code; NaN for -1 and without a price.

    Only the groups of these items are sorted: one customer's own are few.
    """
    column = catalog.column(within)
    group = column.codes
    asked = np.zeros(len(column.vocab) + 1, dtype=bool)
    asked[group[items[items >= 0]]] = True
    asked[-1] = False  # where there is no group
    rows = np.flatnonzero(asked[group] & (catalog.price != NO_MONEY))
    rows = rows[np.lexsort((catalog.price[rows], group[rows]))]
    price, group = catalog.price[rows], group[rows]
    first, stop = runs(changes(group))
    low, high = runs(changes(group, price))
    out = np.full(len(catalog) + 1, np.nan)
    out[rows] = (low - first + high - first) / (2 * (stop - first))  # Bross (1958)
    return out[items]


def _below_list(history: History, least: float) -> Floats:
    """1 for events (m,) that were paid so far below list, 0 for others, NaN where not known."""
    if history.catalog is None:
        return np.full(len(history.item), np.nan)
    catalog = history.catalog
    listed = np.append(catalog.price, NO_MONEY)[catalog.items.codes(history.items.values)]
    price = np.append(listed, NO_MONEY)[history.item].astype(np.float64)
    quantity = np.where(np.isnan(history.quantity), 1.0, history.quantity)
    known = (history.value != history.missing_value) & (price > 0) & (quantity > 0)
    cut = history.value <= np.rint(price * quantity * (1 - least))
    return np.where(known, cut, np.nan)


def _stated(history: History, of: str) -> Floats:
    """1 for events (m,) with a discount in a property, 0 without, NaN where not known."""
    held = history.extra(of)
    if not isinstance(held, Coded):
        return np.where(np.isnan(held), np.nan, held > 0)
    if (held.codes >= 0).any():
        raise ArgumentError(
            f"DiscountShare: of is {of!r}, which holds text; it takes a property that holds "
            "numbers. Give it at the door as a column of numbers."
        )
    return np.full(len(held), np.nan)
