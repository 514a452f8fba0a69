"""Consent: who has agreed to what, since when, told where, and until when, as facts.

A statement is a fact named `consent:<purpose>`; what is no yes is a no, and of one instant a no is
the last word. Who has said nothing has not agreed.

    allowed(purpose, t)  =  the last statement before t is a yes, and t is before its end
"""

from onefold.consent.asked import allowed, consents
from onefold.consent.statement import Consent

__all__ = ["Consent", "allowed", "consents"]
