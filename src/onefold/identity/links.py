"""Links: what is known of two identifiers besides the events that they came with.

A link says that two identifiers are one person's (*must*), that they never are (*cannot*), or
that they may be, with a probability (*weak*). Links are a set: the order in which they are told,
the order within a pair, and how often one is told change nothing,

    must(a, b) + cannot(c, d)  ==  cannot(d, c) + must(b, a) + must(a, b)

and what they come to is up to who resolves: the same pair may be both must and cannot here.
"""

import re
from typing import Any

import attrs
import numpy as np
import pandas as pd

from onefold import _time
from onefold._check import identifier, shown, unicode
from onefold._columns import Coded, Columns, frozen
from onefold._group import changes
from onefold._types import Array, Bools, Floats, Instant, Times
from onefold._vocab import EMPTY, Vocab
from onefold.errors import ArgumentError
from onefold.events import door

MUST, WEAK, CANNOT = 1, 0, -1
NAMES = {MUST: "must", WEAK: "weak", CANNOT: "cannot"}
TYPE = re.compile(r"[A-Za-z0-9_.-]+")  # what a type of identifiers may be called
NEVER = np.datetime64("NaT", "us")


@attrs.frozen(eq=False, repr=False)
class Links:
    """Links between identifiers; make them with `Links.must`, `.cannot` and `.weak`, and add.

    Of each pair the identifier that is sorted first (by type, then value) is a; pairs are sorted,
    and none stands twice. Values are as given: who resolves brings them to their normal form.

    Attributes:
        kinds: (n,) int8: 1 must, 0 weak, -1 cannot.
        probability: (n,) float64, above 0 and up to 1; NaN where a link is not weak.
        time: (n,) datetime64[us], UTC, the instant from which a link is known; NaT: always.
        a_type: (n,) type of the first identifier, coded by the same vocabulary as `b_type`.
        a_value: (n,) its value, coded by the same vocabulary as `b_value`.
        b_type: (n,) type of the second one.
        b_value: (n,) its value.
        reason: (n,) why, in words; missing where none was given.
    """

    kinds: Array = attrs.field(converter=frozen)
    probability: Floats = attrs.field(converter=frozen)
    time: Times = attrs.field(converter=frozen)
    a_type: Coded
    a_value: Coded
    b_type: Coded
    b_value: Coded
    reason: Coded

    @classmethod
    def must(
        cls,
        a: tuple[str, str | int],
        b: tuple[str, str | int],
        *,
        reason: str | None = None,
        time: Instant | None = None,
    ) -> "Links":
        """One link that says that two identifiers are the same person's.

        Args:
            a: An identifier: (type, value), such as ("email", "ann@x.org").
            b: Another one.
            reason: Why, in words, for who asks later.
            time: The instant from which this is known; None: always.

        Raises:
            ArgumentError: If `a` or `b` is no identifier, or both are the same.

        Examples:
            >>> Links.must(("email", "ann@x.org"), ("crm_id", 7), reason="she told us")
            Links(1 must, 0 cannot, 0 weak)
        """
        return _one(MUST, a, b, reason, time, "Links.must")

    @classmethod
    def cannot(
        cls,
        a: tuple[str, str | int],
        b: tuple[str, str | int],
        *,
        reason: str | None = None,
        time: Instant | None = None,
    ) -> "Links":
        """One link that says that two identifiers are never the same person's.

        Args:
            a: An identifier: (type, value).
            b: Another one.
            reason: Why, in words.
            time: The instant from which this is known; None: always.

        Raises:
            ArgumentError: If `a` or `b` is no identifier, or both are the same.

        Examples:
            >>> apart = Links.cannot(("crm_id", 8), ("crm_id", 7), reason="father and son")
            >>> apart.to_pandas()[["kind", "a_value", "b_value"]].values.tolist()
            [['cannot', '7', '8']]
        """
        return _one(CANNOT, a, b, reason, time, "Links.cannot")

    @classmethod
    def weak(
        cls,
        frame: Any,
        *,
        a_type: str = "a_type",
        a_value: str = "a_value",
        b_type: str = "b_type",
        b_value: str = "b_value",
        probability: str = "probability",
        reason: str | None = None,
        time: str | None = None,
        tz: str | None = None,
    ) -> "Links":
        """Links that hold with a probability: one for each row of a table of pairs.

        Args:
            frame: A pandas, polars, pyarrow or duckdb frame of n pairs; it is not changed.
            a_type: Column of the type of one identifier, or one type for all ("crm_id").
            a_value: Column of its value: strings, or whole numbers that become strings.
            b_type: Column of the type of the other, or one type for all.
            b_value: Column of its value.
            probability: Column of the probability that both are one person's: above 0, up to 1.
            reason: Column of reasons, or one reason for all.
            time: Column of instants from which a link is known; missing: always.
            tz: Zone in which naive instants are read.

        Raises:
            ColumnError: If a column is not there, a value is missing, a pair is one identifier
                twice, or a probability is not above 0 and up to 1.

        Examples:
            >>> import pandas as pd
            >>> pairs = pd.DataFrame({"left": [7, 7], "right": [8, 9], "p": [0.97, 0.91]})
            >>> Links.weak(
            ...     pairs, a_type="crm_id", a_value="left", b_type="crm_id", b_value="right",
            ...     probability="p",
            ... )
            Links(0 must, 0 cannot, 2 weak)
        """
        opened = door.opened(frame, "Links.weak")
        others = tuple(name for name in opened.names if name not in (a_value, b_value))
        kinds = attrs.evolve(opened, names=others)  # "crm_id" is no slip for the column "crm_id_l"
        ends = {
            "a_type": kinds.texts(a_type, "a_type"),
            "a_value": opened.ids(a_value, "a_value"),
            "b_type": kinds.texts(b_type, "b_type"),
            "b_value": opened.ids(b_value, "b_value"),
        }
        for (argument, held), column in zip(
            ends.items(), (a_type, a_value, b_type, b_value), strict=True
        ):
            gone = int((held.codes < 0).sum())
            if gone:
                raise opened.error(column, argument, f"is missing in {gone:,} rows. Drop them.")
            if argument.endswith("type"):
                for word in held.compact().vocab:  # a few types, not rows
                    type_name(word, f"Links.weak: {argument}")
        chance = opened.numbers(probability, "probability")
        bad = ~((chance > 0) & (chance <= 1))
        if bad.any():
            raise opened.error(
                probability,
                "probability",
                f"holds {chance[bad][0]} in row {np.flatnonzero(bad)[0]}; it takes numbers above 0 "
                "and up to 1. Leave out pairs of whom nothing is known.",
            )
        n = len(opened)
        since = np.full(n, NEVER) if time is None else opened.some_times(time, "time", tz)
        why = _missing(n) if reason is None else opened.texts(reason, "reason")
        made = _canonical(np.full(n, WEAK, dtype=np.int8), chance, since, reason=why, **ends)
        _no_loops(made, "Links.weak")
        return made

    def __len__(self) -> int:
        return len(self.kinds)

    def __add__(self, other: object) -> "Links":
        if not isinstance(other, Links):
            return NotImplemented
        return _canonical(**self._table.above(other._table).data)  # type: ignore[arg-type]

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Links):
            return NotImplemented
        return self is other or self._table.equals(other._table)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        counts = (f"{int((self.kinds == k).sum()):,} {NAMES[k]}" for k in (MUST, CANNOT, WEAK))
        return f"Links({', '.join(counts)})"

    def before(self, t: Instant) -> "Links":
        """The links that are known before the instant `t`: those without a time, and earlier ones.

        Examples:
            >>> links = Links.must(("email", "a@x.org"), ("crm_id", "7"), time="2024-03-01")
            >>> len(links.before("2024-03-01")), len(links.before("2024-03-02"))
            (0, 1)
        """
        moment = _time.instant(t, "Links.before: t")
        return self.only(np.isnat(self.time) | (self.time < moment))

    def to_pandas(self) -> pd.DataFrame:
        """One row a link, sorted: its kind ("must", "cannot", "weak"), both ends, and the rest."""
        kinds = [NAMES[kind] for kind in self.kinds.tolist()]
        return pd.DataFrame(
            {
                "kind": np.array(kinds, dtype=object),
                "a_type": self.a_type.decode(),
                "a_value": self.a_value.decode(),
                "b_type": self.b_type.decode(),
                "b_value": self.b_value.decode(),
                "probability": self.probability.copy(),
                "time": pd.DatetimeIndex(self.time).tz_localize("UTC"),
                "reason": self.reason.decode(),
            }
        )

    @property
    def _table(self) -> Columns:
        return Columns({name: getattr(self, name) for name in attrs.fields_dict(Links)})

    def only(self, keep: Bools) -> "Links":
        """Some of the links."""
        return _canonical(**self._table.take(keep).data)  # type: ignore[arg-type]


