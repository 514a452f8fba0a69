"""onefold: fold everything a customer does, on every channel, into one profile.

Segments, personas and profiles as levels of one model, and a measure of what each is worth:

    import onefold as of
    profiles = of.fold(of.EventLog.from_frame(frame, customer="who", time="at", event="what"))

Only what stands in `__all__` here and in the modules named there is promised. Each name is
loaded when it is first asked for, so that importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from onefold import (
        consent,
        datasets,
        errors,
        identity,
        levels,
        lifetime,
        readers,
        segments,
        store,
        testing,
        traits,
    )
    from onefold.campaigns import Campaign, Tailored
    from onefold.catalog import Catalog
    from onefold.conditions import Condition, did, trait
    from onefold.events import Event, EventLog
    from onefold.identity import (
        IdentifierType,
        Identities,
        IdentityPolicy,
        Links,
        Resolver,
        resolve,
    )
    from onefold.ladders import Ladder, Recovery, ladder, recovery
    from onefold.personas import Claim, Persona, Personas, portray
    from onefold.profiles import Profile, Profiles, fold
    from onefold.profiles.partitions import Partitions
    from onefold.saving import load, save
    from onefold.scoring import (
        Calibration,
        Decisions,
        FittedScorer,
        Live,
        Ranking,
        Scorer,
        Thompson,
    )
    from onefold.segments import RFM, Assignment, By, Rules, Segmentation, ValueTiers, segment
    from onefold.store import Store
    from onefold.traits import field

__all__ = [
    "RFM",
    "Assignment",
    "By",
    "Calibration",
    "Campaign",
    "Catalog",
    "Claim",
    "Condition",
    "Decisions",
    "Event",
    "EventLog",
    "FittedScorer",
    "IdentifierType",
    "Identities",
    "IdentityPolicy",
    "Ladder",
    "Links",
    "Live",
    "Partitions",
    "Persona",
    "Personas",
    "Profile",
    "Profiles",
    "Ranking",
    "Recovery",
    "Resolver",
    "Rules",
    "Scorer",
    "Segmentation",
    "Store",
    "Tailored",
    "Thompson",
    "ValueTiers",
    "consent",
    "datasets",
    "did",
    "errors",
    "field",
    "fold",
    "identity",
    "ladder",
    "levels",
    "lifetime",
    "load",
    "portray",
    "readers",
    "recovery",
    "resolve",
    "save",
    "segment",
    "segments",
    "store",
    "testing",
    "trait",
    "traits",
]

_LATER = {
    "RFM": "segments",
    "Assignment": "segments",
    "By": "segments",
    "Calibration": "scoring",
    "Campaign": "campaigns",
    "Catalog": "catalog",
    "Claim": "personas",
    "Condition": "conditions",
    "Decisions": "scoring",
    "Event": "events",
    "EventLog": "events",
    "FittedScorer": "scoring",
    "Identities": "identity",
    "IdentifierType": "identity",
    "IdentityPolicy": "identity",
    "Ladder": "ladders",
    "Links": "identity",
    "Live": "scoring",
    "Partitions": "profiles.partitions",
    "Persona": "personas",
    "Personas": "personas",
    "Profile": "profiles",
    "Profiles": "profiles",
    "Ranking": "scoring",
    "Recovery": "ladders",
    "Resolver": "identity",
    "Rules": "segments",
    "Scorer": "scoring",
    "Segmentation": "segments",
    "Store": "store",
    "Tailored": "campaigns",
    "Thompson": "scoring",
    "ValueTiers": "segments",
    "did": "conditions",
    "field": "traits",
    "fold": "profiles",
    "ladder": "ladders",
    "load": "saving",
    "portray": "personas",
    "recovery": "ladders",
    "resolve": "identity",
    "save": "saving",
    "segment": "segments",
    "trait": "conditions",
}
_MODULES = (
    "consent",
    "datasets",
    "errors",
    "identity",
    "levels",
    "lifetime",
    "readers",
    "segments",
    "store",
    "testing",
    "traits",
)


def __getattr__(name: str) -> Any:
    if name in _LATER:
        globals()[name] = found = getattr(import_module(f"onefold.{_LATER[name]}"), name)
        return found
    if name in _MODULES:
        return import_module(f"onefold.{name}")
    if name == "__version__":
        from importlib.metadata import version

        return version("onefold")
    raise AttributeError(f"module 'onefold' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
