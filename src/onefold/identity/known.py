"""Known: what is asked of identities, and how an identifier or an id is found among them.

Who asks may write an identifier in any spelling, and name a customer by an alias:

    ("email", " Ann@X.org")  ->  node of ("email", "ann@x.org")  ->  customer  ->  id
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from onefold._check import is_several, shown
from onefold._types import Array, Ints
from onefold._vocab import Vocab
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.events import door
from onefold.identity import people
from onefold.identity.bundles import Nodes, Seen, reader
from onefold.identity.evidence import Evidence
from onefold.identity.graph import LATE
from onefold.identity.kinds import IdentifierType
from onefold.identity.linked import Ends
from onefold.identity.links import Links, end_of, type_name
from onefold.identity.normal import blocked
from onefold.identity.partition import Partition
from onefold.identity.policy import IdentityPolicy
from onefold.identity.reading import readings

WHAT = {"email": "an e-mail address", "mailbox": "an e-mail address", "phone": "a phone number"}
WHAT |= {"social": "a social handle"}
LOCAL = re.compile(r"(?!\s*(?:tel:\s*)?(?:[+\uff0b]|\(?00))(?:\D*\d){4}")  # no country's code


class Known(Protocol):
    """What the tables, explanations and differences read of `Identities`."""

    @property
    def policy(self) -> IdentityPolicy: ...
    @property
    def as_of(self) -> np.datetime64: ...
    @property
    def evidence(self) -> Evidence: ...
    @property
    def links(self) -> Links | None: ...
    @property
    def ends(self) -> Ends: ...
    @property
    def seen(self) -> Seen: ...
    @property
    def partition(self) -> Partition: ...
    @property
    def ids(self) -> Array: ...
    @property
    def key(self) -> str: ...


@attrs.frozen(eq=False)
class Index:
    """Ids of customers, their aliases, and those of shared identifiers themselves.

    Args:
        people: The customer of each id.
        aliases: The customer of each alias.
        shared: The node of each id of a shared identifier.
    """

    people: Mapping[str, int]
    aliases: Mapping[str, int]
    shared: Mapping[str, int]


def index_of(known: Known) -> Index:
    """All ids by which a customer can be named."""
    who = known.partition
    ids, nodes = aliases(known)
    shared = np.flatnonzero(who.contested)
    names = people.ids(who.nodes, shared, key=known.key, kind=people.SHARED)
    return Index(
        {name: i for i, name in enumerate(known.ids.tolist())},
        dict(zip(ids, who.person[nodes].tolist(), strict=True)),
        dict(zip(names, shared.tolist(), strict=True)),
    )


def aliases(known: Known) -> tuple[list[str], Ints]:
    """Ids that members who are nobody else's would give, and their nodes; not those in use."""
    who = known.partition
    other = ~who.contested
    other[who.anchor] = False
    nodes = np.flatnonzero(other)
    return people.ids(who.nodes, nodes, key=known.key), nodes


def is_pair(who: Any) -> bool:
    """Whether it is meant to be an identifier: a pair of its type and value."""
    return isinstance(who, (tuple, list))


def node_of(known: Known, who: Any, argument: str) -> tuple[int, str]:
    """The node of an identifier in any spelling, or -1 and why there is none.

    Raises:
        ArgumentError: If it is no identifier.
        UnknownName: If its type is not the policy's.
    """
    name, word = end_of(who, argument)
    kind = known.policy.type(name)
    value = read(kind, known.policy, word)
    if value is None:
        return -1, f"{said(name, word)} is no identifier: {why_not(kind, known.policy, word)}"
    node = known.partition.nodes.find(name, value)
    return node, "" if node >= 0 else f"{said(name, value)} was never seen"


def nodes_of(known: Known, name: Any, values: Any, call: str) -> Ints:
    """The nodes (n,) of many values of one type in any spelling, -1 where there is none.

    Raises:
        ArgumentError: If the name is none of a type, or the values are no list of identifiers.
        ColumnError: If they are neither strings nor whole numbers.
        UnknownName: If the type is not the policy's.
    """
    kind = known.policy.type(type_name(name, f"{call}: name"))
    if isinstance(values, (str, bytes)) or not is_several(values):
        raise ArgumentError(
            f"{call}: values is {shown(values)}; it takes a list, an array or a Series of values "
            f"of the type {name!r}."
        )
    column = door.opened(_frame(values), call).ids("values", "values").compact()
    if kind.per_source:
        one = reader(kind, known.policy)
        made = [_within(one, word) for word in column.vocab]  # distinct values
        normal = pa.array(made, type=pa.large_string())
    else:
        normal = readings(kind, known.policy, column.vocab)
    position = known.policy.names.index(name)
    found = pc.index_in(normal, value_set=known.partition.nodes.values[position].text)
    found = pc.if_else(normal.is_valid(), found, None)
    at = pc.fill_null(found, -1).to_numpy(zero_copy_only=False).astype(np.int64)
    at[at >= 0] += known.partition.nodes.offsets[position]
    return np.append(at, -1)[column.codes]