def _one(kind: int, a: Any, b: Any, reason: Any, time: Any, call: str) -> Links:
    """A single link, checked."""
    (a_type, a_value), (b_type, b_value) = end_of(a, f"{call}: a"), end_of(b, f"{call}: b")
    if reason is not None:
        if not isinstance(reason, str):
            raise ArgumentError(f"{call}: reason is {shown(reason)}; it takes words, or None.")
        unicode(reason, f"{call}: reason")
    made = _canonical(
        np.array([kind], dtype=np.int8),
        np.array([np.nan]),
        np.array([NEVER if time is None else _time.instant(time, f"{call}: time")]),
        a_type=_single(a_type),
        a_value=_single(a_value),
        b_type=_single(b_type),
        b_value=_single(b_value),
        reason=_single(reason) if reason else _missing(1),
    )
    _no_loops(made, call)
    return made


def end_of(given: Any, name: str) -> tuple[str, str]:
    """One identifier, checked: its type and its value."""
    if not isinstance(given, (tuple, list)) or len(given) != 2:
        raise ArgumentError(
            f"{name} is {shown(given)}; it takes an identifier: a pair of its type and its value, "
            "such as ('email', 'ann@x.org')."
        )
    return type_name(given[0], name), identifier(given[1], f"{name}: the value")


