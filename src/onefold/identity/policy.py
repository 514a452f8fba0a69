"""The policy: which types of identifiers there are, and what is believed of them.

Who is who is a function of the set of evidence and of this value. It is hashed, and the hash
goes into every result:

    resolve(log, policy).version == policy.version
"""

import hashlib
import json
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import hint, is_several, one_of, quoted, shown, whole
from onefold._types import Duration
from onefold.errors import ArgumentError, UnknownName
from onefold.identity.kinds import IdentifierType, brief, patterns
from onefold.identity.normal import BLOCKED, BLOCKED_DEVICE, BLOCKED_EMAIL, BLOCKED_PHONE

CUSTOMER = "customer"
ATTRIBUTIONS = ("last_login", "session", "strict")
SECRET = ("key", "_sealed")
RULES = 1  # the version of the rules of resolving: part of every policy's hash


def _types(value: Any) -> tuple[IdentifierType, ...]:
    if isinstance(value, IdentifierType) or not is_several(value):
        said = shown(value)
        raise ArgumentError(f"IdentityPolicy: types is {said}; it takes a list: [{said}].")
    several = tuple(value)
    for kind in several:
        if not isinstance(kind, IdentifierType):
            raise ArgumentError(
                f"IdentityPolicy: types holds a {type(kind).__name__}; it takes "
                'IdentifierType("email", rank=5).'
            )
    for what in ("name", "rank"):
        held = [getattr(kind, what) for kind in several]
        twice = sorted({h for h in held if held.count(h) > 1})
        if twice:
            raise ArgumentError(
                f"IdentityPolicy: types holds the {what} {twice[0]!r} twice; each needs its own."
            )
    if not several:
        raise ArgumentError("IdentityPolicy: types is empty; it takes one type at least.")
    return tuple(sorted(several, key=lambda kind: kind.rank))


def _names(value: Any, argument: str) -> tuple[str, ...]:
    if not is_several(value) or not all(isinstance(v, str) and v for v in value):
        raise ArgumentError(
            f"IdentityPolicy: {argument} is {shown(value)}; it takes a list of names: ['login']."
        )
    return tuple(sorted(set(value)))


def _logins(value: Any) -> tuple[str, ...]:
    return _names(value, "logins")


def _logouts(value: Any) -> tuple[str, ...]:
    return _names(value, "logouts")


def _not_evidence(value: Any) -> tuple[str, ...]:
    return _names(value, "not_evidence")


def _deny_wins(value: Any) -> tuple[str, ...]:
    return _names(value, "deny_wins")


def _attribution(value: Any) -> str:
    return str(one_of(value, ATTRIBUTIONS, "IdentityPolicy: attribution"))


def _session(value: Duration) -> np.timedelta64:
    return _time.duration(value, "IdentityPolicy: session")


def _giant(value: Any) -> int:
    return whole(value, "IdentityPolicy: giant", least=2)


def _longest(value: Any) -> int:
    return whole(value, "IdentityPolicy: longest", least=1, most=1024)


def _blocked(value: Any) -> tuple[str, ...]:
    return patterns(value, "IdentityPolicy: blocked")


def _key(value: Any) -> str:
    if not isinstance(value, str) or len(value.encode("utf-8", "replace")) > 64:
        raise ArgumentError(
            f"IdentityPolicy: key is a {type(value).__name__}; it takes a string of at most 64 "
            "bytes."
        )
    return _written(value, "IdentityPolicy: key")


def _written(key: str, name: str) -> str:
    """A secret that can be written as bytes; the message does not show it."""
    try:
        key.encode()
    except UnicodeEncodeError:
        raise ArgumentError(f"{name} is not valid Unicode. Take another one.") from None
    return key


