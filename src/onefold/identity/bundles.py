"""Bundles: the identifiers that came together, as a policy reads them.

Each distinct spelling is normalised once; each distinct bundle is looked at once, however many
events came with it:

    "Ann@X.org", "ann@x.org "  ->  one node      {node 0, node 7} at a thousand events  ->  one row

Nodes are numbered by type, the strongest first, and then by value, so that the smaller of two
numbers is the stronger identifier.
"""

import re
from collections.abc import Callable, Sequence
from difflib import get_close_matches

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onefold import _text
from onefold._check import quoted
from onefold._columns import Coded
from onefold._types import Array, Bools, Codes, Ints, Times
from onefold._vocab import EMPTY, Vocab, ranked
from onefold.errors import ArgumentError
from onefold.events.identifiers import SOURCE, type_of
from onefold.events.tables import nothing
from onefold.identity.evidence import CUSTOMER as GIVEN
from onefold.identity.evidence import Evidence
from onefold.identity.kinds import IdentifierType
from onefold.identity.policy import IdentityPolicy
from onefold.identity.reading import located, reader, readings

__all__ = ["NOBODY", "Nodes", "Seen", "bundled", "factorized", "located", "reader"]

NOBODY = np.int32(2**31 - 1)  # fills up rows of fewer identifiers
SIGNS = re.compile(r"[^a-z0-9]")
FEW = 16  # columns that are sorted by comparing each with each


@attrs.frozen(eq=False)
class Nodes:
    """The distinct identifiers (n,), sorted by rank and value."""

    kinds: tuple[IdentifierType, ...]
    values: tuple[Vocab, ...]

    @property
    def offsets(self) -> Ints:
        """Where the nodes of each type begin (types + 1,)."""
        return np.append(0, np.cumsum([len(v) for v in self.values])).astype(np.int64)

    def __len__(self) -> int:
        return sum(len(v) for v in self.values)

    @property
    def type(self) -> Ints:
        """The position of the type (n,) of each node; the strongest is 0."""
        return np.repeat(np.arange(len(self.kinds)), [len(v) for v in self.values])

    def name(self, node: int) -> tuple[str, str]:
        """Type and value of one node."""
        at = int(np.searchsorted(self.offsets, node, side="right")) - 1
        return self.kinds[at].name, self.values[at][node - int(self.offsets[at])]

    def find(self, kind: str, value: str) -> int:
        """The node of a type's normal value, -1 if there is none."""
        for position, held in enumerate(self.kinds):
            if held.name == kind:
                code = self.values[position].code(value)
                return code if code < 0 else code + int(self.offsets[position])
        return -1


@attrs.frozen(eq=False)
class Seen:
    """Evidence under a policy.

    Args:
        nodes: The n identifiers.
        members: (b, k) nodes of each distinct bundle, ascending; `NOBODY` fills up.
        row: (m,) the bundle of each row of the evidence, -1 where nothing is left of it.
        time: (m,) its instant.
        tells: (m,) whether it is evidence that its identifiers are one person's.
        login: (m,) whether people proved at it who they are.
        logout: (m,) whether nobody is logged in after it.
    """

    nodes: Nodes
    members: Codes
    row: Ints
    time: Times
    tells: Bools
    login: Bools
    logout: Bools


def bundled(
    evidence: Evidence,
    policy: IdentityPolicy,
    *,
    more: Callable[[int], Sequence[str]] | None = None,
    call: str,
) -> Seen:
    """The bundles of evidence.

    Args:
        evidence: What was seen.
        policy: How it is read.
        more: For the position of a type normal values of it that links name besides.
        call: In whose name errors are raised.

    Raises:
        ArgumentError: If it has a type of identifiers that the policy does not know.
    """
    columns = _columns(evidence, policy, call)
    values, codes = [], []
    for position, kind in enumerate(policy.types):
        besides = () if more is None else more(position)
        vocab, several = _nodes_of(kind, policy, columns[position], evidence, besides)
        values.append(vocab)
        codes.append(several)
    nodes = Nodes(policy.types, tuple(values))
    begin = nodes.offsets
    matrix = [
        np.where(held < 0, NOBODY, held + np.int32(begin[position]))
        for position, several in enumerate(codes)
        for held in several
    ]
    members, row = _distinct(matrix, len(evidence))
    kinds = evidence.table.coded("kind")
    return Seen(
        nodes,
        members,
        row,
        evidence.time,
        ~_of_kinds(kinds, policy.not_evidence),
        _of_kinds(kinds, policy.logins),
        _of_kinds(kinds, policy.logouts),
    )


