"""Persona and Personas: the portraits of a segmentation as values.

personas["loyal"].facets["preferences"]     claims, the strongest first, or "no data"
personas.closest(table)                     who fits which portrait, told by the claims alone
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import attrs
import numpy as np

from onefold._check import hint, quoted
from onefold._display import percent, text_table
from onefold._types import Floats, Ints
from onefold._vocab import Vocab
from onefold.catalog import Catalog
from onefold.errors import ArgumentError, UnknownName
from onefold.personas import card, fit
from onefold.personas.claims import FACETS, Claim
from onefold.personas.portrait import picture
from onefold.profiles import TraitTable

__all__ = ["Persona", "Personas"]

FORMAT = "onefold.personas/1"
NO_DATA = "no data"
STRENGTH = 0.5  # of lifts, as measured on two shops: the more, the worse the portrait foretells
BOUND = 10.0  # no item is more than so many times as likely, or as unlikely


@attrs.frozen(repr=False)
class Persona:
    """The portrait of one segment: a name, a picture, and claims.

    Attributes:
        name: The segment's.
        size: Members, n.
        share: Of all customers.
        claims: Everything that was asked, by facet; see `Claim.supported`.
        hours: (24,) mean share of each local hour in the members' activity; all 0 if unknown.
    """

    name: str
    size: int
    share: float
    claims: tuple[Claim, ...]
    hours: tuple[float, ...]

    @property
    def facets(self) -> dict[str, tuple[Claim, ...] | str]:
        """For each facet its claims, the strongest first, or "no data"."""
        out: dict[str, tuple[Claim, ...] | str] = {
            "name and portrait": self.name if any(self.hours) else f"{self.name}; hours: {NO_DATA}"
        }
        for facet in FACETS:
            held = [c for c in self.claims if c.facet == facet]
            ranked = sorted(held, key=lambda c: (not c.supported, -c.strength))
            out[facet] = tuple(ranked) if any(c.n for c in held) else NO_DATA
        return out

    @property
    def definition(self) -> tuple[Claim, ...]:
        """Supported claims on what the segmentation was made from, the strongest first."""
        return self._ranked(c for c in self.claims if c.supported and c.defining)

    @property
    def findings(self) -> tuple[Claim, ...]:
        """Supported claims on anything else, the strongest first."""
        return self._ranked(c for c in self.claims if c.finding)

    def lifts(
        self, items: Vocab, catalog: Catalog | None = None, *, strength: float = STRENGTH
    ) -> Floats:
        """How much likelier this persona is to choose each item, told by the claims alone.

        The product, over the supported claims that cover an item, of (lift / typical lift) **
        strength. The typical lift is the median over everything that was asked of that kind:
        whoever buys much has bought more of each item than others, which tells nothing of taste.
        Shares are shrunk by half a customer; of several claims on one label the strongest counts.

        Args:
            items: The items (m,).
            catalog: Tells which items a claim on a category covers; None: claims on items only.
            strength: 1 takes lifts at their word. Below 1 they are damped: an item and its category
                tell the same story twice, and shares of customers above an upper quartile differ
                more than what the customers choose.

        Returns:
            Factors (m,) from 1/10 to 10; 1 where no claim covers the item.
        """
        out = np.zeros(len(items))
        typical = self._typical()
        covering: dict[str, dict[str, Claim]] = {}
        for claim in self._ranked(c for c in self.claims if c.supported and c.covers):
            column, label = claim.covers or ("", "")
            covering.setdefault(column, {}).setdefault(label, claim)
        for column, claims in covering.items():
            if column == "item":
                codes, vocab = np.arange(len(items), dtype=np.int32), items
            elif catalog is None:
                continue
            else:
                codes, vocab = catalog.codes(column, items), catalog.column(column).vocab
            factors = np.zeros(len(vocab) + 1)  # the last is for items without a label
            factors[vocab.codes(claims)] = [
                _log_lift(c) - typical[_kind(c)] for c in claims.values()
            ]
            factors[-1] = 0.0
            out += factors[codes]
        return np.asarray(np.clip(np.exp(strength * out), 1 / BOUND, BOUND))

    def portrait(self, *, size: int = 200) -> str:
        """The ring of the members' local hours, as an svg element."""
        return picture(self.hours, name=self.name, size=size)

    def to_markdown(self) -> str:
        """The card as Markdown."""
        return card.markdown(self)

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        return {
            "name": self.name,
            "size": self.size,
            "share": self.share,
            "hours": list(self.hours),
            "claims": [c.to_dict() for c in self.claims],
        }

    @classmethod
    def from_dict(cls, held: Mapping[str, Any]) -> "Persona":
        """The persona of which `to_dict` gave the values."""
        claims = tuple(Claim.from_dict(c) for c in held["claims"])
        return cls(held["name"], held["size"], held["share"], claims, tuple(held["hours"]))

    def __repr__(self) -> str:
        return card.text(self)

    def _repr_html_(self) -> str:
        return card.html(self)

    def _typical(self) -> dict[tuple[str, str], float]:
        """The median log-lift of the claims of each kind, supported or not."""
        kinds: dict[tuple[str, str], list[float]] = {}
        for claim in self.claims:
            if claim.covers:
                kinds.setdefault(_kind(claim), []).append(_log_lift(claim))
        return {kind: float(np.median(lifts)) for kind, lifts in kinds.items()}

    def _ranked(self, claims: Any) -> tuple[Claim, ...]:
        return tuple(sorted(claims, key=lambda c: (-c.strength, str(c.condition))))


