"""Records of people, linked by names and addresses: a table comes in, weak links come out.

Two records may be one person's although no identifier says so. Fellegi and Sunter weigh what
agrees and what does not; with m and u the shares of pairs in which a comparison comes out as it
did here, among pairs of one person's records and among pairs of two people's,

    log odds(one person | pair)  =  log odds(before)  +  sum over comparisons of log(m / u)

Splink (the extra `linkage`) learns u from random pairs and m by expectation-maximisation, without
any pair of which the truth is told. Names, typing errors and rare values are its business; which
columns are compared, and which pairs are looked at, is decided here.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from onefold._check import fraction, hint, is_several, quoted, shown, whole
from onefold._columns import Coded
from onefold._random import generator
from onefold._types import Floats, Ints, Names, Rng
from onefold.errors import ArgumentError
from onefold.events import door
from onefold.identity import records
from onefold.identity.blocking import Rule, planned
from onefold.identity.links import Links, type_name
from onefold.identity.records import Field
from onefold.identity.splinking import scored

LEAST = 100  # records: of fewer, the shares m and u can't be learned


def link_records(
    frame: Any,
    *,
    id: str,
    id_type: str | None = None,
    given_name: str | None = None,
    surname: str | None = None,
    date_of_birth: str | None = None,
    address: str | Names = (),
    postcode: str | None = None,
    email: str | None = None,
    phone: str | None = None,
    numbers: str | Names = (),
    other: str | Names = (),
    comparisons: Sequence[Any] = (),
    blocking: Sequence[str | Names] | None = None,
    effort: int = 200,
    threshold: float = 0.9,
    rng: Rng = 0,
) -> Links:
    """Find the records in a table that are probably one person's, as weak links.

    The probability of a pair is that of Fellegi and Sunter's model (see the head of this module),
    as Splink estimates it: u on random pairs, m by expectation-maximisation in blocks, the odds
    before from the pairs that agree on what nearly tells a person. A value that many have counts
    for less than a rare one. No truth is needed, and none is used.

    Text is compared in small letters, without accents and signs; a missing value says nothing.
    The result does not depend on the order of rows.

    Args:
        frame: A pandas, polars, pyarrow or duckdb frame with one row a record, at least 100.
        id: Column of the records' keys, each once, none missing.
        id_type: The type of identifiers that the keys are, or a column of types where the table is
            of several sources; None: the name of the column `id`.
        given_name: Column of given names. Where `surname` is told too, both may be swapped.
        surname: Column of surnames.
        date_of_birth: Column of dates, or of text that is all in one format.
        address: Column or columns of the address but the postcode: number, street, suburb.
        postcode: Column of postcodes.
        email: Column of e-mail addresses.
        phone: Column of phone numbers; the last nine digits are compared.
        numbers: Column or columns that nearly tell a person and may be mistyped: a national id,
            the number of a card.
        other: Column or columns that agree or don't, such as gender or country.
        comparisons: Further comparisons of Splink's own, of columns of the frame:
            `[splink.comparison_library.ExactMatch("club")]`.
        blocking: Which pairs are looked at: those that agree on all columns of one of these, such
            as `["email", ["surname", "postcode"]]`. None: the agreements on one or two columns
            that leave the fewest pairs, up to `effort`.
        effort: How many pairs to look at for each record, at most, where `blocking` is None.
        threshold: The probability from which on a pair becomes a link, above 0 and below 1.
        rng: The seed of the random pairs.

    Returns:
        Weak links between `(type, key)` pairs, with their probabilities.

    Raises:
        ColumnError: If a column is not there, or a key is missing or occurs twice.
        ArgumentError: If no column to compare is named, there are fewer than 100 records, or
            nothing can be learned from them.
        MissingExtra: If Splink is not installed.

    Examples:
        >>> import pandas as pd
        >>> people = pd.DataFrame({
        ...     "last": [f"{a}{b}" for a in ("brook", "hart", "lang", "win") for b in range(30)],
        ...     "born": [f"19{50 + i // 30}-{i % 12 + 1:02}-{i % 27 + 1:02}" for i in range(120)],
        ...     "mail": [f"{i}@x.org" for i in range(120)]})
        >>> slips = people.assign(last=people["last"] + "e", mail=None)
        >>> slips.loc[::2, "mail"] = people["mail"]
        >>> crm = pd.concat([people, slips]).assign(crm_id=range(240))
        >>> links = link_records(
        ...     crm, id="crm_id", surname="last", date_of_birth="born", email="mail"
        ... ).to_pandas()
        >>> ("0", "120") in set(zip(links["a_value"], links["b_value"]))
        True

    References:
        Fellegi and Sunter, "A theory for record linkage", Journal of the American Statistical
        Association 64 (1969), 1183-1210.
    """
    call = "link_records"
    opened = door.opened(frame, call)
    keys, types = _keys(opened, id, id_type)
    least = fraction(threshold, f"{call}: threshold")
    seed = int(generator(rng).integers(2**31))
    fields = records.fields(
        opened,
        {
            "given_name": given_name,
            "surname": surname,
            "date_of_birth": date_of_birth,
            "address": address,
            "postcode": postcode,
            "email": email,
            "phone": phone,
            "numbers": numbers,
            "other": other,
        },
    )
    if not is_several(comparisons):
        raise ArgumentError(
            f"{call}: comparisons is {shown(comparisons)}; it takes a list of Splink's comparisons."
        )
    if len(fields) < 2:
        raise ArgumentError(
            f"{call}: {len(fields)} columns to compare; it takes at least two, of which each is "
            "judged by the others: given_name='first', surname='last', email='mail'."
        )
    if len(opened) < LEAST:
        raise ArgumentError(
            f"{call}: frame holds {len(opened):,} records; how telling an agreement is can't be "
            f"learned from fewer than {LEAST}. Tell links that you know with Links.must."
        )
    order = np.lexsort((keys.codes, types.codes))  # so that the order of rows does not matter
    fields = [field.take(order) for field in fields]
    plan = planned(fields, _rules(blocking, fields, call), effort=whole(effort, f"{call}: effort"))
    if not plan.look:  # no two records agree on anything
        return _links(types, keys, *(np.zeros(0, dtype=np.int64),) * 2, np.zeros(0))
    if not plan.learn:
        raise ArgumentError(
            f"{call}: too few records agree on a column to learn from, or too many. Name more "
            "columns, or raise effort=."
        )
    further = {
        name: opened.column(name, "comparisons").take(pa.array(order))
        for name in (opened.names if len(comparisons) else ())
    }
    left, right, chance = scored(
        fields, plan, further=further, comparisons=comparisons, least=least, seed=seed, call=call
    )
    return _links(types.take(order), keys.take(order), left, right, chance)


def _keys(opened: door.Door, id: str, id_type: str | None) -> tuple[Coded, Coded]:
    """Key and type (n,) of each record, checked to occur once."""
    keys = opened.ids(id, "id")
    types = door.constant(id, len(opened))
    if id_type is not None:
        types = opened.texts(id_type, "id_type")
    for column, held, argument in ((id, keys, "id"), (id_type, types, "id_type")):
        gone = int((held.codes < 0).sum())
        if gone:
            raise opened.error(str(column), argument, f"is missing in {gone:,} rows.")
    for name in types.compact().vocab:  # a few types, not rows
        type_name(name, f"{opened.call}: id_type")
    both = types.codes.astype(np.int64) * len(keys.vocab) + keys.codes
    first = np.unique(both, return_index=True)[1]
    if len(first) < len(both):
        repeated = np.setdiff1d(np.arange(len(both)), first)
        some = [keys.vocab[int(code)] for code in np.unique(keys.codes[repeated])[:3]]
        raise opened.error(
            id,
            "id",
            f"holds {len(repeated):,} keys more than once, such as {quoted(some)}. Keep one row "
            "for each record, or give each row a key of its own.",
        )
    return keys, types


def _rules(blocking: Any, fields: Sequence[Field], call: str) -> tuple[Rule, ...] | None:
    """Blocks by names of columns, as blocks by names of fields."""
    if blocking is None:
        return None
    if not is_several(blocking) or not len(blocking):
        raise ArgumentError(
            f"{call}: blocking is {shown(blocking)}; it takes a list of columns, or of lists of "
            "columns: ['email', ['surname', 'postcode']]."
        )
    names = {field.column: field.name for field in fields}
    out: list[Rule] = []
    for given in blocking:  # a few rules
        listed = [given] if not is_several(given) else list(given)
        if not listed:
            raise ArgumentError(f"{call}: blocking holds {shown(given)}; a block names a column.")
        for column in listed:
            if column not in names:
                raise ArgumentError(
                    f"{call}: blocking holds {shown(column)}, which is no column that is compared. "
                    f"These are: {quoted(names)}.{hint(column, names)}"
                )
        out.append(tuple(names[column] for column in listed))
    return tuple(out)


def _links(types: Coded, keys: Coded, left: Ints, right: Ints, chance: Floats) -> Links:
    ends = {"a": left, "b": right}
    frame = {f"{end}_type": types.take(rows).decode() for end, rows in ends.items()}
    frame |= {f"{end}_value": keys.take(rows).decode() for end, rows in ends.items()}
    return Links.weak(pd.DataFrame(frame | {"probability": chance}))
