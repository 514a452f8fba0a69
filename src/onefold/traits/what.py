"""What: shares, tastes, the latest.

    share(label) = events with the label / events with any label
    affinity(label) = sum of 2^(-age / half-life) over its events / the same over all labels
"""

from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._types import Duration, Strings, Times
from onefold.traits.protocol import History, Wide, labelled


def _half_life(value: Duration) -> np.timedelta64:
    return _time.duration(value, "Affinity: half_life")


@attrs.frozen
class Share:
    """The share of a customer's events that has each label: channel mix, kinds, a property.

    Args:
        of: What labels an event: "channel", "kind", "item", "category" or another column of the
            catalogue, or a property.
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "view", "2024-03-01", channel="web"),
        ...     of.Event("ann", "view", "2024-03-02", channel="app")])
        >>> of.fold(log, [Share("channel", name="channels")])["ann"]["channels"]
        {'app': 0.5, 'web': 0.5}
    """

    of: str = "channel"
    event: str | None = None
    name: str = attrs.field(default="share", kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Wide:
        h = history.where(self.event)
        words = h.words(self.of)
        ones = np.ones(len(words))
        return labelled(h.row, words.codes, ones, words.vocab, len(h), share=True)


@attrs.frozen
class Affinity:
    """What share of a customer's decayed attention each label has.

    Args:
        of: What labels an event, as in `Share`.
        event: Kind of event; None counts every kind.
        half_life: The age at which an event counts half.
        name: The trait's name.
    """

    of: str = "category"
    event: str | None = "purchase"
    half_life: np.timedelta64 = attrs.field(default="90D", converter=_half_life, kw_only=True)
    name: str = attrs.field(default="affinity", kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Wide:
        h = history.where(self.event)
        words = h.words(self.of)
        # Decay against the row's own last event: shares don't change, and nothing underflows.
        last = np.zeros(len(h), dtype="datetime64[us]")
        some = np.flatnonzero(h.counts > 0)
        last[some] = h.time[h.offsets[1:][some] - 1]
        weights = np.exp2((h.time - last[h.row]) / self.half_life)
        return labelled(h.row, words.codes, weights, words.vocab, len(h), share=True)


@attrs.frozen
class Latest:
    """The label of a customer's last event that has one, None where there is none.

    Of several events at one instant it is that of the last in canonical order.

    Args:
        of: What labels an event, as in `Share`.
        event: Kind of event; None counts every kind.
        name: The trait's name.
    """

    of: str = "item"
    event: str | None = "purchase"
    name: str = attrs.field(default="latest", kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Strings:
        h = history.where(self.event)
        words = h.words(self.of)
        hits = np.flatnonzero(words.codes >= 0)
        owner = h.row[hits]
        last: Any = np.append(owner[1:] != owner[:-1], True) if len(hits) else hits.astype(bool)
        out = np.full(len(h), None, dtype=object)
        out[owner[last]] = words.vocab.decode(words.codes[hits[last]])
        return out
