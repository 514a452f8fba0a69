"""The door: frames of any make come in, and leave it as checked numpy columns.

pandas, polars, pyarrow and duckdb frames are read through narwhals and Arrow. Here, and
only here, strings become codes, decimals become micros, and local clocks become UTC:

    "4.90" EUR -> 4_900_000        naive 08:30 with tz="Europe/Berlin" -> 07:30 UTC
"""

import difflib
from collections.abc import Mapping
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from onefold import _text, _time
from onefold._check import hint, is_several, quoted, shown, unicode
from onefold._columns import Coded, is_same_in_all, same_in_all
from onefold._types import (
    MICROS,
    NO_MONEY,
    NO_OFFSET,
    Array,
    Bools,
    Codes,
    Floats,
    Hashes,
    Ints,
    Times,
)
from onefold._vocab import EMPTY, Vocab, ranked
from onefold.errors import ArgumentError, ColumnError
from onefold.events.tables import free_name

MOST_MICROS = 2**63 - 1
NEAR = 0.85  # a constant as like as this to the name of a column is taken for a slip
AT_ONCE = 1 << 16  # amounts, so that what is made of them stays in the cache


@attrs.frozen(eq=False)
class Door:
    """A frame, and the call in whose name its columns are asked for."""

    frame: Any
    call: str
    names: tuple[str, ...]

    def __len__(self) -> int:
        return int(self.frame.shape[0])

    def column(self, name: str, argument: str) -> pa.Array:
        """One column as an Arrow array, or an error that names the argument."""
        if not isinstance(name, str):
            raise ArgumentError(
                f"{self.call}: {argument}= is {shown(name)}; it takes the name of a column."
            )
        if name not in self.names:
            raise ColumnError(
                f"{self.call}: no column {name!r} ({argument}=). Columns: {quoted(self.names)}."
                f"{hint(name, self.names)}"
            )
        try:
            held = self.frame[name].to_arrow()
        except (pa.ArrowInvalid, pa.ArrowTypeError, UnicodeEncodeError, TypeError) as error:
            raise ColumnError(
                f"{self.call}: column {name!r} ({argument}=) holds values of several types, or "
                f"text that is not valid Unicode: {error}. Give it one type first."
            ) from error
        except (OverflowError, pa.ArrowNotImplementedError) as error:
            raise ColumnError(
                f"{self.call}: column {name!r} ({argument}=) holds what no column of numbers, text "
                f"or times can hold: {error}. Convert it first, for example with .astype(float)."
            ) from error
        held = held.combine_chunks() if isinstance(held, pa.ChunkedArray) else held
        if pa.types.is_dictionary(held.type) and not _text.is_text(held.type.value_type):
            held = held.cast(held.type.value_type)
        return held

    def error(self, name: str, argument: str, problem: str) -> ColumnError:
        """The error that a column holds what is not allowed."""
        return ColumnError(f"{self.call}: column {name!r} ({argument}=) {problem}")

    def ids(self, name: str, argument: str) -> Coded:
        """Identifiers: strings, or whole numbers that become strings."""
        held = self.column(name, argument)
        if pa.types.is_floating(held.type):
            raise self.error(
                name,
                argument,
                "holds decimals, which lose digits as ids. Convert it first: "
                f"frame[{name!r}].astype('Int64') in pandas, .cast(pl.Int64) in polars.",
            )
        return self._coded(held, name, argument)

    def keys(self, name: str, argument: str) -> tuple[Hashes, Bools]:
        """Hashes (n,) of identifiers that need not be read again, and which are there."""
        held = self.column(name, argument)
        if not _text.is_text(held.type):
            words = self.ids(name, argument)
            return np.append(words.vocab.hashes, np.uint64(0))[words.codes], words.codes >= 0
        held = _text.plain(held)
        known = pc.greater(pc.binary_length(held), 0)
        return _text.hash_text(held), known.to_numpy(zero_copy_only=False)

    def texts(self, name: str, argument: str) -> Coded:
        """A column, or one constant string where there is no such column."""
        if isinstance(name, str) and name not in self.names and name:
            self._is_no_slip(unicode(name, f"{self.call}: {argument}="), argument)
            return constant(name, len(self))
        return self._coded(self.column(name, argument), name, argument)

    def _is_no_slip(self, name: str, argument: str) -> None:
        """Refuses a constant that looks like a column which is misspelt, or is not there."""
        near = self._near(name)
        if near is not None:
            raise ColumnError(
                f"{self.call}: no column {name!r} ({argument}=), but there is {near!r}. Write "
                f"{argument}={near!r}; if {name!r} is meant to stand in every row, use another "
                "word, or rename the column, since a constant may not be so like its name."
            )
        if name.casefold() == argument or (argument == "currency" and "curr" in name.casefold()):
            example = ", or a code such as 'EUR'" if argument == "currency" else ""
            raise ColumnError(
                f"{self.call}: no column {name!r} ({argument}=). Columns: {quoted(self.names)}. "
                f"Give the name of one of them{example}; {name!r} is not taken as a constant."
            )

    def _near(self, name: str) -> str | None:
        """The column whose name is likest to this, if it is near and could be read as text."""
        import narwhals as nw

        word, best, most = name.casefold(), None, NEAR
        for column in self.names:
            other = column.casefold()
            kind = self.frame.schema[column]
            number = kind.is_numeric() and not kind.is_integer()
            if other != word and (number or kind.is_temporal() or kind == nw.Boolean):
                continue
            like = difflib.SequenceMatcher(None, other, word).ratio()
            if like >= most:
                best, most = column, like
        return best

    def _coded(
        self, held: pa.Array, name: str, argument: str, takes: str = "strings or whole numbers"
    ) -> Coded:
        kind = held.type
        if pa.types.is_integer(kind):
            return whole_numbers(held)
        if not (_text.is_text(kind) or pa.types.is_null(kind) or pa.types.is_dictionary(kind)):
            raise self.error(name, argument, f"is of type {kind}; it takes {takes}.")
        try:
            held.validate(full=True)  # Arrow takes any bytes for text
        except pa.ArrowInvalid as error:
            raise self.error(
                name, argument, f"holds text that is not valid Unicode: {error}."
            ) from error
        return coded(held)

    def has_hours(self, name: str, argument: str) -> bool:
        """Whether a column of instants tells the hour: dates don't."""
        return not pa.types.is_date(self.column(name, argument).type)

    def times(self, name: str, argument: str, tz: str | None) -> Times:
        """Instants (n,) in UTC; a naive column is read in the zone `tz`."""
        held = self.column(name, argument)
        if not (pa.types.is_timestamp(held.type) or pa.types.is_date(held.type)):
            how = _how_to_instants(held.type, f"frame[{name!r}]")
            raise self.error(name, argument, f"is of type {held.type}; it takes instants. {how}")
        if held.null_count:
            raise self.error(
                name,
                argument,
                f"is missing in {held.null_count:,} of {len(held):,} rows. An event without a time "
                "can't be placed; leave these rows out, or give them a time.",
            )
        try:
            moments = _micros(held)
        except pa.ArrowInvalid as error:
            raise self.error(name, argument, f"can't be read as instants: {error}") from error
        self._in_range(moments, name, argument)
        if _is_aware(held.type):
            return moments
        if tz is None:
            raise self.error(
                name,
                argument,
                "has no time zone. Say in which its clock ran: tz='UTC', tz='Europe/Berlin'.",
            )
        return _from_local(moments, tz, f"{self.call}: tz")

    def some_times(self, name: str, argument: str, tz: str | None) -> Times:
        """Instants (n,) in UTC, NaT where missing."""
        held = self.column(name, argument)
        if not held.null_count:
            return self.times(name, argument, tz)
        out = np.full(len(held), np.datetime64("NaT", "us"))
        known = np.flatnonzero(pc.is_valid(held).to_numpy(zero_copy_only=False))
        if len(known):
            some = opened(pa.table({name: held.take(pa.array(known))}), self.call)
            out[known] = some.times(name, argument, tz)
        return out

    def _in_range(self, moments: Times, name: str, argument: str) -> None:
        bad = (moments < _time.EARLIEST) | (moments >= _time.LATEST)
        if bad.any():
            raise self.error(
                name,
                argument,
                f"holds {int(bad.sum()):,} instants outside 1700 to 2200, the first of them "
                f"{moments[bad][0]}. Mend the clock, or leave these rows out.",
            )

    def money(self, name: str, argument: str) -> Ints:
        """Amounts (n,) in micros, rounded to the nearest, ties to even."""
        held = self.column(name, argument)
        if pa.types.is_decimal(held.type):
            return self._exact(held, name, argument)
        amounts = self._numbers(held, name, argument)
        if pa.types.is_integer(held.type):  # exact where floats are not
            self._fit(amounts, name, argument)
            exact = np.asarray(pc.fill_null(held, 0).cast(pa.int64())) * MICROS
            exact[np.isnan(amounts)] = NO_MONEY
            return exact
        out = np.empty(len(amounts), dtype=np.int64)
        for start in range(0, len(amounts), AT_ONCE):
            some = amounts[start : start + AT_ONCE]
            gone = self._fit(some, name, argument)
            whole = np.rint(np.where(gone, 0.0, some) * MICROS).astype(np.int64)
            whole[gone] = NO_MONEY
            out[start : start + AT_ONCE] = whole
        return out

    def _fit(self, amounts: Floats, name: str, argument: str) -> Bools:
        """Which amounts are missing, if all others fit."""
        over = np.abs(amounts) >= MOST_MICROS / MICROS
        if over.any():
            raise self._overflow(name, argument, amounts[over][0])
        return np.isnan(amounts)

    def _exact(self, held: pa.Array, name: str, argument: str) -> Ints:
        """Decimals: rounded to six places exactly, then read as the whole numbers they are."""
        try:
            wide = held.cast(pa.decimal256(76, max(held.type.scale, 6)))
            rounded = pc.round(wide, 6, round_mode="half_to_even")
            fits = rounded.cast(pa.decimal128(19, 6))
            words = np.frombuffer(fits.cast(pa.decimal128(38, 6)).buffers()[1], dtype="<i8")
            words = words.reshape(-1, 2)[fits.offset : fits.offset + len(held)]
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            words = np.zeros((0, 2), dtype=np.int64)
        known = pc.is_valid(held).to_numpy(zero_copy_only=False)
        high = (words[:, 1] != words[:, 0] >> 63) | (words[:, 0] == NO_MONEY)  # which is missing
        if len(words) != len(held) or (high & known).any():
            most = pc.max(pc.abs(held)).as_py()
            raise self._overflow(name, argument, most)
        return np.where(known, words[:, 0], NO_MONEY)

    def _overflow(self, name: str, argument: str, amount: object) -> ColumnError:
        return self.error(
            name,
            argument,
            f"holds {amount}; amounts up to 9.2e12 in either direction fit. Use a larger unit.",
        )

    def numbers(self, name: str, argument: str) -> Floats:
        """Measures (n,), NaN where missing."""
        return self._numbers(self.column(name, argument), name, argument)

    def _numbers(self, held: pa.Array, name: str, argument: str) -> Floats:
        kind = held.type
        if pa.types.is_decimal(kind):
            held = pc.cast(held, pa.float64())
        elif not (
            pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_null(kind)
        ):
            how = _how_to_numbers(kind, f"frame[{name!r}]")
            raise self.error(name, argument, f"is of type {kind}; it takes numbers. {how}")
        out = pc.cast(held, pa.float64(), safe=False).to_numpy(zero_copy_only=False)
        out = np.array(out, dtype=np.float64)
        if np.isinf(out).any():
            raise self.error(name, argument, "holds an infinite number; leave it missing instead.")
        return out

    def anything(self, name: str, argument: str) -> Coded | Floats:
        """Numbers as floats; strings, dates and booleans as coded text."""
        held = self.column(name, argument)
        kind = held.type
        if pa.types.is_boolean(kind):
            return coded(pc.if_else(held, "yes", "no"))
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            return coded(pc.strftime(held, format="%Y-%m-%d"))
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            return self._numbers(held, name, argument)
        return self._coded(held, name, argument, "strings, numbers, dates or booleans")


