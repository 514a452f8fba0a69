"""Profiles: one actual person each, kept up to date with every event."""

from onefold.profiles.folding import fold
from onefold.profiles.row import Profile
from onefold.profiles.summary import Summary
from onefold.profiles.table import Profiles
from onefold.profiles.traits import TraitTable

__all__ = ["Profile", "Profiles", "Summary", "TraitTable", "fold"]