def _frame(values: Any) -> Any:
    if isinstance(values, pd.Series):
        return pd.DataFrame({"values": values.reset_index(drop=True)})
    if hasattr(values, "to_arrow"):  # a Series of polars
        values = values.to_arrow()
    if isinstance(values, (pa.Array, pa.ChunkedArray)):
        return pa.table({"values": values})
    if isinstance(values, np.ndarray) and values.ndim == 1:
        return pd.DataFrame({"values": values})
    held = list(values)
    return pd.DataFrame({"values": pd.Series(held, dtype=object if None in held else None)})


def customer_at(index: Index, who: Any, argument: str) -> int:
    """The customer of an id or an alias.

    Raises:
        ArgumentError: If it is no id.
        UnknownCustomer: If no customer has this id.
    """
    if not isinstance(who, str) or not who:
        raise ArgumentError(
            f"{argument} is {shown(who)}; it takes a customer's id, or an identifier: a pair of "
            "its type and its value, such as ('email', 'ann@x.org')."
        )
    at = index.people.get(who, index.aliases.get(who, -1))
    if at < 0:
        raise UnknownCustomer(
            f"{argument} is {shown(who)}, which is no customer's id here, nor an alias. An "
            "identifier is asked for as a pair: ('email', 'ann@x.org')."
        )
    return at


def read(kind: IdentifierType, policy: IdentityPolicy, word: str) -> str | None:
    """The normal form of a value of a type; within its source, that of "source:value"."""
    one = reader(kind, policy)
    return _within(one, word) if kind.per_source else one(word)


def _within(one: Callable[[str], str | None], word: str) -> str | None:
    source, mark, rest = word.partition(":")
    made = one(rest) if mark else None
    return None if made is None else f"{source}:{made}"


def why_not(
    kind: IdentifierType, policy: IdentityPolicy, word: str, *, located: bool = False
) -> str:
    """Why a value is no identifier of a type, in words; `located` if its source stands apart."""
    if len(word) > policy.longest:
        return f"longer than {policy.longest:,} characters"
    if kind.per_source and not located:
        if ":" not in word:
            return "one only within its source; write 'source:value'"
        word = word.partition(":")[2]
    nobody = blocked((*policy.blocked, *kind.blocked), argument="IdentityPolicy: blocked")
    made = kind.reader()(word)
    if nobody(word) or (made is not None and nobody(made)):
        return "blocked: a value that is nobody's"
    lacks = f"it can't be read as {WHAT.get(kind.normalise, 'an identifier')}"
    if kind.normalise == "phone" and kind.region is None and LOCAL.match(word):
        lacks += (
            " without a country's code; say the country: "
            f"policy.changed({kind.name!r}, region='DE')"
        )
    return lacks


def said(name: str, value: str) -> str:
    """An identifier in words; quoted where it has what can't be printed, such as a new line."""
    short = value if len(value) <= 60 else value[:59] + "…"
    return f"{name} {short if short.isprintable() else shown(short)}"


def called(nodes: Nodes, node: int) -> str:
    """One node in words."""
    return said(*nodes.name(node))


def columns(nodes: Nodes, which: Ints) -> tuple[Array, Array]:
    """Types and values (k,) of some nodes (k,), in any order."""
    kinds = np.array([kind.name for kind in nodes.kinds], dtype=object)
    place = nodes.type[which]
    values = np.empty(len(which), dtype=object)
    offsets = nodes.offsets
    for position, held in enumerate(nodes.values):
        here = place == position
        if here.any():
            values[here] = _strings(held, which[here] - offsets[position])
    return kinds[place], values


def _strings(vocab: Vocab, codes: Ints) -> Array:
    strings: Array = vocab.values[codes]
    return strings


def instants(micros: Ints) -> pd.DatetimeIndex:
    """Instants (k,) in UTC; missing where something was never seen, but told by a link."""
    never = np.abs(micros) >= LATE
    times = np.where(never, np.datetime64("NaT", "us"), micros.astype("M8[us]"))
    return pd.DatetimeIndex(times).tz_localize("UTC")
