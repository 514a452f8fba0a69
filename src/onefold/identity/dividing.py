"""Dividing: which rows of a log count, and whose they are.

An event that has an id counts once in the whole log: of its deliveries that have an identifier
left, the earliest, and of one instant the one received last. What does not count now may count
under another policy or as of another time, so it is put apart and not thrown away:

    rows with identifiers  =  rows that count  +  rows apart  +  deliveries that say nothing new

A delivery says nothing new if an earlier one came with the same identifiers: whenever it were
somebody's, that one would be.
"""

import attrs
import numpy as np

from onefold._columns import Coded, Columns, frozen, same_in_all, stacked
from onefold._random import mix64
from onefold._types import Bools, Ints
from onefold._vocab import Vocab
from onefold.events.identifiers import CUSTOMER, column_name, identified, identifier_columns
from onefold.events.log import EventLog
from onefold.events.tables import (
    EVIDENCE,
    KEY,
    first_deliveries,
    no_events,
    no_facts,
    nothing,
    repeated,
    whose,
)
from onefold.identity.bundles import Seen
from onefold.identity.consent import overruled
from onefold.identity.partition import Partition
from onefold.identity.places import alike
from onefold.identity.policy import IdentityPolicy

ONE = Vocab(np.array([""], dtype=object))


@attrs.frozen(eq=False)
class Owned:
    """Whose each row of evidence is.

    Args:
        owner: (m,) the customer of each row: 0 to c - 1, c + v of a shared node v, or -1.
        customer: (m,) the id of that customer.
        seen: The evidence.
        who: Which identifiers belong together.
        policy: Names of facts of which a no stays.
    """

    owner: Ints
    customer: Coded
    seen: Seen
    who: Partition
    policy: IdentityPolicy


@attrs.frozen(eq=False)
class Divided:
    """Rows that count and rows that don't.

    Args:
        events: (n,) the customers of the events that were known already; missing: it does not
            count.
        facts: The same of facts.
        counting: Further rows that count, with their customers.
        apart: Rows that don't count: nobody's, repeated deliveries with other identifiers, and,
            with its customer, each yes that a no outweighs.
    """

    events: Coded
    facts: Coded
    counting: EventLog
    apart: EventLog


def no_rows() -> EventLog:
    """A log without rows, as one whose rows have places."""
    none = np.zeros(0, dtype=np.int64)
    return EventLog(no_events().replace(**{EVIDENCE: none}), no_facts().replace(**{EVIDENCE: none}))


def numbered(log: EventLog, places: Ints) -> EventLog:
    """The rows that have an identifier, each with its place in the evidence.

    What was given as the customer is put among the identifiers.
    """
    several = zip((log.events, log.facts), np.split(places, [len(log.events)]), strict=True)
    events, facts = (_numbered(table, at) for table, at in several)
    return EventLog(events, facts, log.currency)


def _numbered(table: Columns, places: Ints) -> Columns:
    table = _customers_among_identifiers(table).replace(**{EVIDENCE: frozen(places)})
    rows = np.flatnonzero(identified(table))
    return table if len(rows) == len(table) else table.take(rows).compact()


def _customers_among_identifiers(table: Columns) -> Columns:
    given = table.coded("customer")
    table = table.replace(customer=nothing(len(table)))
    if not (given.codes >= 0).any():
        return table
    free = column_name(CUSTOMER, 1)
    if CUSTOMER not in identifier_columns(table):
        return table.replace(**{free: given})
    # A row has either: a customer, or identifiers of that type.
    held = table.coded(free)
    vocab = held.vocab.union(given.vocab)
    mine, other = held.within(vocab).codes, given.within(vocab).codes
    return table.replace(**{free: Coded(np.where(other >= 0, other, mine), vocab)})


def divided(owned: Owned, known: EventLog, more: EventLog) -> Divided:
    """Whose rows are, and which of them count.

    Args:
        owned: Whose each row of the evidence is.
        known: Rows with places in the evidence, of which no two repeat each other.
        more: Any others.
    """
    both = [known.events, more.events]
    counts = _counting(both, [_owner(owned, table) >= 0 for table in both])
    mine, rest = (
        table.replace(customer=_customers(owned, table, c))
        for table, c in zip(both, counts, strict=True)
    )
    stated = [known.facts, more.facts]
    somebodys = [_owner(owned, table) >= 0 for table in stated]
    says = _stated(stated, somebodys)
    facts = _stacked(stated)
    whole = np.concatenate(says)
    at = facts.array(EVIDENCE)
    no = overruled(
        facts,
        at,
        owners=np.where(whole, _owner(owned, facts), -1),
        seen=owned.seen,
        who=owned.who,
        policy=owned.policy,
    )
    facts = facts.replace(customer=_customers(owned, facts, whole))
    first = len(known.facts)
    spoken = facts.coded("customer").take(slice(0, first))
    silent = Coded(np.where(no[:first], np.int32(-1), spoken.codes), spoken.vocab)
    new = np.arange(len(facts)) >= first
    apart = _stacked([t.take(np.flatnonzero(~c)) for t, c in zip(both, counts, strict=True)])
    apart = _newly_said(apart.replace(customer=nothing(len(apart))), both, counts)
    counting = rest.take(np.flatnonzero(counts[1])).compact()
    nobodys = ~np.concatenate(somebodys)
    return Divided(
        mine.coded("customer"),
        silent,
        EventLog(counting, facts.take(np.flatnonzero(new & whole & ~no)).compact(), more.currency),
        EventLog(apart, facts.take(np.flatnonzero(nobodys | no)).compact(), more.currency),
    )