def _how_to_instants(kind: pa.DataType, column: str) -> str:
    """What to do with what is no instant: pandas takes bare numbers for nanoseconds."""
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return (
            f"If it counts seconds since 1970, give pandas.to_datetime({column}, unit='s'), of "
            "milliseconds unit='ms'; if it is written like 20240131, "
            f"pandas.to_datetime({column}.astype(str), format='%Y%m%d')."
        )
    if _text.is_text(kind) or pa.types.is_dictionary(kind):
        return (
            f"Convert it first, for example with pandas.to_datetime({column}, "
            "format='%Y-%m-%d %H:%M:%S'). Say the format: a guess can swap day and month."
        )
    return f"Convert it first, for example with pandas.to_datetime({column})."


def _how_to_numbers(kind: pa.DataType, column: str) -> str:
    """What to do with a column that holds no numbers."""
    if _text.is_text(kind) or pa.types.is_dictionary(kind):
        return (
            f"Convert it first with pandas.to_numeric({column}); where it has a decimal comma, "
            f"pandas.to_numeric({column}.str.replace(',', '.'))."
        )
    if pa.types.is_boolean(kind):
        return f"Convert it first with {column}.astype(int)."
    return "Convert it first, or name another column."


def opened(frame: Any, call: str) -> Door:
    """The door for a frame of any make that narwhals knows."""
    import narwhals as nw

    try:
        native = nw.from_native(frame)
    except TypeError as error:
        raise ArgumentError(
            f"{call}: frame is a {type(frame).__name__}; it takes a pandas, polars, pyarrow or "
            "duckdb frame. Make one first, for example with pandas.DataFrame(...)."
        ) from error
    except Exception as error:
        raise ArgumentError(f"{call}: frame can't be read: {error}") from error
    if isinstance(native, nw.LazyFrame):
        try:
            native = native.collect("pyarrow")
        except Exception as error:  # whatever polars or duckdb raise
            first = str(error).strip().split("\n")[0].rstrip(".")
            raise ArgumentError(
                f"{call}: frame is a query that fails: {first}. Mend the query; frame.collect() in "
                "polars, or .fetchall() in duckdb, shows the whole error."
            ) from error
    names = tuple(native.columns)
    if not all(isinstance(name, str) for name in names):
        raise ArgumentError(f"{call}: frame has column names that are not strings: {names!r}.")
    return Door(native, call, names)


