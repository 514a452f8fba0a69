"""Twins: bundles of facts that name the same identifiers, the customer among them or not.

What is said by `customer=` is an identifier of the type "customer", as `fold` with identities has
it; so a fact that came in both forms was said twice:

    customer ann, {email: a@x.org}      twin      {customer: ann, email: a@x.org}
"""

import json
from collections.abc import Iterable, Mapping

from sqlalchemy import String, literal_column, select

from onefold.events.identifiers import CUSTOMER
from onefold.store.core import Core
from onefold.store.database import Among, Query, Session
from onefold.store.escaping import escaped, unescaped
from onefold.store.rows import BundleKey, bundle_hash
from onefold.store.schema import bundles

_COLUMNS = (bundles.c.customer, bundles.c.kind, bundles.c.source, bundles.c.given)
_FACTS = select(bundles.c.bundle, *_COLUMNS).where(bundles.c.kind.is_(None))
THERE = Query(_FACTS.where(Among(bundles.c.hash, "hashes")))
_SAID = literal_column("'%" + f'["{CUSTOMER}",' + "%'", String)  # few are given so, or none
NAMED = Query(_FACTS.where(bundles.c.given.like(_SAID)))


def twin_of(key: BundleKey) -> BundleKey | None:
    """The other form of a bundle of facts; None where there is none."""
    customer, kind, source, given = key
    if kind is not None or (customer is None and f'"{CUSTOMER}"' not in given):
        return None
    told = dict(json.loads(given))
    if customer is not None:
        told[CUSTOMER] = [unescaped(customer)]
        other = None
    elif len(told.get(CUSTOMER, ())) == 1:
        other = escaped(told.pop(CUSTOMER)[0])
    else:
        return None
    said = json.dumps(sorted(told.items()), ensure_ascii=False, separators=(",", ":"))
    return other, kind, source, said


def twins(session: Session, core: Core, keys: Mapping[int, BundleKey]) -> dict[int, int]:
    """The numbers of the twins of some bundles, of those that have one, by their own."""
    wanted = {n: twin for n, key in keys.items() if (twin := twin_of(key)) is not None}
    if not wanted:
        return {}
    hashes = {bundle_hash(twin, core.salt) for twin in wanted.values()}
    rows = session.all(THERE, hashes=session.several(hashes))
    held = {tuple(row[1:]): int(row[0]) for row in rows}
    return {n: held[twin] for n, twin in wanted.items() if twin in held}


def both(session: Session, core: Core, keys: Mapping[int, BundleKey]) -> dict[int, int]:
    """The same, and the other way round: each of two by the other."""
    held = twins(session, core, keys)
    return {**held, **{b: a for a, b in held.items()}}


def all_twins(session: Session, core: Core) -> dict[int, int]:
    """All twins of a store, those that name the customer among the identifiers first."""
    return twins(session, core, {row[0]: tuple(row[1:]) for row in session.all(NAMED)})


def with_twins(several: Iterable[int], twin: Mapping[int, int]) -> set[int]:
    """Some bundles, and their twins."""
    out = set(several)
    return out | {twin[n] for n in out if n in twin}