def _columns(evidence: Evidence, policy: IdentityPolicy, call: str) -> list[list[Coded]]:
    """The columns of identifiers of each type of the policy."""
    out: list[list[Coded]] = [[] for _ in policy.types]
    for name in evidence.names:
        kind = type_of(name)
        if kind not in policy.names:
            raise ArgumentError(
                f"{call}: the log has identifiers of the type {kind!r}, and the policy knows "
                f"{quoted(policy.names)}. {_instead(kind, policy.names)}"
            )
        if name == GIVEN and policy.type(kind).per_source and SOURCE not in evidence.table:
            raise ArgumentError(
                f"{call}: the type {kind!r} is known by its source, and a log of customers alone "
                "keeps no sources. Give them as identifiers: from_frame(..., "
                f"identifiers={{{kind!r}: 'the column'}}, source=...)."
            )
        out[policy.names.index(kind)].append(evidence.table.coded(name))
    return out


def _instead(kind: str, names: Sequence[str]) -> str:
    """What to do about a type that is unknown: most often it is the name of a column."""
    like = [name for name in names if SIGNS.sub("", name) == SIGNS.sub("", kind.lower())]
    near = like or get_close_matches(kind.lower(), names, n=1, cutoff=0.75)
    if near:
        return (
            f"If it is a column of the type {near[0]!r}, write identifiers={{{near[0]!r}: "
            f"{kind!r}}} where the log is made."
        )
    return f"Add it: policy.with_types(IdentifierType({kind!r}, rank={len(names) + 1}))."


def _nodes_of(
    kind: IdentifierType,
    policy: IdentityPolicy,
    columns: Sequence[Coded],
    evidence: Evidence,
    besides: Sequence[str],
) -> tuple[Vocab, list[Codes]]:
    """The identifiers of one type, and for each column the code (m,) of each row's."""
    if not columns and not besides:  # what a type needs to be read may not be installed
        return EMPTY, []
    made, held = [], []
    for column in columns:
        column = column.compact()
        normal, codes = readings(kind, policy, column.vocab), column.codes
        if kind.per_source:
            normal, codes = _within_sources(normal, codes, evidence)
        made.append(normal)
        held.append(codes)
    vocab, to = _united([*made, pa.array(list(besides), type=pa.large_string())])
    return vocab, [t[codes] for t, codes in zip(to, held, strict=False)]


def _within_sources(normal: pa.Array, codes: Codes, evidence: Evidence) -> tuple[pa.Array, Codes]:
    """The values that are one only within a source, "web:7", and the code (m,) of each row's."""
    if SOURCE in evidence.table:
        source = evidence.table.coded(SOURCE).compact()
    else:
        source = nothing(len(codes))
    names = pa.array([located("", s) for s in (*source.vocab, None)], type=pa.large_string())
    pair = codes.astype(np.int64) * len(names) + source.codes % len(names)
    rows = np.flatnonzero(codes >= 0)
    some, first = factorized(pair[rows])
    word, place = np.divmod(pair[rows[first]], len(names))
    out = np.full(len(codes), -1, dtype=np.int32)
    out[rows] = some
    places, words = names.take(pa.array(place)), normal.take(pa.array(word))
    made = pc.binary_join_element_wise(places, words, pa.scalar("", words.type))
    return made, out


