"""Decisions: lists that were drawn by chance, each item with the probability that it had.

    propensity       P(this item at this rank | the items above it)
    list_propensity  their product: P(this list)
    first_propensity P(this item at rank 1)

The columns are the same whatever the policy (`DECISION_SCHEMA`), so that what is logged today can
be read by whoever asks later what another policy would have brought: weight = target / logged.
"""

from collections.abc import Iterator
from typing import Any

import attrs
import numpy as np
import pandas as pd
import pyarrow as pa

from onefold._columns import frozen
from onefold._display import html_table, number, text_table
from onefold._types import Bools, Floats, Hashes, Ints, Times
from onefold.scoring.rank import Ranking

DECISION_SCHEMA = pa.schema(
    [
        pa.field("decision", pa.string(), nullable=False),
        pa.field("customer", pa.string(), nullable=False),
        pa.field("time", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("policy", pa.string(), nullable=False),
        pa.field("rank", pa.int32(), nullable=False),
        pa.field("item", pa.string(), nullable=False),
        pa.field("score", pa.float64(), nullable=False),
        pa.field("propensity", pa.float64(), nullable=False),
        pa.field("list_propensity", pa.float64(), nullable=False),
        pa.field("first_propensity", pa.float64(), nullable=False),
        pa.field("temperature", pa.float64(), nullable=False),
        pa.field("pool", pa.int32(), nullable=False),
        pa.field("cold", pa.bool_(), nullable=False),
    ]
)
"""The columns of a log of decisions and their types, the same for every policy."""


@attrs.frozen(eq=False, repr=False)
class Decisions:
    """Lists of items for customers, and the exact chance with which each item was shown.

    Made by `FittedScorer.sample`; `to_pandas` and `to_arrow` give one row for each item of each
    list, in the columns of `onefold.scoring.DECISION_SCHEMA`.

    Attributes:
        ranking: The lists.
        policy: The version of the policy.
        temperature: Of the draw.
        time: (n,) the moment of each decision.
        key: (n,) a hash of policy, customer, moment and seed.
        pool: (n,) how many items each list was drawn from.
        log: (m,) logarithm of the propensity of each item.
        first: (m,) logarithm of its probability at rank 1.
        cold: (m,) whether the rank was given to a cold item.
    """

    ranking: Ranking
    policy: str
    temperature: float
    time: Times = attrs.field(converter=frozen)
    key: Hashes = attrs.field(converter=frozen)
    pool: Ints = attrs.field(converter=frozen)
    log: Floats = attrs.field(converter=frozen)
    first: Floats = attrs.field(converter=frozen)
    cold: Bools = attrs.field(converter=frozen)

    def __len__(self) -> int:
        return len(self.ranking)

    def __iter__(self) -> Iterator[tuple[str, list[str]]]:
        """Customers with their lists."""
        return iter(self.ranking)

    def of(self, customer: str | int = 0) -> list[str]:
        """The list of one customer, in the order in which it is shown.

        Args:
            customer: An id, or a position from 0 (a whole number is a position, not an id).

        Raises:
            UnknownCustomer: If there is no such list.
        """
        return self.ranking.of(customer)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Decisions):
            return NotImplemented
        return bool(self.to_pandas().equals(other.to_pandas()))

    __hash__ = None  # type: ignore[assignment]

    @property
    def short(self) -> pd.DataFrame:
        """Customers with fewer than n items, how many they have, and why."""
        return self.ranking.short

    @property
    def log_list(self) -> Floats:
        """The logarithm (n,) of the probability of each list: it holds for lists of any length."""
        offsets = self.ranking.offsets
        out = np.zeros(len(self))
        some = np.flatnonzero(np.diff(offsets))
        if len(some):
            out[some] = np.add.reduceat(self.log, offsets[:-1][some])
        return out

    def to_pandas(self) -> pd.DataFrame:
        """One row for each item of each list, in the columns of the schema."""
        held = self.ranking
        given = np.diff(held.offsets)
        owner = np.repeat(np.arange(len(held)), given)
        key = np.array([f"{int(k):016x}" for k in self.key], dtype=object)
        rank = np.arange(len(held.codes)) - held.offsets[owner] + 1
        return pd.DataFrame(
            {
                "decision": key[owner],
                "customer": held.customers[owner],
                "time": pd.DatetimeIndex(self.time[owner]).tz_localize("UTC"),
                "policy": self.policy,
                "rank": rank.astype(np.int32),
                "item": held.items.values[held.codes],
                "score": held.scores.copy(),
                "propensity": np.exp(self.log),
                "list_propensity": np.exp(self.log_list)[owner],
                "first_propensity": np.exp(self.first),
                "temperature": self.temperature,
                "pool": self.pool[owner].astype(np.int32),
                "cold": self.cold.copy(),
            }
        )

    def to_arrow(self) -> Any:
        """The same as an Arrow table of `onefold.scoring.DECISION_SCHEMA`, for Parquet."""
        frame = self.to_pandas()
        table = pa.Table.from_pandas(frame, schema=DECISION_SCHEMA, preserve_index=False)
        return table.replace_schema_metadata(None)

    def _shown(self) -> tuple[list[list[str]], list[str]]:
        columns = ["customer", "rank", "item", "score", "propensity", "list_propensity"]
        frame = self.to_pandas()[columns].head(20)
        rows = [
            [str(c), str(r), str(i), number(s), number(p), number(whole)]
            for c, r, i, s, p, whole in frame.itertuples(index=False)
        ]
        return rows, columns

    def _caption(self) -> str:
        how = f"temperature {number(self.temperature)}, policy {self.policy}"
        return f"Decisions({len(self):,} customers, n={self.ranking.n}, {how})"

    def __repr__(self) -> str:
        m = len(self.ranking.codes)
        more = "" if m <= 20 else f"\n... {m - 20:,} rows more"
        return self._caption() + "\n" + text_table(*self._shown()) + more

    def _repr_html_(self) -> str:
        return html_table(*self._shown(), caption=self._caption())
