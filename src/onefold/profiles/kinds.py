"""Kinds of event that traits ask for and that no event has: a slip of the pen, more often than not.

Count("purchas") reads 0 of everybody, and nothing is wrong with that. So it is said aloud:

    no event of kind 'purchas' here (did you mean 'purchase'?): count
"""

from collections.abc import Iterable, Mapping, Sequence

import attrs
import numpy as np

from onefold._check import hint
from onefold._columns import Columns
from onefold.ledger import Ledger
from onefold.profiles.said import NAME, short
from onefold.traits.conversion import Conversion, ViewedNotBought
from onefold.traits.protocol import Trait
from onefold.traits.returns import ReturnShare

SETTINGS: Mapping[type, Sequence[str]] = {  # that hold kinds of event, where not just `event`
    Conversion: ("start", "to"),
    ViewedNotBought: ("view", "buy"),
    ReturnShare: ("event", "of"),
}
KNOWN = 1_000  # kinds that are compared with what was asked for
WITHIN = ("trait", "chosen")  # where a window or a measure holds what it reads


@attrs.frozen
class Unheard:
    """A kind that no event has, and the names of the traits that ask for it."""

    kind: str
    hint: str  # "did you mean 'x'?", or nothing
    traits: tuple[str, ...]

    def __str__(self) -> str:
        meant = f" ({self.hint})" if self.hint else ""
        return f"no event of kind '{short(self.kind, NAME)}' here{meant}"


def unheard(traits: Iterable[Trait], ledger: Ledger) -> tuple[Unheard, ...]:
    """The kinds of event that some trait asks for and no event has; none, if there are no events.

    Events that `keep=` let go were of their kinds as well.
    """
    held = {kind: None for table in (ledger.events, ledger.cells) for kind in _kinds(table)}
    if not held:
        return ()
    asked: dict[str, list[str]] = {}
    for trait in traits:
        for kind in asked_for(trait):
            if kind not in held:
                asked.setdefault(kind, []).append(trait.name)
    near = [kind[:NAME] for kind in list(held)[:KNOWN]] if asked else []
    return tuple(
        Unheard(kind, hint(kind[:NAME], near).replace(" Did", "did", 1), tuple(names))
        for kind, names in asked.items()
    )


def asked_for(trait: object) -> list[str]:
    """The kinds of event that a trait names, also inside windows and filters."""
    settings = SETTINGS.get(type(trait), ("event",))
    own = [getattr(trait, setting, None) for setting in settings]
    inner = [getattr(trait, name) for name in WITHIN if hasattr(trait, name)]
    kinds = [kind for kind in own if isinstance(kind, str)]
    return list(dict.fromkeys([*kinds, *(kind for one in inner for kind in asked_for(one))]))


def _kinds(table: Columns) -> list[str]:
    """The kinds that occur, the most frequent first."""
    held = table.coded("kind")
    counts = np.bincount(held.codes, minlength=len(held.vocab))
    order = np.argsort(-counts, kind="stable").tolist()
    return [str(held.vocab[code]) for code in order if counts[code]]
