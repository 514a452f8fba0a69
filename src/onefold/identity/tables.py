"""Tables of what is not one customer's alone, each a new DataFrame, made on demand.

demoted        serves too many, and links nobody
cut            a link that would have broken a limit or a cannot-link
shared         both kinds of identifiers that don't tell whose an event is
quarantined    in a lump too large to be believed
"""

import numpy as np
import pandas as pd

from onefold._types import Array, Bools, Ints
from onefold.events.log import EventLog
from onefold.identity import people
from onefold.identity.apart import Apart
from onefold.identity.attribution import NONE, owners_of_rows
from onefold.identity.bundles import NOBODY, Seen
from onefold.identity.graph import components
from onefold.identity.known import Known, aliases, columns, instants
from onefold.identity.partition import Partition


def demoted(known: Known) -> pd.DataFrame:
    """Identifiers that serve more people than their type may: a row each."""
    who = known.partition
    which = np.flatnonzero(who.demoted)
    kinds, values = columns(who.nodes, which)
    most = np.array([k.max_owners or 0 for k in who.nodes.kinds])[who.nodes.type[which]]
    return pd.DataFrame(
        {
            "type": kinds,
            "value": values,
            "owners": who.owners[which],
            "most": most,
            "first": instants(who.first[which]),
            "last": instants(who.last[which]),
            "reason": np.array(demoted_reasons(known, which), dtype=object),
        }
    )


def demoted_reasons(known: Known, which: Ints) -> list[str]:
    """Why each of some nodes that serve too many does not link, in words."""
    who = known.partition
    kinds = who.nodes.kinds
    told, counts = _seen_with(who, which)
    most = np.array([kind.max_owners or 0 for kind in kinds])[who.nodes.type[which]]
    return [
        f"was seen with {n:,} {kinds[t].name} (limit {kinds[t].limit:,}): it serves at least "
        f"{own:,} people, and at most {top:,} may share one"
        for t, n, own, top in zip(
            told.tolist(), counts.tolist(), who.owners[which].tolist(), most.tolist(), strict=True
        )
    ]