def type_name(given: Any, name: str) -> str:
    """A type of identifiers, checked."""
    if not isinstance(given, str) or not TYPE.fullmatch(given):
        raise ArgumentError(
            f"{name} holds the type {shown(given)}; a type of identifiers is called by letters "
            "(a to z), digits, '_', '-' and '.', such as 'email'."
        )
    return given


def _single(word: str) -> Coded:
    return Coded(np.zeros(1, dtype=np.int32), Vocab(np.array([word], dtype=object)))


def _missing(n: int) -> Coded:
    return Coded(np.full(n, -1, dtype=np.int32), EMPTY)


def _no_loops(links: Links, call: str) -> None:
    """Refuses a link from an identifier to itself."""
    same = (links.a_type.codes == links.b_type.codes) & (links.a_value.codes == links.b_value.codes)
    if same.any():
        first = int(np.flatnonzero(same)[0])
        loop = (links.a_type.decode()[first], links.a_value.decode()[first])
        raise ArgumentError(
            f"{call}: a and b are both {shown(loop)}; a link is between two identifiers that "
            f"differ. Leave it out{_others(int(same.sum()))}."
        )


def _others(n: int) -> str:
    return "" if n == 1 else f", as {n - 1:,} more such pairs"


def _canonical(
    kinds: Array,
    probability: Floats,
    time: Times,
    *,
    a_type: Coded,
    a_value: Coded,
    b_type: Coded,
    b_value: Coded,
    reason: Coded,
) -> Links:
    """Each pair with its lesser end first, sorted by all that a link holds, and none twice."""
    a_type, b_type = _alike(a_type, b_type)
    a_value, b_value = _alike(a_value, b_value)
    swap = (a_type.codes > b_type.codes) | (
        (a_type.codes == b_type.codes) & (a_value.codes > b_value.codes)
    )
    types = np.where(swap, [b_type.codes, a_type.codes], [a_type.codes, b_type.codes])
    values = np.where(swap, [b_value.codes, a_value.codes], [a_value.codes, b_value.codes])
    reason = reason.compact()
    keys: list[Array] = [types[0], values[0], types[1], values[1], kinds]
    keys.append(np.where(np.isnan(probability), -1.0, probability))  # NaN is equal to nothing
    keys += [time.astype("datetime64[us]").view(np.int64), reason.codes]
    order = np.lexsort(keys[::-1])
    if len(order):
        order = order[changes(*(key[order] for key in keys))]
    types, values = types[:, order], values[:, order]
    a_type, b_type = _alike(*(Coded(codes, a_type.vocab) for codes in types))
    a_value, b_value = _alike(*(Coded(codes, a_value.vocab) for codes in values))
    return Links(
        kinds=kinds[order],
        probability=probability[order],
        time=time[order],
        a_type=a_type,
        a_value=a_value,
        b_type=b_type,
        b_value=b_value,
        reason=reason.take(order).compact(),
    )


def _alike(a: Coded, b: Coded) -> tuple[Coded, Coded]:
    """Two columns coded by one vocabulary, which holds only what occurs in either."""
    both = Coded(np.concatenate([a.codes, b.codes]), a.vocab)
    if a.vocab is not b.vocab:
        whole = a.vocab.union(b.vocab)
        both = Coded(np.concatenate([a.within(whole).codes, b.within(whole).codes]), whole)
    both = both.compact()
    return Coded(both.codes[: len(a)], both.vocab), Coded(both.codes[len(a) :], both.vocab)
