"""Personas: portraits of segments in which every sentence is a claim that customers back."""

from onefold.personas.claims import FACETS, Claim
from onefold.personas.persona import Persona, Personas
from onefold.personas.portraying import portray

__all__ = ["FACETS", "Claim", "Persona", "Personas", "portray"]