@attrs.frozen(repr=False)
class Personas:
    """The portraits of a segmentation, by name, in the order of its segments.

    Attributes:
        personas: One for each segment that is large enough.
        too_small: Segments below the minimum with their sizes: not portrayed, to protect persons.
        minimum: Members that a portrait needs.
        customers: All customers, portrayed or not.
        as_of: The moment as of which they were portrayed (UTC).
    """

    personas: tuple[Persona, ...]
    too_small: Mapping[str, int]
    minimum: int
    customers: int
    as_of: str
    _cache: dict[str, Any] = attrs.field(init=False, factory=dict, eq=False)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the personas."""
        return tuple(p.name for p in self.personas)

    def __len__(self) -> int:
        return len(self.personas)

    def __iter__(self) -> Iterator[Persona]:
        return iter(self.personas)

    def __contains__(self, name: object) -> bool:
        return name in self.names

    def __getitem__(self, name: str) -> Persona:
        """The persona of a segment."""
        for persona in self.personas:
            if persona.name == name:
                return persona
        if name in self.too_small:
            raise UnknownName(
                f"personas: segment {name!r} has {self.too_small[name]} members, fewer than "
                f"minimum={self.minimum}; it is not portrayed."
            )
        raise UnknownName(
            f"personas: no persona {name!r}. There are: {quoted(self.names)}."
            f"{hint(name, self.names)}"
        )

    def fit_scores(self, table: TraitTable) -> Floats:
        """How well each customer fits each card, told by its supported claims alone.

        The sum over claims of ln(share / elsewhere) where a claim's condition is true,
        ln((1 - share) / (1 - elsewhere)) where it is false, 0 where it is unknown; shares are
        shrunk, (k + 1/2) / (n + 1). What the segmentation was made from counts as well: it is on
        the card.

        Args:
            table: Traits of n customers, `profiles.table`, or of one, `profile.table`.

        Returns:
            Scores (n, personas); 0 where a persona has no supported claim.
        """
        if "weighed" not in self._cache:
            self._cache["weighed"] = fit.weighed([p.claims for p in self.personas])
        return fit.scores(getattr(table, "table", table), self._cache["weighed"])

    def closest(self, table: TraitTable) -> Ints:
        """The persona whose card each customer (n,) fits best, as a position; ties to the first.

        -1 for everybody if no persona has a supported claim.
        """
        scores = self.fit_scores(table)
        if not any(c.supported for p in self.personas for c in p.claims):
            return np.full(len(scores), -1, dtype=np.int64)
        return np.asarray(scores.argmax(axis=1))

    def to_json(self) -> str:
        """All portraits as strict JSON; `Personas.from_json` reads it back."""
        held = {
            "format": FORMAT,
            "as_of": self.as_of,
            "customers": self.customers,
            "minimum": self.minimum,
            "too_small": dict(self.too_small),
            "personas": [p.to_dict() for p in self.personas],
        }
        return json.dumps(held, ensure_ascii=False, allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> "Personas":
        """The personas that `to_json` wrote.

        Raises:
            ArgumentError: If the text is something else.
        """
        try:
            held = json.loads(text)
        except (TypeError, ValueError) as error:
            raise ArgumentError(f"Personas.from_json: text is not JSON ({error}).") from None
        if not isinstance(held, dict) or held.get("format") != FORMAT:
            raise ArgumentError(
                f"Personas.from_json: text has no format {FORMAT!r}; give what to_json returned."
            )
        personas = tuple(Persona.from_dict(p) for p in held["personas"])
        return cls(personas, held["too_small"], held["minimum"], held["customers"], held["as_of"])

    def to_markdown(self) -> str:
        """All cards as Markdown."""
        parts = [p.to_markdown() for p in self.personas]
        return "\n".join([*parts, *card.left_out(self.too_small, self.minimum)])

    def __repr__(self) -> str:
        rows = [
            [p.name, p.size, percent(p.share), len(p.findings), card.headline(p)]
            for p in self.personas
        ]
        head = f"Personas({len(self)} of {self.customers:,} customers, as of {self.as_of} UTC)"
        columns = ["persona", "customers", "share", "findings", "most telling"]
        lines = [head, text_table(rows, columns)] if rows else [head]
        return "\n".join([*lines, *card.left_out(self.too_small, self.minimum)])

    def _repr_html_(self) -> str:
        return card.gallery(self.personas, self.too_small, self.minimum, self.as_of)


def _log_lift(claim: Claim) -> float:
    here = (claim.k + 0.5) / (claim.n + 1)
    return float(np.log(here / ((claim.k_elsewhere + 0.5) / (claim.n_elsewhere + 1))))


def _kind(claim: Claim) -> tuple[str, str]:
    """Claims that can be compared: on one column, asked in one way."""
    return (claim.covers[0] if claim.covers else "", claim.condition.op)
