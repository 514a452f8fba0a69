import numpy as np
import pytest

import onefold as of
from onefold.levels import Everyone, Persona
from tests.levels.plain import choices_of, items_of
from tests.personas import shops


def test_a_persona_is_everyone_bent_by_the_claims_on_the_card() -> None:
    segmentation = shops.halves()
    profiles, personas = segmentation.profiles, of.portray(segmentation)
    items = items_of(profiles)
    base = Everyone().fit(choices_of(profiles, items), as_of=profiles.as_of, rng=None).shared(None)
    names = tuple(p.name for p in personas)
    choices = choices_of(profiles, items, names={"persona": names}, cards=personas)
    level = Persona().fit(choices, as_of=profiles.as_of, rng=None)
    for persona in personas:
        bent = [
            p * lift for p, lift in zip(base, persona.lifts(items, profiles.catalog), strict=True)
        ]
        assert level.shared(persona.name) == pytest.approx(np.array(bent) / sum(bent))
        assert persona.lifts(items, profiles.catalog).tolist() != [1.0] * len(items)
    assert level.shared(None) == pytest.approx(base)


def test_without_personas_everybody_is_everyone() -> None:
    profiles = shops.profiles(shops.events(), shops.facts())
    choices = choices_of(profiles, items_of(profiles))
    base = Everyone().fit(choices, as_of=profiles.as_of, rng=None).shared(None)
    level = Persona().fit(choices, as_of=profiles.as_of, rng=None)
    assert level.shared("champions").tolist() == base.tolist()
