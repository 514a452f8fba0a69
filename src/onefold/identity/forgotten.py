"""Forgotten: identifiers of people who were erased, known by nothing but a keyed hash.

Every row with one of them is left out, whenever it comes, so that neither a replay nor a late
event brings an erased person back:

    resolve(log, forgotten=f) == resolve(the rows of log without a forgotten identifier)

With each type goes the rule by which its spellings were one, so that a later policy that reads
them otherwise forgets the same people.
"""

import hashlib
from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import attrs
import numpy as np

from onefold._columns import Coded, Columns, frozen, missing
from onefold._types import Array, Bools
from onefold.errors import ArgumentError
from onefold.events.identifiers import IDENTIFIER, SOURCE, type_of
from onefold.events.log import EventLog
from onefold.events.tables import nothing
from onefold.identity.kinds import IdentifierType
from onefold.identity.links import Links
from onefold.identity.policy import IdentityPolicy
from onefold.identity.reading import readings

SIZE = 16  # bytes of a hash
PURPOSE = b"forgotten"  # no id of a customer can be compared with these hashes
CUSTOMER = "customer"
Rule = tuple[str, str, str, bool]  # type, normalise, region or "", per source


def _key(value: Any) -> str:
    if not isinstance(value, str) or not 1 <= len(value.encode("utf-8", "replace")) <= 64:
        raise ArgumentError(
            f"Forgotten: key is a {type(value).__name__}; it takes a secret string of 1 to 64 "
            "bytes: without one, who holds the hashes could try all e-mail addresses."
        )
    try:
        value.encode()
    except UnicodeEncodeError:  # the message does not show it
        raise ArgumentError("Forgotten: key is not valid Unicode. Take another one.") from None
    return str(value)


def _hashes(value: Array) -> Array:
    return frozen(np.unique(np.asarray(value, dtype=f"S{2 * SIZE}")))


