"""Difference: what another policy would change, seen before it is applied.

Two partitions of the same spellings are laid over each other. A merge made is a customer after
that overlaps several before; a merge undone is the same the other way round:

    before {a b} {c}    after {a} {b c}    ->    b and c are merged, a and b are taken apart
"""

import attrs
import numpy as np
import pandas as pd

from onefold._columns import Coded, frozen
from onefold._types import Array, Bools, Ints
from onefold._vocab import Vocab
from onefold.identity import difference_page
from onefold.identity.atoms import atoms
from onefold.identity.attribution import owners_of_rows
from onefold.identity.known import Known, columns
from onefold.identity.tables import owner_ids

STATES = ("not read", "own", "shared", "demoted", "quarantined")
LARGEST = 10


@attrs.frozen
class Side:
    """One of two ways to see who is who.

    Args:
        version: The hash of its policy.
        customers: How many there are.
        identifiers: How many identifiers.
        shared: How many of these don't tell whose an event is, because they are cut.
        demoted: How many serve too many people.
        quarantined: How many are in a lump that is too large.
        largest: Ids and numbers of identifiers of the largest customers, at most ten.
    """

    version: str
    customers: int
    identifiers: int
    shared: int
    demoted: int
    quarantined: int
    largest: tuple[tuple[str, int], ...]


@attrs.frozen(eq=False, repr=False)
class PolicyDiff:
    """What differs between two ways to see who is who; made by `identities.diff(policy)`.

    Args:
        before: How it is.
        after: How it would be.
        old: (k,) customers before, of those that are merged, taken apart, or not on one side; a
            row for each pair that has identifiers in common. Missing: not there before.
        new: (k,) the customers after. Missing: not there any more.
        shares: (k,) how many identifiers they have in common, or alone.
        unchanged: How many customers have the same company as before.
        renamed: How many of these get another id.
        moved: How many identifiers get a customer of another id.
        events: How many events and facts do; None where the two have not seen the same.
        type: (j,) types of identifiers of which the state changes.
        value: (j,) their values.
        was: (j,) the state before: "own", "shared", "demoted", "quarantined" or "not read".
        now: (j,) the state after.
    """

    before: Side
    after: Side
    old: Coded
    new: Coded
    shares: Ints = attrs.field(converter=frozen)
    unchanged: int
    renamed: int
    moved: int
    events: int | None
    type: Coded
    value: Coded
    was: Coded
    now: Coded

    @property
    def made(self) -> pd.DataFrame:
        """Merges made: a row for each customer after that several become, the largest first.

        Columns: customer (its id), of (a tuple of the ids before), identifiers (in common).
        """
        return _groups(self.new, self.old, self.shares, "of")

    @property
    def undone(self) -> pd.DataFrame:
        """Merges undone: a row for each customer before that falls apart, the largest first.

        Columns: customer (its id), into (a tuple of the ids after), identifiers (in common).
        """
        return _groups(self.old, self.new, self.shares, "into")

    @property
    def changes(self) -> pd.DataFrame:
        """Identifiers that are newly shared, demoted, in quarantine or free: a row each.

        Columns: type, value, before and after ("own", "shared", "demoted", "quarantined", or "not
        read" where it is no identifier).
        """
        names = ("type", "value", "before", "after")
        held = (self.type, self.value, self.was, self.now)
        return pd.DataFrame({n: column.decode() for n, column in zip(names, held, strict=True)})

    def __len__(self) -> int:
        """How many merges are made and undone."""
        return len(self.made) + len(self.undone)

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(len(self.shares) or len(self.was) or self.moved or self.events or self.renamed)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, PolicyDiff):
            return NotImplemented
        names = [field.name for field in attrs.fields(PolicyDiff)]
        return all(_same(getattr(self, name), getattr(other, name)) for name in names)

    __hash__ = None  # type: ignore[assignment]

    def to_pandas(self) -> pd.DataFrame:
        """All customers that change: a new DataFrame, a row for each pair before and after.

        Columns: before, after (ids; None where there is none), identifiers (in common), change
        ("merged", "split", "both", "new" or "gone").
        """
        old, new = self.old.codes, self.new.codes
        merged = _several(new)
        split = _several(old)
        change = np.where(merged & split, "both", np.where(merged, "merged", "split"))
        change = np.where(old < 0, "new", np.where(new < 0, "gone", change))
        return pd.DataFrame(
            {
                "before": self.old.decode(),
                "after": self.new.decode(),
                "identifiers": self.shares.copy(),
                "change": change.astype(object),
            }
        )

    def __repr__(self) -> str:
        return difference_page.text(self)

    def _repr_html_(self) -> str:
        return difference_page.html(self)


def difference(before: Known, after: Known) -> PolicyDiff:
    """What differs from one way to see who is who to another."""
    b, a = atoms(before, after)
    left, right = _of(before.partition.person, b), _of(after.partition.person, a)
    old, new, shares = _overlaps(left, right, len(before.partition), len(after.partition))
    several = np.bincount(old, minlength=1)[old] + np.bincount(new, minlength=1)[new] > 2
    alone = ~several
    ids_before, ids_after = before.ids, after.ids
    renamed = int((ids_before[old[alone]] != ids_after[new[alone]]).sum())
    gone, come = _missing(old, len(before.partition)), _missing(new, len(after.partition))
    n_gone = np.bincount(left[left >= 0], minlength=len(before.partition))[gone]
    n_come = np.bincount(right[right >= 0], minlength=len(after.partition))[come]
    none = np.array([None], dtype=object)
    olds = np.concatenate([ids_before[old[several]], ids_before[gone], none.repeat(len(come))])
    news = np.concatenate([ids_after[new[several]], none.repeat(len(gone)), ids_after[come]])
    counts = np.concatenate([shares[several], n_gone, n_come])
    order = _order(olds, news)
    here = (b >= 0) & (a >= 0)
    moved = (ids_before[left[here]] != ids_after[right[here]]).sum()
    return PolicyDiff(
        _side(before),
        _side(after),
        _coded(olds[order]),
        _coded(news[order]),
        counts[order],
        int(alone.sum()),
        renamed,
        int(moved),
        _events(before, after),
        *_changes(before, after, b, a),
    )


