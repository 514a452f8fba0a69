"""People: the ids by which customers are known.

An id is a keyed hash of one identifier, the customer's anchor: the one that was seen earliest of
those that are nobody else's. An earlier one that comes later gives another id, and the old one is
an alias: the id of any member that is nobody else's is.

    "p" + BLAKE2b(key, "email" 0x1f "ann@x.org")        "s" + ... for a shared identifier itself
"""

import hashlib
from collections.abc import Iterable

from onefold._types import Ints, Strings
from onefold._vocab import Vocab
from onefold.identity.bundles import Nodes

SIZE = 10  # bytes: two of a thousand million customers have one id with a chance of 4e-7
PERSON, SHARED = "p", "s"


def ids(nodes: Nodes, which: Ints, *, key: str, kind: str = PERSON) -> list[str]:
    """The id that each of some nodes, ascending, gives."""
    out: list[str] = []
    offsets = nodes.offsets.tolist()
    for position, held in enumerate(nodes.kinds):
        here = which[(which >= offsets[position]) & (which < offsets[position + 1])]
        if len(here):
            values = chosen(nodes.values[position], here - offsets[position])
            out += named(held.name, values, key=key, kind=kind)
    return out


def named(type_name: str, values: Iterable[str], *, key: str, kind: str = PERSON) -> list[str]:
    """The ids that identifiers of one type give."""
    whole = hashlib.blake2b(f"{type_name}\x1f".encode(), key=key.encode(), digest_size=SIZE)
    out = []
    for value in values:
        one = whole.copy()
        one.update(value.encode())
        out.append(kind + one.hexdigest())
    return out


def chosen(vocab: Vocab, codes: Ints) -> list[str]:
    """The strings of some codes."""
    held: Strings = vocab.values
    picked: list[str] = held[codes].tolist()
    return picked
