"""The label that a customer's events have most often.

most frequent = label with the most events; then with the latest event; then first in the alphabet
"""

import attrs
import numpy as np

from onefold._group import changes
from onefold._types import Array, Bools, Ints, Strings, Times
from onefold.traits.history import History
from onefold.traits.protocol import kind_or_none, some_name
from onefold.traits.reduce import labels, offsets_of, reduced


@attrs.frozen
class MostFrequent:
    """The label that most of a customer's events have: their device, channel, favourite item.

    most frequent = the label with the most events. Of several with as many, it is the one whose
    last event is later; of those at one instant, the first in the order of their characters.
    Missing where no event has a label.

    Of the device, the platform or the browser it gives the technographic trait: the one they
    mostly use. Which share each has is `Share`.

    Args:
        of: What labels an event, as in `Share`.
        event: Kind of event; None counts every kind.
        name: The trait's name.

    Examples:
        >>> import onefold as of
        >>> from onefold.traits import Share
        >>> log = of.EventLog.from_events([
        ...     of.Event("ann", "view", f"2024-03-0{day}", properties={"device": d, "platform": p})
        ...     for day, (d, p) in enumerate([("phone", "ios"), ("laptop", "mac"),
        ...                                   ("phone", "ios"), ("tablet", "ios")], start=1)])
        >>> ann = of.fold(log, [MostFrequent("device", name="device"),
        ...                     Share("platform", name="platforms")])["ann"]
        >>> ann["device"], ann["platforms"]
        ('phone', {'ios': 0.75, 'mac': 0.25})
    """

    of: str = attrs.field(default="item", validator=some_name)
    event: str | None = attrs.field(default=None, validator=kind_or_none)
    name: str = attrs.field(default="most_frequent", validator=some_name, kw_only=True)

    def read(self, history: History, *, as_of: Times) -> Strings:
        """Labels (n,), None where there is none."""
        h, words = labels(history.where(self.event), self.of)
        cells = h.row * max(len(words.vocab), 1) + words.codes
        order = np.argsort(cells, kind="stable")  # and within a cell in order of time
        starts = np.flatnonzero(changes(cells[order]))
        count = np.diff(starts, append=len(order))
        last = order[starts + count - 1]  # the last event of each label, by row and alphabet
        last = last[_leading(h.row[last], count, len(h))]
        last = last[_leading(h.row[last], h.time[last].view(np.int64), len(h))]
        last = last[::-1]  # so that of several the first in the alphabet is what stays
        out = np.full(len(h), None, dtype=object)
        out[h.row[last]] = words.vocab.decode(words.codes[last])
        return out


def _leading(owner: Ints, score: Array, n: int) -> Bools:
    """Marks the entries that reach the greatest score of their row."""
    top = reduced(np.maximum, score, offsets_of(owner, n))
    leading: Bools = score == top[owner]
    return leading