def coded(strings: pa.Array) -> Coded:
    """Arrow strings as codes into their sorted vocabulary; null and '' are missing."""
    if pa.types.is_null(strings.type) or not len(strings):
        return Coded(np.full(len(strings), -1, dtype=np.int32), EMPTY)
    if pa.types.is_dictionary(strings.type):  # a category may lie unused, or twice
        words = coded(strings.dictionary)
        indices = pc.fill_null(strings.indices.cast(pa.int64()), -1).to_numpy(zero_copy_only=False)
        return Coded(np.append(words.codes, np.int32(-1))[indices], words.vocab).compact()
    codes, words = _text.encode(strings)
    vocab, rank = ranked(words)
    if len(vocab) and vocab[0] == "":
        vocab, rank = vocab.take(np.arange(1, len(vocab))), rank - np.int32(1)  # '' becomes -1
    return Coded(rank[codes], vocab)


def whole_numbers(numbers: pa.Array) -> Coded:
    """Arrow integers as codes into the sorted vocabulary of their decimal strings."""
    encoded = pc.dictionary_encode(numbers)
    words = coded(encoded.dictionary.cast(pa.large_string()))
    return Coded(np.append(words.codes, np.int32(-1))[_indices(encoded.indices)], words.vocab)


def _indices(indices: pa.Array) -> Codes:
    whole = pc.fill_null(indices, -1) if indices.null_count else indices
    out: Codes = whole.to_numpy(zero_copy_only=False)
    return out