@attrs.frozen(eq=False, repr=False)
class Forgotten:
    """Keyed hashes of identifiers that are to be forgotten; made by `identities.forget`.

    Values are united by `a | b`, and saved. The key is not saved: `with_key` gives it again.

    Args:
        hashes: (n,) BLAKE2b of each identifier in its normal form, with the key.
        rules: By which rules spellings of each type are one.
        check: A hash of the key, by which another one is told.
        key: The secret; None where the value comes from a file.
    """

    hashes: Array = attrs.field(converter=_hashes)
    rules: tuple[Rule, ...]
    check: str
    key: str | None = attrs.field(default=None, repr=False)

    @classmethod
    def of(cls, identifiers: Iterable[tuple[IdentifierType, str]], *, key: str) -> "Forgotten":
        """The hashes of identifiers in their normal form.

        Raises:
            ArgumentError: If the key is no string of 1 to 64 bytes.
        """
        key, several = _key(key), list(identifiers)
        hashes = [hash_of(key, kind.name, value) for kind, value in several]
        rules = {_rule(kind) for kind, _ in several}
        return cls(np.array(hashes, dtype=f"S{2 * SIZE}"), tuple(sorted(rules)), _check(key), key)

    def __len__(self) -> int:
        """The number of identifiers."""
        return len(self.hashes)

    def __or__(self, other: object) -> "Forgotten":
        if not isinstance(other, Forgotten):
            return NotImplemented
        if self.check != other.check:
            raise ArgumentError(
                "Forgotten: these two were made with different keys, so the hashes of one say "
                "nothing to the other. Resolve with one, and forget the others anew with its key."
            )
        return Forgotten(
            np.concatenate([self.hashes, other.hashes]),
            tuple(sorted({*self.rules, *other.rules})),
            self.check,
            self.key if self.key is not None else other.key,
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Forgotten):
            return NotImplemented
        same = (self.rules, self.check) == (other.rules, other.check)
        return same and np.array_equal(self.hashes, other.hashes)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        types = ", ".join(sorted({rule[0] for rule in self.rules})) or "none"
        lacks = "" if self.key is not None else "; its key is to be given: with_key(key)"
        return f"Forgotten({len(self):,} identifiers, of the types {types}{lacks})"

    def with_key(self, key: str) -> "Forgotten":
        """The same with its key, after it was loaded.

        Raises:
            ArgumentError: If it is another key than that with which it was made.
        """
        if _check(_key(key)) != self.check:
            raise ArgumentError("Forgotten.with_key: key is not the one with which it was made.")
        return attrs.evolve(self, key=key)

    def opened(self, call: str) -> str:
        """The key.

        Raises:
            ArgumentError: If it was loaded, and the key not given.
        """
        if self.key is None:
            raise ArgumentError(
                f"{call}: forgotten comes from a file, where its key is not. Give it: "
                "forgotten.with_key(key)."
            )
        return self.key

    def without(self, log: EventLog, *, call: str) -> EventLog:
        """A log without the rows that have a forgotten identifier; the same log if none has."""
        kept = [~self.rows(table, call=call) for table in (log.events, log.facts)]
        if all(keep.all() for keep in kept):
            return log
        events, facts = (
            table.take(keep).compact()
            for table, keep in zip((log.events, log.facts), kept, strict=True)
        )
        return EventLog(events, facts, log.currency)

    def rows(self, table: Columns, *, call: str) -> Bools:
        """Which rows (n,) of a table of events or facts have a forgotten identifier."""
        out = np.zeros(len(table), dtype=bool)
        for name in table.data:
            kind = CUSTOMER if name == "customer" else None
            kind = type_of(name) if name.startswith(IDENTIFIER) else kind
            if kind is not None:
                out |= self._marked(kind, table.coded(name), table, call)
        return out

    def links(self, links: Links | None, *, call: str) -> Links | None:
        """Links without those of which an end is forgotten."""
        if links is None or not len(self):
            return links
        keep = np.ones(len(links), dtype=bool)
        for kinds, values in ((links.a_type, links.a_value), (links.b_type, links.b_value)):
            for at, kind in enumerate(kinds.vocab):
                here = kinds.codes == at
                keep &= ~(here & self._of(kind, values, None, call))
        return links.only(keep)

    def _marked(self, kind: str, column: Coded, table: Columns, call: str) -> Bools:
        if missing(column).all():
            return np.zeros(len(column), dtype=bool)
        source = table.coded(SOURCE) if SOURCE in table else nothing(len(table))
        return self._of(kind, column, source, call)

    def _of(self, kind: str, column: Coded, source: Coded | None, call: str) -> Bools:
        """Which values (n,) of a type are forgotten, read by each rule that the type had."""
        out = np.zeros(len(column), dtype=bool)
        for rule in self.rules:
            if rule[0] != kind or not len(self):
                continue
            out |= self._by(rule, column.compact(), source, self.opened(call))
        return out

    def _by(self, rule: Rule, column: Coded, source: Coded | None, key: str) -> Bools:
        name, normalise, region, per_source = rule
        kind = IdentifierType(name, rank=1, normalise=normalise, region=region or None)
        known = set(self.hashes.tolist())
        if not per_source:
            made = readings(kind, IdentityPolicy([kind], blocked=()), column.vocab).to_pylist()
            gone = [self._known(known, key, name, value) for value in made]
            return np.append(np.array(gone, dtype=bool), False)[column.codes]
        read = kind.reader()
        words = [word or "" for word in column.decode()]
        if source is None:  # of a link: "source:value"
            pairs = [(w.partition(":")[2], w.partition(":")[0]) for w in words]
        else:
            pairs = [
                (w, quote(s or "", safe="")) for w, s in zip(words, source.decode(), strict=True)
            ]
        told = {
            (word, where): self._known(known, key, name, _within(read(word), where))
            for word, where in set(pairs)
        }
        return np.array([told[pair] for pair in pairs], dtype=bool)

    def _known(self, known: set[bytes], key: str, name: str, value: str | None) -> bool:
        return value is not None and hash_of(key, name, value) in known


def _rule(kind: IdentifierType) -> Rule:
    return kind.name, kind.normalise, kind.region or "", kind.per_source


def _within(value: str | None, source: str) -> str | None:
    return None if value is None else f"{source}:{value}"


def hash_of(key: str, name: str, value: str) -> bytes:
    """The keyed hash of an identifier in its normal form, in hexadecimal digits."""
    said = f"{name}\x1f{value}".encode()
    made = hashlib.blake2b(said, key=key.encode(), digest_size=SIZE, person=PURPOSE)
    return made.hexdigest().encode()


def _check(key: str) -> str:
    return hashlib.blake2b(b"check", key=key.encode(), digest_size=8, person=PURPOSE).hexdigest()
