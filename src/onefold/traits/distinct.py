"""How many distinct: exact up to a bound, and a sketch of fixed size above it.

distinct = number of different labels        HyperLogLog: 2^16 registers, standard error 0.41 %

Both are functions of the set of labels: neither their order nor how often each occurs matters.
"""

import collections
from typing import Any

import attrs
import numpy as np

from onefold._check import whole
from onefold._group import distinct
from onefold._types import Codes, Floats, Times
from onefold._vocab import Vocab
from onefold.errors import MissingExtra
from onefold.traits.history import History
from onefold.traits.protocol import kind_or_none, some_name
from onefold.traits.reduce import distinct_pairs, labels

REGISTERS = 16  # as a power of two


def _bound(value: Any) -> int:
    return whole(value, "Distinct: exact", least=0)


@attrs.frozen
class Distinct:
    """How many different labels a customer's events have: pages, devices, shops.

    distinct = number of different labels; an event without one doesn't count, and a customer
    without any has 0. Exact for whoever has at most `exact` events with a label. Above it, it is
    the estimate of a HyperLogLog (Flajolet, Fusy, Gandouet and Meunier 2007) with 2^16 registers
    and a fixed seed, to the nearest whole number: its relative standard error is
    1.04 / sqrt(2^16) = 0.41 %, so 95 of 100 estimates are within 0.8 %. It comes from the package
    datasketches, the extra `sketch`, whose own figure for sketches of one stream is 0.33 %.

    Args:
        of: What labels an event, as in `Share`.
        event: Kind of event; None counts every kind.
        exact: The most events with a label that are counted exactly, by sorting them.
        name: The trait's name.

    Raises:
        ArgumentError: If `exact` is not a whole number from 0 up.
        MissingExtra: When it is read, if somebody has more events and datasketches is missing.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "view", "2024-03-01", channel="web"),
        ...     of.Event("ann", "view", "2024-03-02", channel="app"),
        ...     of.Event("ann", "view", "2024-03-03", channel="web")])
        >>> of.fold(log, [Distinct("channel", name="channels")])["ann"]["channels"]
        2.0
    """

    of: str = attrs.field(default="item", validator=some_name)
    event: str | None = attrs.field(default=None, validator=kind_or_none)
    exact: int = attrs.field(default=10_000, converter=_bound, kw_only=True)
    name: str = attrs.field(default="distinct", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Floats:
        """Whole numbers (n,)."""
        h, words = labels(history.where(self.event), self.of)
        row, codes, width = h.row, words.codes, len(words.vocab)
        long = np.flatnonzero(h.counts > self.exact)
        if len(long):
            few = np.repeat(h.counts <= self.exact, h.counts)
            row, codes = row[few], codes[few]
        owner = distinct_pairs(row, codes, max(width, 1))
        out = np.bincount(owner, minlength=len(h)).astype(np.float64)
        for i in long.tolist():  # there are at most as many as events / exact
            own = slice(h.offsets[i], h.offsets[i + 1])
            out[i] = self._estimate(words.codes[own], words.vocab)
        return out

    def _estimate(self, codes: Codes, vocab: Vocab) -> float:
        try:
            from datasketches import hll_sketch
        except ImportError as error:
            raise MissingExtra(
                f"Distinct: a customer has {len(codes):,} events with a label, more than "
                f"exact={self.exact}, and datasketches, which estimates above it, is not "
                'installed. Install it with: pip install "onefold[sketch]", or raise exact=.'
            ) from error
        sketch = hll_sketch(REGISTERS)
        # Each label once, in the order of the alphabet: the estimator goes by the order too.
        # The sketch takes one string at a time; the queue of length 0 only draws them through.
        different = vocab.decode(distinct(codes)).tolist()
        collections.deque(map(sketch.update, different), maxlen=0)
        return float(round(sketch.get_estimate()))
