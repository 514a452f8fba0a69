"""Segments: groups of customers, made by a strategy that is fitted once and then assigns."""

from onefold.segments.assignment import Assignment
from onefold.segments.by import By
from onefold.segments.protocol import Assigner, Segmenter
from onefold.segments.rfm import RFM, RFM_GRID
from onefold.segments.rules import Rules
from onefold.segments.segmentation import Segmentation, segment
from onefold.segments.tiered import FittedValueTiers
from onefold.segments.tiers import ValueTiers

__all__ = [
    "RFM",
    "RFM_GRID",
    "Assigner",
    "Assignment",
    "By",
    "FittedValueTiers",
    "Rules",
    "Segmentation",
    "Segmenter",
    "ValueTiers",
    "segment",
]