def constant(string: str, n: int) -> Coded:
    """One string in every row."""
    return Coded(same_in_all(np.int32(0), n), Vocab(np.array([string], dtype=object)))


def clocks(times: Times, zones: Coded, argument: str) -> Codes:
    """Seconds (n,) by which each row's local clock is ahead of UTC."""
    if len(zones.vocab) == 1 and is_same_in_all(zones.codes) and len(times):
        return _time.offsets(times, _time.zone(zones.vocab[0], argument))
    out = np.full(len(times), NO_OFFSET, dtype=np.int32)
    for code, name in enumerate(zones.vocab):  # a handful of zones, not rows
        rows = np.flatnonzero(zones.codes == code)
        out[rows] = _time.offsets(times[rows], _time.zone(name, argument))
    return out


def named(columns: Any, taken: tuple[str, ...], argument: str) -> Mapping[str, str]:
    """Columns by the names they get, from a mapping or a list; none replaces one of `taken`."""
    if not is_several(columns):
        said = shown(columns)
        raise ArgumentError(f"{argument} is {said}; it takes a list of columns: [{said}].")
    listed = isinstance(columns, Mapping)
    given = dict(columns).items() if listed else [(name, name) for name in columns]
    what = argument.rsplit(maxsplit=1)[-1]
    out: dict[str, str] = {}
    for name, column in given:
        if not listed and not isinstance(name, str):
            raise ArgumentError(f"{argument} holds {shown(name)}; it takes names of columns.")
        advice = f"Give it another name: {what}={{'{name}_told': {column!r}}}."
        free = free_name(name, taken, argument=argument, advice=advice)
        out[unicode(free, f"{argument}: a name")] = column
    return out


def _micros(held: pa.Array) -> Times:
    """Instants (n,) in microseconds; nanoseconds are rounded down, also before 1970."""
    if pa.types.is_timestamp(held.type) and held.type.unit == "ns":
        ticks: Ints = pc.cast(held, pa.int64()).to_numpy(zero_copy_only=False)
        return (ticks // 1000).astype("datetime64[us]")
    zone = "UTC" if _is_aware(held.type) else None
    plain = pc.cast(held, pa.timestamp("us", tz=zone))  # refuses overflow
    out: Times = plain.to_numpy(zero_copy_only=False).astype("datetime64[us]")
    return out


def _from_local(moments: Times, tz: str, argument: str) -> Times:
    where = _time.zone(tz, argument)
    local = pd.DatetimeIndex(moments)
    # An hour that happened twice is read as its first pass, one that was skipped as shifted on.
    first = np.ones(len(local), dtype=bool)
    aware = local.tz_localize(where, ambiguous=first, nonexistent="shift_forward")
    out: Array = aware.tz_convert("UTC").tz_localize(None).to_numpy()
    return out.astype("datetime64[us]")


def _is_aware(kind: pa.DataType) -> bool:
    return bool(pa.types.is_timestamp(kind) and kind.tz is not None)