def _owner(owned: Owned, table: Columns) -> Ints:
    out: Ints = owned.owner[table.array(EVIDENCE)]
    return out


def _customers(owned: Owned, table: Columns, counts: Bools) -> Coded:
    held = owned.customer.take(table.array(EVIDENCE))
    return held if counts.all() else Coded(np.where(counts, held.codes, np.int32(-1)), held.vocab)


def _counting(tables: list[Columns], somebodys: list[Bools]) -> list[Bools]:
    """Which events count: of those of one id the first that is somebody's.

    Of the first table no two have one id.
    """
    told = [c & t.array("has_id") for c, t in zip(somebodys, tables, strict=True)]
    if not told[1].any():
        return somebodys
    here = [np.zeros(0, dtype=np.int64), np.flatnonzero(told[1])]
    if len(tables[0]):
        keys = np.unique(tables[1].array(KEY)[here[1]])
        here[0] = np.flatnonzero(told[0] & _among(tables[0].array(KEY), keys))
    whole = len(here[0]) == 0 and len(here[1]) == len(tables[1])
    some = tables[1] if whole else stacked([t.take(r) for t, r in zip(tables, here, strict=True)])
    stay = np.zeros(len(some), dtype=bool)
    stay[first_deliveries(_anybodys(some))] = True
    out = [c.copy() for c in somebodys]
    for c, rows, kept in zip(out, here, np.split(stay, [len(here[0])]), strict=True):
        c[rows] = kept
    return out


def _stated(tables: list[Columns], somebodys: list[Bools]) -> list[Bools]:
    """Which facts count: of the same statements by the same identifiers the first to be known."""
    new = np.flatnonzero(somebodys[1])
    if not len(new):
        return somebodys
    times = np.unique(tables[1].array("time")[new].view(np.int64))
    old = np.flatnonzero(somebodys[0] & _among(tables[0].array("time").view(np.int64), times))
    gone = repeated(_anybodys(stacked([tables[0].take(old), tables[1].take(new)])))
    out = [c.copy() for c in somebodys]
    out[0][old[gone[gone < len(old)]]] = False
    out[1][new[gone[gone >= len(old)] - len(old)]] = False
    return out


def _stacked(tables: list[Columns]) -> Columns:
    """The rows of all; a table without any costs nothing."""
    held = [table for table in tables if len(table)]
    return stacked(held) if len(held) > 1 else (held or tables)[0]


def _newly_said(apart: Columns, tables: list[Columns], counts: list[Bools]) -> Columns:
    """Events apart without the deliveries that say nothing new beside those that count."""
    told = np.flatnonzero(apart.array("has_id"))
    if not len(told):
        return apart.compact()
    keys = np.unique(apart.array(KEY)[told])
    same = [
        t.take(np.flatnonzero(c & t.array("has_id") & _among(t.array(KEY), keys)))
        for t, c in zip(tables, counts, strict=True)
    ]
    some = _stacked([*same, apart.take(told)])
    said = alike(Columns({name: some.data[name] for name in whose(some)})).astype(np.uint64)
    first = first_deliveries(_anybodys(some).replace(key=frozen(mix64(said, some.array(KEY)))))
    first = first - sum(map(len, same))
    kept = ~apart.array("has_id")
    kept[told[first[first >= 0]]] = True
    return apart.take(np.flatnonzero(kept)).compact()


def _among(numbers: Ints, few: Ints) -> Bools:
    """Which of many numbers (n,) are among a few, which are sorted."""
    if not len(few):
        return np.zeros(len(numbers), dtype=bool)
    near = np.minimum(np.searchsorted(few, numbers), len(few) - 1)
    found: Bools = few[near] == numbers
    return found


def _anybodys(table: Columns) -> Columns:
    """The rows as if all were one customer's: an id is that of an event, whosever it is."""
    return table.replace(customer=Coded(same_in_all(np.int32(0), len(table)), ONE))
