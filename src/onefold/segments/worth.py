"""Lifetime value for a segmentation: fitted on what a table knows, and on nothing else.

value = expected spend * discounted expected purchases     of purchases before each row's as_of
"""

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING

import attrs
import numpy as np
import pandas as pd

from onefold._types import Floats, Times
from onefold.errors import ArgumentError, FitWarning
from onefold.profiles import TraitTable
from onefold.traits.history import History

if TYPE_CHECKING:
    from onefold.lifetime.value import LifetimeValue
    from onefold.segments.tiers import ValueTiers

INSTEAD = "Give another value, such as ValueTiers(Monetary()), which is what was spent so far."


@attrs.frozen
class Bought:
    """Frequency, recency, T and monetary (n, 4) as a trait, NaN where nothing was bought."""

    event: str
    collapse: str
    name: str = "frequency, recency, T, monetary"

    def read(self, history: History, *, as_of: Times) -> Floats:
        from onefold.lifetime.purchases import read_rfm  # scipy takes a while to load

        columns = read_rfm(
            history,
            ends=as_of,
            start=None,
            event=self.event,
            collapse=self.collapse,
            time_unit=self.collapse,
        )
        return np.stack(columns, axis=1)


def bought(table: TraitTable, event: str, collapse: str) -> pd.DataFrame:
    """The purchases of those who have some, as the models read them."""
    held = table.read(Bought(event, collapse))
    frame = pd.DataFrame(held, columns=["frequency", "recency", "T", "monetary"])
    return frame[frame["frequency"].notna()]


def fitted_value(settings: "ValueTiers", table: TraitTable) -> "LifetimeValue":
    """Lifetime value by models fitted on the rows of a table."""
    covariates = (*getattr(settings.model, "purchase", ()), *getattr(settings.model, "dropout", ()))
    if covariates:
        raise ArgumentError(
            f"ValueTiers: model has the covariates {', '.join(covariates)}, and is fitted here on "
            "purchases alone. Fit it on a summary with these columns, and give what comes of it as "
            "the value: ValueTiers(LifetimeValue(purchases, spend))."
        )
    frame = bought(table, settings.event, settings.time_unit)
    if not len(frame):
        raise ArgumentError(
            f"ValueTiers: nobody of {len(table):,} customers has an event {settings.event!r}. Name "
            "the kind that is a purchase with event=, or give another value."
        )
    return value_of(settings, frame)


def value_of(settings: "ValueTiers", frame: pd.DataFrame) -> "LifetimeValue":
    """Lifetime value by models fitted on a frame of customers."""
    from onefold.lifetime.gammagamma import GammaGamma
    from onefold.lifetime.models import BGNBD
    from onefold.lifetime.value import LifetimeValue

    if not (frame["frequency"] > 0).any():
        raise ArgumentError(
            f"ValueTiers: nobody of {len(frame):,} customers bought again, so lifetime value can't "
            f"be fitted. {INSTEAD}"
        )
    paid = frame[(frame["frequency"] > 0) & (frame["monetary"] > 0)]
    if not len(paid):
        raise ArgumentError(
            "ValueTiers: no repeat purchase has an amount above 0, so lifetime value can't be "
            "fitted. Say which column holds the amounts, value=, when reading the events; or give "
            "another value, such as ValueTiers(Frequency())."
        )
    purchases = (settings.model or BGNBD()).fit(frame, time_unit=settings.time_unit)
    spend = (settings.spend or GammaGamma()).fit(paid)
    if not spend.params["q"] > 1:
        raise ArgumentError(
            f"ValueTiers: the amounts vary so much that their mean is infinite (q of Gamma-Gamma "
            f"is {spend.params['q']:.3g}), so those who bought once have no lifetime value. Look "
            f"at the largest amounts for what is no purchase of a customer. {INSTEAD}"
        )
    return LifetimeValue(
        purchases,
        spend,
        horizon=settings.horizon,
        discount=settings.discount,
        event=settings.event,
        collapse=settings.time_unit,
    )


def refitted(
    settings: "ValueTiers", frame: pd.DataFrame, draws: int, rng: np.random.Generator
) -> Iterator[Floats]:
    """Lifetime values of customers drawn with replacement, by models fitted on them.

    Draws on which a model can't be fitted are left out.
    """
    for _ in range(draws):
        some = frame.iloc[rng.integers(len(frame), size=len(frame))].reset_index(drop=True)
        with warnings.catch_warnings():  # a draw may be at an edge where the customers are not
            warnings.simplefilter("ignore", FitWarning)
            try:
                fit = value_of(settings, some)
            except ArgumentError:
                continue
        told = some[(some["frequency"] == 0) | (some["monetary"] > 0)]
        many = fit.purchases.discounted_purchases(
            told, horizon=settings.horizon, discount=settings.discount
        )
        values: Floats = many * fit.spend.expected_spend(told)
        if np.isfinite(values).all():
            yield values
