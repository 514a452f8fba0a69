"""What: shares, tastes, the latest.

share(label) = events with the label / events with any label
affinity(label) = sum of 2^(-age / half-life) over its events / the same over all labels
"""

from typing import ClassVar

import attrs
import numpy as np

from onefold import _time
from onefold._columns import Coded
from onefold._types import Codes, Duration, Strings, Times
from onefold._vocab import united
from onefold.traits.history import History
from onefold.traits.older import Older
from onefold.traits.protocol import kind_or_none, some_name
from onefold.traits.wide import Wide, labelled


def _half_life(value: Duration) -> np.timedelta64:
    return _time.duration(value, "Affinity: half_life")


@attrs.frozen
class Share:
    """The share of a customer's events that has each label: channel mix, kinds, a property.

    share(label) = events with the label / events with any label. Missing where there is none.

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

    unit: ClassVar[str] = "share"

    of: str = attrs.field(default="channel", validator=some_name)
    event: str | None = attrs.field(default=None, validator=kind_or_none)
    name: str = attrs.field(default="share", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Wide:
        """Shares by label, which add up to one."""
        h = history.where(self.event)
        words = h.words(self.of)
        return labelled(h.row, words.codes, None, words.vocab, len(h), share=True)

    def read_older(self, history: History, older: Older, *, as_of: Times) -> Wide:
        """The same, where older events were let go."""
        h, cells = history.where(self.event), older.where(self.event)
        late, early = h.words(self.of), cells.words(self.of, self.name)
        vocab, (to, of) = united([late.vocab, early.vocab])
        row = np.concatenate([h.row, cells.row])
        codes = np.concatenate([_within(late, to), _within(early, of)])
        counts = np.concatenate([np.ones(len(late)), cells.table.array("count")])
        order = np.argsort(row, kind="stable")
        return labelled(row[order], codes[order], counts[order], vocab, len(h), share=True)


@attrs.frozen
class Affinity:
    """What share of a customer's decayed attention each label has.

    affinity(label) = sum of 2^(-age / half-life) over its events / the same over all labels.
    Missing where no event has a label. Weights that halve with age are those of Ding and Li (2005,
    "Time weight collaborative filtering").

    Args:
        of: What labels an event, as in `Share`.
        event: Kind of event; None counts every kind.
        half_life: The age at which an event counts half.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-01", item="tea"),
        ...     of.Event("ann", "purchase", "2024-03-03", item="jam")])
        >>> ann = of.fold(log, [Affinity("item", half_life="1D")])["ann"]
        >>> ann["affinity"]  # tea is two half-lives older: 1/4 to 1
        {'jam': 0.8, 'tea': 0.2}
    """

    unit: ClassVar[str] = "share"

    of: str = attrs.field(default="category", validator=some_name)
    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    half_life: np.timedelta64 = attrs.field(default="90D", converter=_half_life, kw_only=True)
    name: str = attrs.field(default="affinity", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Wide:
        """Shares by label, which add up to one."""
        h = history.where(self.event)
        words = h.words(self.of)
        kept = np.flatnonzero(words.codes >= 0)
        row, time = h.row[kept], h.time[kept].view(np.int64)
        # Decay against the row's own last event: shares don't change, and not all underflow.
        last = np.zeros(len(h), dtype=np.int64)
        last[row] = time  # events are in order of time, and the last assignment stays
        weights = np.exp2((time - last[row]) / self.half_life.astype(np.int64))
        return labelled(row, words.codes[kept], weights, words.vocab, len(h), share=True)


@attrs.frozen
class Latest:
    """The label of a customer's last event that has one, None where there is none.

    latest = label of the event with the greatest time. Of several events at one instant it is
    that of the last in canonical order: by the hashes of their ids or, without ids, of their
    contents. That order is the same however they were delivered, but it means nothing; and where
    there are no ids, renaming the items may change which of them comes last.

    Args:
        of: What labels an event, as in `Share`.
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "purchase", "2024-03-08", item="tea"),
        ...     of.Event("ann", "purchase", "2024-03-01", item="jam")])
        >>> of.fold(log, [Latest()])["ann"]["latest"]
        'tea'
    """

    of: str = attrs.field(default="item", validator=some_name)
    event: str | None = attrs.field(default="purchase", validator=kind_or_none)
    name: str = attrs.field(default="latest", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Strings:
        """Labels (n,), None where there is none."""
        h = history.where(self.event)
        words = h.base.words(self.of)
        told = np.where(words.codes >= 0, np.arange(len(words)), -1)
        latest = np.append(-1, np.maximum.accumulate(told))[h.stops]
        hits = np.flatnonzero(latest >= h.starts)
        out = np.full(len(h), None, dtype=object)
        out[hits] = words.vocab.decode(words.codes[latest[hits]])
        return out


def _within(words: Coded, to: Codes) -> Codes:
    return np.append(to, np.int32(-1)).astype(np.int32)[words.codes]
