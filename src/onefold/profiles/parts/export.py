"""Export: a Parquet file of the traits of everybody, one row a customer, written part by part.

All rows of a file have the same columns in the same types, which one part alone can't tell. So
parts are looked through first, but only for the traits of which it is not known yet:

    a number, or a text          known from the first customer who has it
    a number for each label      the largest labels over all parts, unless they are named
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from onefold._types import Array
from onefold.errors import ArgumentError, ContractError
from onefold.profiles.frames import checked_labels
from onefold.profiles.parts.disk import replacing, writing
from onefold.profiles.parts.layout import NUMBER, TEXT
from onefold.profiles.traits import TraitTable
from onefold.traits.wide import Wide

TYPES = {NUMBER: pa.float64(), TEXT: pa.string()}


@attrs.frozen
class Shown:
    """One column of the file: a trait or a fact, perhaps one label of it."""

    trait: str
    label: str | None
    type: str

    @property
    def name(self) -> str:
        """The name of the column."""
        return self.trait if self.label is None else f"{self.trait}: {self.label}"


def write(
    tables: Callable[[], Iterable[TraitTable]],
    path: Path,
    *,
    facts: Mapping[str, str],
    labels: Any,
    wide: int,
    call: str,
) -> None:
    """Write a row for each row of the tables, which are gone through twice at most.

    `facts` are the names of those that anybody has stated, and their types.
    """
    columns = _columns(tables(), facts, labels, wide, call)
    schema = pa.schema([("customer", pa.string()), *((c.name, TYPES[c.type]) for c in columns)])
    with (
        replacing(path, call) as work,
        writing(path, call),
        pq.ParquetWriter(work, schema, compression="zstd") as file,
    ):
        for table in tables():
            held = [pa.array(table.ids, pa.string()), *(_array(table, c) for c in columns)]
            file.write_table(pa.table(held, schema=schema))
            del table  # so that not two parts are held


def _columns(
    tables: Iterable[TraitTable], facts: Mapping[str, str], labels: Any, wide: int, call: str
) -> list[Shown]:
    """The columns of the file, in the order of the traits; facts come last."""
    fixed: dict[str, Sequence[str | None]] = {}  # labels of a trait, None where it has none
    types: dict[str, str] = {}
    empty: dict[str, str] = {}  # types of traits that nobody has
    sums: dict[str, Counter[str]] = {}
    names: list[str] = []
    given: dict[str, list[str]] = {}
    for table in tables:
        if not names:
            names = [trait.name for trait in table.traits]
            given = checked_labels(labels, table, f"{call}: labels")
        for name in [n for n in names if n not in types or n in sums]:
            reading = table.reading(name)
            if not isinstance(reading, Wide):
                fixed[name] = table.labels(name) if reading.ndim == 2 else [None]
                empty[name] = TEXT if reading.dtype == object else NUMBER
                types |= _type(reading, name)
            elif name in given:
                types[name] = NUMBER
            else:
                types[name] = NUMBER
                sums.setdefault(name, Counter()).update(_sums(reading))
        del table  # so that not two parts are held
        if not sums and types.keys() >= set(names):
            break
    for name, counted in sums.items():
        fixed[name] = sorted(sorted(counted, key=lambda label: (-counted[label], label))[:wide])
    fixed |= given
    types = {**empty, **types}
    out = [Shown(name, label, types[name]) for name in names for label in fixed[name]]
    out += [Shown(name, None, kind) for name, kind in sorted(facts.items()) if name not in names]
    twice = [name for name, count in Counter(c.name for c in out).items() if count > 1]
    if twice:
        raise ArgumentError(
            f"{call}: two columns would be called {twice[0]!r}. Give the trait or the fact "
            "another name."
        )
    return out


def _sums(reading: Wide) -> dict[str, float]:
    totals = np.bincount(reading.codes, reading.values, minlength=len(reading.labels))
    return dict(zip(reading.labels.tolist(), totals.tolist(), strict=True))


def _type(reading: Array, name: str) -> dict[str, str]:
    """The type of a trait, if anybody has it."""
    if reading.dtype != object:
        return {} if np.isnan(reading).all() else {name: NUMBER}
    kinds = {type(value) for value in reading.ravel().tolist()} - {type(None)}
    if not kinds:
        return {}
    if kinds == {str}:
        return {name: TEXT}
    if kinds <= {int, float}:
        return {name: NUMBER}
    raise _mixed(name)


def _mixed(name: str) -> ContractError:
    return ContractError(
        f"trait {name!r} is not text for everybody, nor a number for everybody; a column of a "
        "Parquet file has one type. Leave the trait out."
    )


def _array(table: TraitTable, column: Shown) -> pa.Array:
    """One column (n,) of a table, null where missing."""
    held = table.column(column.trait, column.label)
    if _type(held, column.trait).get(column.trait, column.type) != column.type:
        raise _mixed(column.trait)
    if column.type == NUMBER:
        return pa.array(held.astype(np.float64), from_pandas=True)
    if held.dtype != object:
        return pa.nulls(len(held), pa.string())
    return pa.array(held, pa.string())
