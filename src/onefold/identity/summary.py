"""The summary of identities: who there is, and what could not be told.

type     identifiers  customers  events  blocked
email          1,204        980   4,310       12
"""

from typing import NamedTuple

import attrs
import numpy as np
import pandas as pd

from onefold._columns import Coded
from onefold._types import Bools, Ints
from onefold.events.identifiers import type_of
from onefold.identity import summary_page
from onefold.identity.bundles import Seen
from onefold.identity.known import Known, columns, why_not
from onefold.identity.linked import void_ends
from onefold.identity.reading import readings
from onefold.identity.tables import open_rows

MOST = 5  # of each kind that is listed


class OfType(NamedTuple):
    """One type: how many identifiers, of how many customers, on how many events and facts."""

    name: str
    identifiers: int
    customers: int
    events: int
    blocked: int


@attrs.frozen(repr=False)
class IdentitySummary:
    """What to know of identities at a glance; made by `identities.summary()`.

    Args:
        as_of: The moment as of which they are.
        version: The hash of the policy.
        customers: How many there are.
        types: Counts by type, the strongest first: identifiers, customers who have one, events and
            facts that came with one, and with one that is blocked.
        sizes: How many customers have so many identifiers: 1, 2, 3, 4, 5 to 9, 10 to 19, more.
        largest: Of the largest customers: id, number of identifiers, and type and value of the
            strongest one.
        shared: How many identifiers don't tell whose an event is, because they are cut.
        demoted: How many serve too many people.
        cut: How many links between two customers don't hold.
        quarantined: How many identifiers are in a lump that is too large.
        quarantined_types: Types of these and how many are of each, the most frequent first.
        giant: A lump of more identifiers than this is too large.
        widest: Type, value and least number of people of those demoted that serve most.
        blocked: Type, value, why, and number of events and facts of what is no identifier, the
            most frequent first.
        blocked_values: How many such values there are.
        events: How many events and facts there are.
        nobody: How many of them have no identifier left.
        by_rule: How many came with shared identifiers only, and are a customer's by the rule.
        on_shared: How many came so, and are nobody's but the shared identifier's own.
        links: How many links were told.
        void_links: How many of them say nothing, for an end is no identifier.
    """

    as_of: np.datetime64
    version: str
    customers: int
    types: tuple[OfType, ...]
    sizes: tuple[int, ...]
    largest: tuple[tuple[str, int, str, str], ...]
    shared: int
    demoted: int
    cut: int
    quarantined: int
    quarantined_types: tuple[tuple[str, int], ...]
    giant: int
    widest: tuple[tuple[str, str, int], ...]
    blocked: tuple[tuple[str, str, str, int], ...]
    blocked_values: int
    events: int
    nobody: int
    by_rule: int
    on_shared: int
    links: int
    void_links: int

    def to_pandas(self) -> pd.DataFrame:
        """Counts by type: a new DataFrame, a row for each type that was seen."""
        return pd.DataFrame(list(self.types), columns=list(OfType._fields)).rename(
            columns={"name": "type"}
        )

    def __repr__(self) -> str:
        return summary_page.text(self)

    def _repr_html_(self) -> str:
        return summary_page.html(self)


def summarised(known: Known) -> IdentitySummary:
    """The summary of identities."""
    who, seen = known.partition, known.seen
    nobody = blocked(known)
    sizes = np.bincount(who.person, minlength=len(who))
    order = np.lexsort((known.ids, -sizes))[:MOST] if len(who) else np.zeros(0, dtype=np.int64)
    wide = np.flatnonzero(who.demoted)
    wide = wide[np.argsort(-who.owners[wide], kind="stable")][:MOST]
    edges = np.array([1, 2, 3, 4, 5, 10, 20])
    bins = np.bincount(np.searchsorted(edges, sizes, side="right") - 1, minlength=len(edges))
    contested = who.contested
    _, owner = open_rows(known, seen, contested)
    return IdentitySummary(
        as_of=known.as_of,
        version=known.policy.version,
        customers=len(who),
        types=_types(known, seen, nobody),
        sizes=tuple(bins.tolist()),
        largest=tuple(_largest(known, int(c), int(sizes[c])) for c in order),  # five
        shared=int((contested & ~who.demoted).sum()),
        demoted=int(who.demoted.sum()),
        cut=len(who.cut),
        quarantined=int(who.giant.sum()),
        quarantined_types=_counts(who.nodes.type[who.giant], known.policy.names),
        giant=known.policy.giant,
        widest=tuple(
            (str(t), str(v), int(n))
            for t, v, n in zip(*columns(who.nodes, wide), who.owners[wide], strict=True)
        ),
        blocked=tuple(nobody.head(MOST).itertuples(index=False, name=None)),
        blocked_values=len(nobody),
        events=len(seen.row),
        nobody=int((seen.row < 0).sum()),
        by_rule=int((owner < len(who)).sum()),
        on_shared=int((owner >= len(who)).sum()),
        links=0 if known.links is None else len(known.links),
        void_links=int(void_ends(known.ends).any(axis=0).sum()),
    )


def _largest(known: Known, customer: int, size: int) -> tuple[str, int, str, str]:
    strongest = int(np.flatnonzero(known.partition.person == customer)[0])  # by rank and value
    return str(known.ids[customer]), size, *known.partition.nodes.name(strongest)


def _counts(types: Ints, names: tuple[str, ...]) -> tuple[tuple[str, int], ...]:
    counts = np.bincount(types, minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    return tuple((names[at], int(counts[at])) for at in order.tolist() if counts[at])


def blocked(known: Known) -> pd.DataFrame:
    """Values that are no identifiers: a row each, the most frequent first."""
    counts: dict[tuple[str, str], int] = {}
    for name in known.evidence.names:
        kind = known.policy.type(type_of(name))
        column = known.evidence.table.coded(name).compact()
        lost = _lost(known, column, kind.name)
        n = np.bincount(column.codes[column.codes >= 0], minlength=len(column.vocab))
        for code in np.flatnonzero(lost).tolist():  # distinct values, and few of them
            pair = (kind.name, column.vocab[code])
            counts[pair] = counts.get(pair, 0) + int(n[code])
    rows = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    types = {kind.name: kind for kind in known.policy.types}
    return pd.DataFrame(
        {
            "type": np.array([pair[0] for pair, _ in rows], dtype=object),
            "value": np.array([pair[1] for pair, _ in rows], dtype=object),
            "why": np.array(
                [why_not(types[t], known.policy, v, located=True) for (t, v), _ in rows],
                dtype=object,
            ),
            "events": np.array([n for _, n in rows], dtype=np.int64),
        }
    )


def _lost(known: Known, column: Coded, name: str) -> Bools:
    """Which values of a column's vocabulary are no identifiers."""
    read = readings(known.policy.type(name), known.policy, column.vocab)
    return np.asarray(read.is_null())


def _types(known: Known, seen: Seen, nobody: pd.DataFrame) -> tuple[OfType, ...]:
    who = known.partition
    kind = np.append(who.nodes.type, -1)
    members = np.minimum(seen.members, len(who.nodes))
    rows = np.bincount(seen.row[seen.row >= 0], minlength=len(members))
    lost = nobody.groupby("type")["events"].sum()
    out = []
    for position, held in enumerate(who.nodes.kinds):
        mine = np.flatnonzero(who.nodes.type == position)
        count = int(lost.get(held.name, 0))
        if not len(mine) and not count:
            continue
        events = int(rows[(kind[members] == position).any(axis=1)].sum())
        people = len(np.unique(who.person[mine]))
        out.append(OfType(held.name, len(mine), people, events, count))
    return tuple(out)