def _united(made: Sequence[pa.Array]) -> tuple[Vocab, list[Codes]]:
    """The vocabulary of several lists of values, and for each the code (n + 1,) of its values.

    A null has the code -1, and so has the last place, for what has no code.
    """
    values = pa.concat_arrays(made)
    known = values.is_valid().to_numpy(zero_copy_only=False)
    held = values.drop_null() if values.null_count else values
    to = np.full(len(values), -1, dtype=np.int32)
    if _ascending(held):  # most often: one column, and each spelling is another's
        vocab, to[known] = Vocab(held), np.arange(len(held), dtype=np.int32)
    else:
        codes, words = _text.encode(held)
        vocab, rank = ranked(words)
        to[known] = rank[codes]
    ends = np.cumsum([len(several) for several in made])
    return vocab, [np.append(some, np.int32(-1)) for some in np.split(to, ends[:-1])]


def _ascending(held: pa.Array) -> bool:
    """Whether each string is above the one before."""
    if len(held) < 2:
        return True
    return bool(pc.all(pc.less(held.slice(0, len(held) - 1), held.slice(1))).as_py())


def factorized(numbers: Array) -> tuple[Codes, Ints]:
    """Codes (m,) of whole numbers in order of appearance, and where each appears first."""
    if not len(numbers):
        return np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int64)
    codes: Codes = pc.dictionary_encode(pa.array(numbers)).indices.to_numpy()
    highest = np.maximum.accumulate(codes)
    return codes, np.append(0, np.flatnonzero(highest[1:] > highest[:-1]) + 1)


def _distinct(columns: list[Codes], rows: int) -> tuple[Codes, Ints]:
    """Distinct bundles (b, k), and the bundle (m,) of each row, -1 where it is empty."""
    if not columns:
        return np.zeros((0, 1), dtype=np.int32), np.full(rows, -1, dtype=np.int64)
    codes, first = _rows_told_apart(columns)
    members = _ordered([held[first] for held in columns])
    again = members[:, 1:] == members[:, :-1]  # two spellings of one, in columns of one type
    again &= members[:, 1:] != NOBODY
    if again.any():
        members[:, 1:][again] = NOBODY
        members.sort(axis=1)
    width = max(int((members != NOBODY).sum(axis=1).max(initial=0)), 1)
    row = codes.astype(np.int64)
    row[(members[:, 0] == NOBODY)[row]] = -1
    return members[:, :width], row


def _ordered(columns: list[Codes]) -> Codes:
    """The nodes (b, k) of k columns (b,), ascending in each row."""
    if len(columns) > FEW:
        members = np.stack(columns, axis=1)
        members.sort(axis=1)
        return members
    for last in range(len(columns) - 1, 0, -1):  # as bubbles rise, in all rows at once
        for i in range(last):
            low = np.minimum(columns[i], columns[i + 1])
            np.maximum(columns[i], columns[i + 1], out=columns[i + 1])
            columns[i] = low
    return np.stack(columns, axis=1)


def _rows_told_apart(columns: list[Codes]) -> tuple[Codes, Ints]:
    """Codes (m,) of distinct rows of nodes, in order of appearance, and where each appears first.

    As many columns as fit are one whole number of 63 bits.
    """
    joint, size = np.zeros(len(columns[0]), dtype=np.int64), 1
    for held in columns:
        known = held < NOBODY
        low = int(held.min(initial=NOBODY))
        width = int(held.max(initial=low, where=known)) - low + 2
        if size * width >= 2**63:
            codes, _ = factorized(joint)
            joint, size = codes.astype(np.int64), len(codes)
        joint *= width
        joint += np.where(known, held - np.int32(low - 1), 0)
        size *= width
    return factorized(joint)


def _of_kinds(kinds: Coded, names: tuple[str, ...]) -> Bools:
    chosen = np.zeros(len(kinds.vocab) + 1, dtype=bool)
    codes = kinds.vocab.codes(names)
    chosen[codes[codes >= 0]] = True
    marked: Bools = chosen[kinds.codes]
    return marked
