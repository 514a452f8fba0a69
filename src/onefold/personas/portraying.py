"""Portray: a persona for each segment that is large enough, from counted customers.

Everybody is asked the same questions (`questions`), each segment's answers are compared with all
other customers', and what the data support is told (`card`).

    portray(segment(profiles, RFM()))["champions"]
"""

from collections.abc import Iterable, Mapping
from typing import Any

import attrs
import numpy as np

from onefold import _time
from onefold._check import one_of, text, whole
from onefold._types import Ints
from onefold.catalog import Catalog
from onefold.conditions import Compare
from onefold.errors import ArgumentError
from onefold.personas.claims import FACETS, claims_of
from onefold.personas.persona import Persona, Personas
from onefold.personas.portrait import hours_of
from onefold.personas.questions import Survey, tallies

__all__ = ["portray"]


def portray(
    segmentation: Any,
    *,
    catalog: Catalog | None = None,
    minimum: int = 20,
    facets: Mapping[str, str] | None = None,
) -> Personas:
    """Portray the segments: who they are, told in claims that customers back.

    Facts become demographics, unless `facets` puts them elsewhere; numbers and channels become
    buying behaviour, categories and items preferences, local hours and weekdays a day in their
    life. What there are no data for says "no data". Elsewhere means all other customers, those of
    no segment included.

    Args:
        segmentation: What `segment` returned.
        catalog: What is known of the items; left out, that of the profiles.
        minimum: Members below which a segment is not portrayed, and customers below which a value
            or a label is not asked for, so that no claim points at a person.
        facets: Facets of facts by name, such as {"dream": "goals and challenges"}.

    Returns:
        `Personas`, in the order of the segments.

    Raises:
        ArgumentError: If an argument is of another type, or a facet is not known.

    Examples:
        >>> import onefold as of
        >>> from onefold.datasets import simulate
        >>> from onefold.segments import By, segment
        >>> sim = simulate(300, rng=1)
        >>> profiles = of.fold(sim.log, catalog=sim.catalog)
        >>> personas = portray(segment(profiles, By("frequency", bins=2)))
        >>> claim = next(iter(personas)).findings[0]
        >>> yes = claim.condition.mask(profiles) == 1
        >>> int(yes.sum()) == claim.k + claim.k_elsewhere
        True
    """
    minimum = whole(minimum, "portray: minimum")
    profiles, assignment = _parts(segmentation)
    catalog = profiles.catalog if catalog is None else catalog
    if catalog is not None and not isinstance(catalog, Catalog):
        raise ArgumentError(
            f"portray: catalog is a {type(catalog).__name__}; make one with Catalog.from_frame."
        )
    placed = {
        text(fact, "portray: facets"): one_of(facet, FACETS, f"portray: facets[{fact!r}]")
        for fact, facet in (facets or {}).items()
    }
    names = [str(name) for name in assignment.names]
    group = np.asarray(assignment.codes, dtype=np.int64)
    sizes = np.bincount(group[group >= 0], minlength=len(names)).tolist()
    told = [i for i, size in enumerate(sizes) if size >= minimum]
    group = _reordered(group, told, len(names))
    survey = Survey(
        table=profiles.table,
        group=group,
        groups=len(told) + 1,
        catalog=catalog,
        currency=profiles.ledger.currency,
        minimum=minimum,
        facets=placed,
        defining=made_from(segmentation.strategy, profiles.table.names),
    )
    claims = claims_of(tallies(survey), sizes=[sizes[i] for i in told], minimum=minimum)
    hours = hours_of(profiles.table, group, len(told) + 1)
    personas = tuple(
        Persona(n, sizes[i], sizes[i] / len(group), tuple(claims[g]), tuple(hours[g].tolist()))
        for g, (i, n) in enumerate((i, names[i]) for i in told)
    )
    small = {n: sizes[i] for i, n in enumerate(names) if sizes[i] > 0 and i not in told}
    return Personas(personas, small, minimum, len(group), _time.show(profiles.as_of))


def made_from(strategy: Any, names: Iterable[str]) -> frozenset[str]:
    """Which of the traits `names` a strategy looks at.

    A strategy may say so in `traits` (names or traits). In others, whatever they hold is searched
    for traits, for conditions, and for the names themselves.
    """
    said = getattr(strategy, "traits", None)
    return frozenset(names) & set(_named(strategy if said is None or callable(said) else said))


def _named(held: Any) -> Iterable[str]:
    if isinstance(held, str):
        yield held
    elif isinstance(held, Compare) or callable(getattr(held, "read", None)):
        yield held.name
    elif isinstance(held, (Mapping, tuple, list, set, frozenset)):
        for value in held.values() if isinstance(held, Mapping) else held:
            yield from _named(value)
    elif attrs.has(type(held)):
        for field in attrs.fields(type(held)):
            if field.name != "label":
                yield from _named(getattr(held, field.name))


def _reordered(group: Ints, told: list[int], groups: int) -> Ints:
    """Codes 0 to len(told) - 1 of those portrayed, len(told) of all others and of the unknown."""
    to = np.full(groups + 1, len(told), dtype=np.int64)
    to[told] = np.arange(len(told))
    return to[group]


def _parts(segmentation: Any) -> tuple[Any, Any]:
    profiles = getattr(segmentation, "profiles", None)
    assignment = getattr(segmentation, "assignment", None)
    if profiles is None or assignment is None:
        raise ArgumentError(
            f"portray: segmentation is a {type(segmentation).__name__}; make one with "
            "onefold.segment(profiles, strategy)."
        )
    return profiles, assignment
