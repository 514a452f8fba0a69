"""Campaigns: the lists of all customers, with a holdout, in bounded memory."""

from onefold.campaigns.campaign import Campaign
from onefold.campaigns.result import Tailored

__all__ = ["Campaign", "Tailored"]
