"""An assignment: who is in which segment. A partition, always.

    sum of members over the segments, rest and unknown  =  number of customers

`rest` holds those whom no segment takes; `unknown` those of whom too little is known to tell.
"""

from collections.abc import Sequence
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold._check import hint, instance, quoted
from onefold._columns import frozen
from onefold._display import Html, html_table, percent, text_table
from onefold._types import Codes, Strings
from onefold.consent import allowed
from onefold.errors import ContractError, UnknownName
from onefold.profiles import Profiles

REST = "rest"
UNKNOWN = "unknown"


def _owned(array: Any) -> Any:
    return frozen(np.array(array))


@attrs.frozen(eq=False, repr=False)
class Assignment:
    """Each customer's segment.

    Attributes:
        ids: Ids of the customers (n,), in the order of the profiles.
        codes: Position of each one's segment in `names` (n,) int32, -1 where it is unknown.
        names: The segments, in the order of the strategy; "rest" comes last where it occurs.
    """

    ids: Strings
    codes: Codes = attrs.field(converter=_owned)
    names: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Assignment):
            return NotImplemented
        return (
            self.names == other.names
            and np.array_equal(self.ids, other.ids)
            and np.array_equal(self.codes, other.codes)
        )

    __hash__ = None  # type: ignore[assignment]

    @property
    def labels(self) -> Strings:
        """Names (n,) of the segments, None where unknown; a new array."""
        names = np.array([*self.names, None], dtype=object)
        out: Strings = names[self.codes]
        return out

    def sizes(self) -> pd.DataFrame:
        """How many customers each segment has.

        Returns:
            One row a segment: name, customers, share of all customers. The largest come first;
            "rest" and "unknown" come last, where they occur.
        """
        counts = np.bincount(self.codes + 1, minlength=len(self.names) + 1)
        sized = list(zip(self.names, counts[1:].tolist(), strict=True))
        rows = sorted((r for r in sized if r[0] != REST), key=lambda row: -row[1])
        rows += [r for r in sized if r[0] == REST and r[1]]
        rows += [(UNKNOWN, int(counts[0]))] if counts[0] else []
        frame = pd.DataFrame(rows, columns=["name", "customers"])
        return frame.assign(share=frame["customers"] / max(len(self), 1))

    def members(self, name: str) -> Strings:
        """Ids (m,) of the customers of one segment, of "rest" or of "unknown".

        Raises:
            UnknownName: If there is no such segment.
        """
        if name in (REST, UNKNOWN) and name not in self.names:
            return self.ids[self.codes < 0] if name == UNKNOWN else self.ids[:0]
        if name not in self.names:
            raise UnknownName(
                f"Assignment.members: no segment {name!r}. There are: {quoted(self.names)}."
                f"{hint(name, self.names)}"
            )
        found: Strings = self.ids[self.codes == self.names.index(name)]
        return found

    def export(self, profiles: Profiles, purpose: str, *, name: str | None = None) -> pd.DataFrame:
        """Those who may be addressed for a purpose: an audience to hand to who sends the messages.

        Others are left out: who said no, whose yes has ended, who was never asked, and who is not
        among the profiles. `members` and `to_pandas` name everybody, for analysis.

        Args:
            profiles: Profiles that know what was said, as of the moment of the export.
            purpose: What customers must have agreed to, such as "email".
            name: One segment, "rest" or "unknown"; left out, all of them.

        Returns:
            A new frame of one row a customer, in the order of the assignment: customer, segment
            (None where it is unknown).

        Raises:
            ArgumentError: If these are no profiles, or the purpose is no text.
            UnknownName: If there is no such segment.

        Examples:
            >>> import onefold as of
            >>> log = of.EventLog.from_events([
            ...     of.Event(who, "purchase", "2024-03-01") for who in ("ann", "bob")])
            >>> log += of.consent.Consent("email", True, time="2024-03-01").to_log("ann")
            >>> profiles = of.fold(log)
            >>> everyone = of.Rules({"buyers": of.trait("frequency") >= 1})
            >>> of.segment(profiles, everyone).assignment.export(profiles, "email")
              customer segment
            0      ann  buyers
        """
        known = instance(profiles, Profiles, "Assignment.export: profiles", "Fold a log.")
        agreed = known.ids[allowed(known, purpose)]
        frame = self.to_pandas()
        here = pd.Index(self.ids).isin(agreed)
        if name is not None:
            here &= pd.Index(self.ids).isin(self.members(name))
        return frame[here].reset_index(drop=True)

    def by_customer(self) -> dict[str, str | None]:
        """Each customer's segment, None where it is unknown."""
        return dict(zip(self.ids.tolist(), self.labels.tolist(), strict=True))

    def to_pandas(self) -> pd.DataFrame:
        """A new frame of one row a customer: customer, segment (None where unknown)."""
        segments = pd.Series(self.labels, dtype=object)
        return pd.DataFrame({"customer": self.ids.copy(), "segment": segments})

    def __repr__(self) -> str:
        return f"Assignment({self._head()})\n{text_table(*self._table())}"

    def _repr_html_(self) -> str:
        return html_table(*self._table(), caption=self._head())

    def _head(self) -> str:
        named = len([name for name in self.names if name != REST])
        return (
            f"{len(self):,} customer{'' if len(self) == 1 else 's'}, "
            f"{named:,} segment{'' if named == 1 else 's'}"
        )

    def _table(self) -> tuple[list[list[str | int | Html]], list[str]]:
        sizes = self.sizes().itertuples(index=False, name=None)
        rows = [[name, customers, percent(share)] for name, customers, share in sizes]
        return rows, ["segment", "customers", "share"]


def assigned(ids: Strings, labels: Any, *, names: Sequence[str], by: str) -> Assignment:
    """Check the labels that a strategy returned, and code them.

    Args:
        ids: Ids of the customers (n,).
        labels: What the strategy returned: (n,) text or whole numbers, None or NaN for unknown;
            the label "unknown" means the same.
        names: The segments in their order; labels that are not among them follow, sorted.
        by: How errors name the strategy.

    Raises:
        ContractError: If the labels have another shape, or hold something else.
    """
    given = labels if isinstance(labels, np.ndarray) else np.asarray(labels, dtype=object)
    if given.shape != (len(ids),):
        raise ContractError(
            f"{by}: assign returned labels of shape {given.shape} for {len(ids):,} rows; "
            f"({len(ids)},) is allowed."
        )
    raw, distinct = pd.factorize(given.astype(object), use_na_sentinel=True)
    texts = [_text(label, by) for label in distinct]
    known = [name for name in names if name not in (REST, UNKNOWN)]
    known += sorted(set(texts) - {*known, REST, UNKNOWN})
    known += [REST] if REST in texts else []
    place = {name: i for i, name in enumerate(known)}
    codes = np.array([*(place.get(text, -1) for text in texts), -1], dtype=np.int32)[raw]
    return Assignment(ids, codes, tuple(known))


def _text(label: Any, by: str) -> str:
    if isinstance(label, str) and label:
        return str(label)
    whole = isinstance(label, (float, np.floating)) and float(label).is_integer()
    if whole or (isinstance(label, (int, np.integer)) and not isinstance(label, bool)):
        return str(int(label))
    raise ContractError(
        f"{by}: assign returned the label {label!r}, a {type(label).__name__}; text that is not "
        "empty, a whole number, or None for unknown is allowed."
    )