def _seen_with(who: Partition, which: Ints) -> tuple[Ints, Ints]:
    """The type that tells of the most people at each of some nodes (k,), and how many of it."""
    place = np.full(len(who.nodes), -1)
    place[which] = np.arange(len(which))
    kind, edges = who.nodes.type, who.edges
    best, told = np.zeros(len(which), dtype=np.int64), np.zeros(len(which), dtype=np.int64)
    counts = np.zeros(len(which), dtype=np.int64)
    at = place[edges.weak]
    for position, strong in enumerate(who.nodes.kinds):
        if strong.limit is None:
            continue
        here = (at >= 0) & (kind[edges.strong] == position) & (kind[edges.weak] > position)
        n = np.bincount(at[here], minlength=len(which))
        served = -(-n // strong.limit)
        more = served > best
        best[more], told[more], counts[more] = served[more], position, n[more]
    return told, counts


def cut(known: Known) -> pd.DataFrame:
    """Links between two customers that were not believed: a row each, the strongest first."""
    who = known.partition
    edges = who.edges.only(who.cut)
    order = np.lexsort((edges.weak, edges.strong))
    edges = edges.only(order)
    strong, weak = columns(who.nodes, edges.strong), columns(who.nodes, edges.weak)
    left, right = who.person[edges.strong], who.person[edges.weak]
    apart = Apart(known, np.concatenate([left, right]).tolist())
    reasons = [
        "; ".join(apart.reasons(x, y)) for x, y in zip(left.tolist(), right.tolist(), strict=True)
    ]
    return pd.DataFrame(
        {
            "type": strong[0],
            "value": strong[1],
            "customer": known.ids[left],
            "other_type": weak[0],
            "other_value": weak[1],
            "other_customer": known.ids[right],
            "first": instants(edges.first),
            "last": instants(edges.last),
            "login": edges.login,
            "reason": np.array(reasons, dtype=object),
        }
    )


def quarantined(known: Known) -> pd.DataFrame:
    """Identifiers in lumps that are too large: a row each, by lump."""
    who = known.partition
    which = np.flatnonzero(who.giant)
    loud = who.giant & ~who.demoted  # a demoted one may be here by a must-link only
    held = loud[who.edges.strong] & loud[who.edges.weak]
    links = who.links
    lump = components(
        len(who.nodes),
        (who.edges.strong[held], who.edges.weak[held]),
        (links.must_strong, links.must_weak),
    )[which]
    _, first, number, size = np.unique(
        lump, return_index=True, return_inverse=True, return_counts=True
    )
    order = np.empty(len(first), dtype=np.int64)
    order[np.lexsort((first, -size))] = np.arange(len(first))  # the largest is number 1
    kinds, values = columns(who.nodes, which)
    return pd.DataFrame(
        {
            "type": kinds,
            "value": values,
            "customer": known.ids[who.person[which]],
            "lump": order[number] + 1,
            "size": size[number],
        }
    ).sort_values("lump", kind="stable", ignore_index=True)


def shared(known: Known) -> pd.DataFrame:
    """Identifiers that don't tell whose an event is, and how their events were attributed."""
    who, seen = known.partition, known.seen
    contested = who.contested
    which = np.flatnonzero(contested)
    kinds, values = columns(who.nodes, which)
    lead, owner = open_rows(known, seen, contested)
    n = len(who.nodes)
    events = np.bincount(lead, minlength=n)[which]
    told = np.bincount(lead[owner < len(who)], minlength=n)[which]
    return pd.DataFrame(
        {
            "type": kinds,
            "value": values,
            "why": np.where(who.demoted[which], "demoted", "cut").astype(object),
            "customers": _customers_at(who)[which],
            "events": events,
            "attributed": told,
            "unattributed": events - told,
            "customer": known.ids[who.person[which]],
            "own": np.array(
                people.ids(who.nodes, which, key=known.key, kind=people.SHARED), dtype=object
            ),
        }
    )


def _customers_at(who: Partition) -> Ints:
    """With how many customers' stronger identifiers each node (n,) was seen."""
    kind, edges = who.nodes.type, who.edges
    here = kind[edges.strong] < kind[edges.weak]
    pairs = np.unique(edges.weak[here] * max(len(who), 1) + who.person[edges.strong[here]])
    return np.bincount(pairs // max(len(who), 1), minlength=len(who.nodes))


def open_rows(known: Known, seen: Seen, contested: Bools) -> tuple[Ints, Ints]:
    """Of the rows that came with nothing but shared identifiers: the strongest, and the owner."""
    lead, clear = strongest(seen, contested)
    rows = np.flatnonzero((clear == NOBODY) & (lead != NOBODY))
    owner = owners_of_rows(seen, known.partition, known.policy)[rows]
    return lead[rows], owner


def strongest(seen: Seen, contested: Bools) -> tuple[Ints, Ints]:
    """The strongest identifier (m,) of each row, and the strongest that is nobody else's."""
    mask = np.append(contested, True)
    members = np.minimum(seen.members, len(seen.nodes))
    clear = np.where(mask[members], NOBODY, seen.members).min(axis=1, initial=NOBODY)
    lead = np.append(seen.members[:, 0], NOBODY)[seen.row]
    return lead.astype(np.int64), np.append(clear, NOBODY)[seen.row].astype(np.int64)


def alias_table(known: Known) -> pd.DataFrame:
    """Other ids that a customer may have been known by: a row each."""
    ids, nodes = aliases(known)
    customer = known.ids[known.partition.person[nodes]]
    return pd.DataFrame({"alias": np.array(ids, dtype=object), "customer": customer})


def members(known: Known, customer: int) -> pd.DataFrame:
    """The identifiers of one customer: a row each, the strongest first."""
    who = known.partition
    which = np.flatnonzero(who.person == customer)
    kinds, values = columns(who.nodes, which)
    state = np.where(who.contested[which], "shared", "own")
    state = np.where(who.giant[which], "quarantined", state)
    state = np.where(who.demoted[which], "demoted", state)
    return pd.DataFrame(
        {
            "type": kinds,
            "value": values,
            "first": instants(who.first[which]),
            "last": instants(who.last[which]),
            "state": state.astype(object),
        }
    )


def attribution(known: Known, log: EventLog, seen: Seen, owners: Ints) -> pd.DataFrame:
    """By which identifier and rule each event of a log got its customer: a row each.

    Args:
        known: Who is who.
        log: The log.
        seen: Its rows, the events' first.
        owners: Whose they are.
    """
    who, n = known.partition, len(log.events)
    lead, clear = (held[:n] for held in strongest(seen, who.contested))
    owner = owners[:n]
    own = clear != NOBODY
    by = np.where(own, clear, lead)
    told = by != NOBODY
    rule = np.where(own, "own", known.policy.attribution).astype(object)
    rule[~own & (owner >= len(who))] = "strict"
    rule[~told] = None
    kinds, values = _some(who, np.where(told, by, -1))
    return pd.DataFrame(
        {
            "time": pd.DatetimeIndex(log.events.array("time")).tz_localize("UTC"),
            "event": log.events.coded("kind").decode(),
            "customer": owner_ids(known, owner),
            "type": kinds,
            "value": values,
            "rule": rule,
        }
    )


def with_forgotten(table: pd.DataFrame, log: EventLog, keep: Bools) -> pd.DataFrame:
    """The table of all events, of which those with a forgotten identifier are nobody's."""
    out = table.set_index(np.flatnonzero(keep)).reindex(np.arange(len(log.events)))
    out["time"] = pd.DatetimeIndex(log.events.array("time")).tz_localize("UTC")
    out["event"] = log.events.coded("kind").decode()
    for name in ("customer", "type", "value", "rule"):
        out[name] = out[name].astype(object).where(keep, None)
    return out


def _some(who: Partition, nodes: Ints) -> tuple[Array, Array]:
    """Types and values of nodes, None where one is -1."""
    there = nodes >= 0
    kinds, values = np.full(len(nodes), None), np.full(len(nodes), None)
    kinds[there], values[there] = columns(who.nodes, nodes[there])
    return kinds, values


def owner_ids(known: Known, owner: Ints) -> Array:
    """The id of each owner (k,), None of nobody."""
    c, who = len(known.partition), known.partition
    shared = np.unique(owner[owner >= c]) - c
    own = np.array(people.ids(who.nodes, shared, key=known.key, kind=people.SHARED), dtype=object)
    ids = np.concatenate([known.ids, own, np.array([None], dtype=object)])
    at = np.where(owner < c, owner, c + np.searchsorted(shared + c, owner))
    named: Array = ids[np.where(owner == NONE, len(ids) - 1, at)]
    return named