DEFAULT_TYPES = (
    IdentifierType(CUSTOMER, rank=1, limit=1),
    IdentifierType("user_id", rank=2, limit=1),
    IdentifierType("crm_id", rank=3, limit=2),
    IdentifierType("loyalty_card", rank=4, limit=2),
    IdentifierType(
        "email", rank=5, limit=5, max_owners=3, normalise="email", blocked=BLOCKED_EMAIL
    ),
    IdentifierType(
        "phone",
        rank=6,
        limit=5,
        period="730D",
        max_owners=3,
        normalise="phone",
        blocked=BLOCKED_PHONE,
    ),
    IdentifierType("social_id", rank=7, limit=5, max_owners=3, normalise="social"),
    IdentifierType("device", rank=8, limit=5, max_owners=3, vouches=False, blocked=BLOCKED_DEVICE),
    IdentifierType("cookie", rank=9, limit=20, period="90D", max_owners=3, vouches=False),
)


@attrs.frozen(repr=False)
class IdentityPolicy:
    """What is believed of identifiers: types with their guards, and rules for shared ones.

    Args:
        types: Types of identifiers, each with a name and a rank of its own. A log's column
            `customer` is the type "customer".
        logins: Kinds of events at which people prove who they are. Links of such events are
            believed before others of the same types.
        logouts: Kinds of events after which nobody is logged in.
        not_evidence: Kinds of events whose identifiers are not one person's, such as gift orders
            with the address of who receives it. They link nothing, and belong to whom their
            strongest identifier names.
        attribution: Whose an event is that came with nothing but a shared identifier. "session":
            of who was seen with it before in the same session, with a stronger identifier of their
            own, or else next in that session. "last_login": of who was seen with it last, in
            whatever session. "strict": of nobody but the shared device, which is a customer of its
            own; this is also what the others come down to.
        session: The pause that ends a session.
        giant: A connected lump of more identifiers than this is put in quarantine: nothing in it is
            linked but by must-links, and it is listed.
        longest: Values of more characters are no identifiers; at most 1024.
        blocked: Regular expressions of values that are no identifiers, of any type.
        deny_wins: Names of facts, or beginnings of names before a colon, of which a "no" stays
            where two people turn out to be one, unless the yes came later and with an identifier
            that tells people apart, or with the one that had said no and is not shared.
        key: A secret by which ids of customers are hashed: who has not got it can't find
            the id that belongs to an e-mail address. "" is no secret. It is neither shown nor
            saved; what is loaded gets it back by `with_key`.
        sealed: A hash of the key of a policy that was loaded, by which another key is told.

    Raises:
        ArgumentError: If an argument is not allowed.

    Examples:
        >>> policy = IdentityPolicy([IdentifierType("user", rank=1, limit=1),
        ...                          IdentifierType("cookie", rank=2, max_owners=1)])
        >>> policy.type("cookie").max_owners, len(policy.version)
        (1, 16)
    """

    types: tuple[IdentifierType, ...] = attrs.field(default=DEFAULT_TYPES, converter=_types)
    logins: tuple[str, ...] = attrs.field(
        default=("identify", "login", "sign_up"), converter=_logins, kw_only=True
    )
    logouts: tuple[str, ...] = attrs.field(default=("logout",), converter=_logouts, kw_only=True)
    not_evidence: tuple[str, ...] = attrs.field(default=(), converter=_not_evidence, kw_only=True)
    attribution: str = attrs.field(default="session", converter=_attribution, kw_only=True)
    session: np.timedelta64 = attrs.field(default="30min", converter=_session, kw_only=True)
    giant: int = attrs.field(default=5000, converter=_giant, kw_only=True)
    longest: int = attrs.field(default=1024, converter=_longest, kw_only=True)
    blocked: tuple[str, ...] = attrs.field(default=BLOCKED, converter=_blocked, kw_only=True)
    deny_wins: tuple[str, ...] = attrs.field(
        default=("consent",), converter=_deny_wins, kw_only=True
    )
    key: str = attrs.field(default="", converter=_key, kw_only=True, repr=False)
    _sealed: str | None = attrs.field(default=None, kw_only=True, repr=False)

    def __repr__(self) -> str:
        return brief(self)

    @property
    def version(self) -> str:
        """A hash of all settings: 16 hexadecimal digits, the same in every process."""
        held = attrs.asdict(self, recurse=True, filter=lambda field, _: field.name not in SECRET)
        said = json.dumps(held, sort_keys=True, default=_plain).encode()
        key = _digest(self.key) if self._sealed is None else bytes.fromhex(self._sealed)
        return hashlib.blake2b(said + key + bytes([RULES]), digest_size=8).hexdigest()

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the types, the strongest first."""
        return tuple(kind.name for kind in self.types)

    def type(self, name: str) -> IdentifierType:
        """The type of a name.

        Raises:
            UnknownName: If there is none.
        """
        for kind in self.types:
            if kind.name == name:
                return kind
        raise UnknownName(
            f"IdentityPolicy: no type {shown(name)}. Types: {quoted(self.names)}."
            f"{hint(name, self.names)}"
        )

    def sealed(self) -> "IdentityPolicy":
        """The same policy without its key, as it is saved: it makes no ids until it has it again.

        A policy without a key stays as it is.
        """
        return attrs.evolve(self, key="", sealed=_digest(self.key).hex()) if self.key else self

    def with_key(self, key: str) -> "IdentityPolicy":
        """The same policy with a key; one that was loaded gets the key with which it was saved.

        Raises:
            ArgumentError: If it was saved with another key.

        Examples:
            >>> DEFAULT.with_key("a secret") == IdentityPolicy(key="a secret")
            True
        """
        made = attrs.evolve(self, key=key, sealed=None)
        if self._sealed is not None and _digest(made.key).hex() != self._sealed:
            raise ArgumentError(
                "IdentityPolicy.with_key: key is not the one with which this policy was saved."
            )
        return made

    def opened(self, call: str) -> str:
        """The key.

        Raises:
            ArgumentError: If the policy was loaded, and its key has not been given.
        """
        if self._sealed is not None:
            raise ArgumentError(
                f"{call}: policy comes from a file, where its key is not. Give it: "
                "policy.with_key(key), or identities.with_key(key)."
            )
        return self.key

    def with_types(self, *types: IdentifierType) -> "IdentityPolicy":
        """The same policy with types added, or put in the place of those of the same name.

        A type in the place of another has none of its guards: what it does not say is as if
        nothing were said, also where a default type said more. To change some settings of a type
        and keep the others, take `changed`.

        Examples:
            >>> DEFAULT.with_types(IdentifierType("phone", rank=6, limit=2)).type("phone").limit
            2
        """
        new = {kind.name: kind for kind in _types(types)}
        return attrs.evolve(self, types=tuple({**{k.name: k for k in self.types}, **new}.values()))

    def changed(self, name: str, **settings: Any) -> "IdentityPolicy":
        """The same policy with some settings of one type changed; it keeps its other guards.

        Args:
            name: The type.
            **settings: Those of `IdentifierType`, but for the name: `region="DE"`, `limit=2`.

        Raises:
            UnknownName: If the policy has no such type.
            ArgumentError: If a setting is unknown or not allowed.

        Examples:
            >>> german = DEFAULT.changed("phone", region="DE")
            >>> german.type("phone").region, german.type("phone").max_owners
            ('DE', 3)
        """
        kind = self.type(name)
        known = [f.name for f in attrs.fields(IdentifierType) if f.name != "name"]
        for setting in settings:
            if setting not in known:
                raise ArgumentError(
                    f"IdentityPolicy.changed: {setting} is no setting of a type; allowed: "
                    f"{quoted(known)}.{hint(setting, known)}"
                )
        return self.with_types(attrs.evolve(kind, **settings))


def _digest(key: str) -> bytes:
    return hashlib.blake2b(key.encode(), digest_size=16).digest()


def _plain(value: Any) -> Any:
    return int(value / np.timedelta64(1, "us"))


DEFAULT = IdentityPolicy()
