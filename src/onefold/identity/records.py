r"""Records of people, made comparable: one column of plain text for each thing that is compared.

What is written in two ways by the same person is written in one way here, and what is empty is
missing:

    "  O'Brïen-Smith " -> "obrien smith"     "+44 20 7946 0958" -> "079460958"
    "1956-04-09" -> "19560409"               " Ann@X.org" -> "ann@x.org"
"""

from collections.abc import Mapping, Sequence

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from onefold._check import is_several, shown
from onefold._columns import Coded
from onefold._types import Ints
from onefold.errors import ArgumentError
from onefold.events.door import Door, coded

SINGLE = ("given_name", "surname", "date_of_birth", "postcode", "email", "phone")
SEVERAL = ("address", "numbers", "other")  # these take several columns
PREFIX = "of_"  # so that no name is that of a column of the frame
LONGEST = 200  # characters; a comparison takes time by the product of two lengths
DIGITS = 9  # of a phone number, from the end: what comes before depends on where one dials


@attrs.frozen(eq=False)
class Field:
    """One thing that is compared: its role, its name in the model, its column, its text (n,)."""

    role: str
    name: str
    column: str
    held: Coded

    def take(self, order: Ints) -> "Field":
        """The same, of the given records."""
        return attrs.evolve(self, held=self.held.take(order))


def fields(opened: Door, columns: Mapping[str, object]) -> list[Field]:
    """The things to compare, from the columns of each role (a name, several, or None)."""
    out: list[Field] = []
    for role, given in columns.items():
        listed = _listed(given, f"{opened.call}: {role}", several=role in SEVERAL)
        for i, column in enumerate(listed):
            name = f"{PREFIX}{role}_{i}" if role in SEVERAL else f"{PREFIX}{role}"
            out.append(Field(role, name, column, _clean(opened, column, role)))
    return out


def _listed(given: object, name: str, *, several: bool) -> Sequence[str]:
    if given is None:
        return ()
    if isinstance(given, str):
        return (given,)
    if not several or not is_several(given):
        takes = "the name of a column, or several" if several else "the name of a column"
        raise ArgumentError(f"{name} is {shown(given)}; it takes {takes}.")
    return tuple(given)  # type: ignore[arg-type]


def _clean(opened: Door, column: str, role: str) -> Coded:
    """A column of one role, each distinct value cleaned once."""
    held = opened.column(column, role)
    if pa.types.is_temporal(held.type) and role == "date_of_birth":
        words = coded(pc.strftime(held, format="%Y%m%d"))
    elif pa.types.is_floating(held.type):
        raise opened.error(column, role, "holds decimals; it takes text or whole numbers.")
    else:
        words = opened.ids(column, role)
    plain = coded(_plain(words.vocab.text, role))
    codes = np.append(plain.codes, np.int32(-1))[words.codes]
    return Coded(codes, plain.vocab).compact()


def _plain(text: pa.Array, role: str) -> pa.Array:
    """Text in the one way in which a role is compared, its beginning where it is very long."""
    text = pc.utf8_lower(pc.utf8_slice_codeunits(pc.utf8_trim_whitespace(text), 0, LONGEST))
    if role == "email":
        return text
    if role in ("phone", "date_of_birth"):
        digits = pc.replace_substring_regex(text, r"[^0-9]", "")
        return pc.utf8_slice_codeunits(digits, -DIGITS) if role == "phone" else digits
    marks = pc.replace_substring_regex(pc.utf8_normalize(text, form="NFKD"), r"\p{M}", "")
    if role == "numbers":
        return pc.replace_substring_regex(marks, r"[^\pL\pN]", "")
    joined = pc.replace_substring_regex(marks, r"['’`.]", "")
    return pc.utf8_trim_whitespace(pc.replace_substring_regex(joined, r"[^\pL\pN]+", " "))
