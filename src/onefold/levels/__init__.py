"""Levels: views of a customer, from everyone to this one individual now."""

from onefold.levels.considered import Considered
from onefold.levels.due import Due
from onefold.levels.ease import Ease
from onefold.levels.everyone import Everyone
from onefold.levels.individual import Individual
from onefold.levels.neighbours import Neighbours
from onefold.levels.noticed import Noticed
from onefold.levels.persona import Persona
from onefold.levels.protocol import Choices, Level
from onefold.levels.segment import Segment
from onefold.levels.similar import Similar

__all__ = [
    "LEVELS",
    "Choices",
    "Considered",
    "Due",
    "Ease",
    "Everyone",
    "Individual",
    "Level",
    "Neighbours",
    "Noticed",
    "Persona",
    "Segment",
    "Similar",
]

LEVELS: tuple[Level, ...] = (
    Everyone(),
    Everyone("7D", name="lately"),
    Persona(),
    Segment(),
    Neighbours(),
    Individual("180D", power=2.0, name="long"),
    Individual("30D", name="recent"),
    Individual(decay=0.0, name="last"),
    Due(),
    Considered(),
    Considered(faint=True, name="looked at"),
    Ease(tau=50.0, within=5_000),
)