def _of(person: Ints, nodes: Ints) -> Ints:
    held: Ints = np.append(person, -1)[nodes]
    return held


def _overlaps(left: Ints, right: Ints, n: int, m: int) -> tuple[Ints, Ints, Ints]:
    """Pairs of customers that have spellings in common, and how many."""
    here = (left >= 0) & (right >= 0)
    joint, counts = np.unique(left[here] * max(m, 1) + right[here], return_counts=True)
    return joint // max(m, 1), joint % max(m, 1), counts


def _missing(held: Ints, n: int) -> Ints:
    """Numbers below n that are not held."""
    return np.flatnonzero(np.bincount(held, minlength=n)[:n] == 0)


def _order(olds: Array, news: Array) -> Ints:
    keys = [_coded(column).codes for column in (news, olds)]
    return np.lexsort(keys)


def _coded(strings: Array) -> Coded:
    vocab = Vocab.of(s for s in strings.tolist() if s is not None)
    return Coded(vocab.codes(strings), vocab)


def _events(before: Known, after: Known) -> int | None:
    """How many rows are of another customer, if both have seen the same rows."""
    if before.evidence is not after.evidence:
        return None
    left, right = (owners_of_rows(k.seen, k.partition, k.policy) for k in (before, after))
    width = int(right.max(initial=0)) + 2
    pairs, counts = np.unique((left + 1) * width + right + 1, return_counts=True)
    ids = owner_ids(before, pairs // width - 1), owner_ids(after, pairs % width - 1)
    return int(counts[ids[0] != ids[1]].sum())


def _changes(before: Known, after: Known, b: Ints, a: Ints) -> tuple[Coded, Coded, Coded, Coded]:
    """Identifiers of another state: type, value, the state before and after."""
    was, now = _states(before)[b], _states(after)[a]
    which = np.flatnonzero(was != now)
    kinds, values = np.empty(len(which), dtype=object), np.empty(len(which), dtype=object)
    there = a[which] >= 0
    kinds[there], values[there] = columns(after.partition.nodes, a[which[there]])
    kinds[~there], values[~there] = columns(before.partition.nodes, b[which[~there]])
    states = Vocab.of(STATES)
    code = states.codes(STATES)
    coded = [_coded(kinds), _coded(values)]
    keys = (now[which], was[which], coded[1].codes, coded[0].codes)
    order = np.lexsort(keys)
    new = np.zeros(len(order), dtype=bool)
    new[:1] = True
    for key in keys:
        new[1:] |= key[order][1:] != key[order][:-1]
    order = order[new]  # two spellings of one identifier
    kind, value = (column.take(order).compact() for column in coded)
    sides = [Coded(code[side[which[order]]], states).compact() for side in (was, now)]
    return kind, value, sides[0], sides[1]


def _states(known: Known) -> Ints:
    """The state (n + 1,) of each node, as a position in `STATES`; of none at the end."""
    who = known.partition
    state = np.where(who.contested, 2, 1)
    state = np.where(who.giant, 4, state)
    return np.append(np.where(who.demoted, 3, state), 0)


def _side(known: Known) -> Side:
    who, states = known.partition, np.bincount(_states(known), minlength=len(STATES))
    sizes = np.bincount(who.person, minlength=len(who))
    order = np.lexsort((known.ids, -sizes))[:LARGEST] if len(who) else np.zeros(0, dtype=int)
    largest = tuple((str(known.ids[c]), int(sizes[c])) for c in order)
    shared, demoted, giant = (int(states[STATES.index(s)]) for s in STATES[2:])
    return Side(known.policy.version, len(who), len(who.nodes), shared, demoted, giant, largest)


def _several(codes: Array) -> Bools:
    """Which codes (k,) occur more than once; a missing one does not."""
    n = np.bincount(codes[codes >= 0], minlength=1)
    more: Bools = np.append(n > 1, False)[codes] & (codes >= 0)
    return more


def _groups(by: Coded, of: Coded, shares: Ints, name: str) -> pd.DataFrame:
    rows = np.flatnonzero(_several(by.codes) & (of.codes >= 0))
    rows = rows[np.lexsort((of.codes[rows], by.codes[rows]))]
    codes = by.codes[rows]
    begin = np.flatnonzero(np.append(True, codes[1:] != codes[:-1])) if len(rows) else rows
    parts = np.split(of.take(rows).decode(), begin[1:]) if len(rows) else []
    size = np.add.reduceat(shares[rows], begin) if len(rows) else np.zeros(0, dtype=np.int64)
    tuples = np.empty(len(parts), dtype=object)
    tuples[:] = [tuple(part.tolist()) for part in parts]
    table = pd.DataFrame(
        {
            "customer": by.take(rows[begin]).decode() if len(rows) else np.array([], dtype=object),
            name: tuples,
            "identifiers": size,
        }
    )
    return table.sort_values(
        ["identifiers", "customer"], ascending=[False, True], kind="stable", ignore_index=True
    )


def _same(a: object, b: object) -> bool:
    if isinstance(a, Coded) and isinstance(b, Coded):
        return a.vocab == b.vocab and np.array_equal(a.codes, b.codes)
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return np.array_equal(a, b)
    return bool(a == b)
