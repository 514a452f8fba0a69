"""Contracts for plug-ins: the laws that the house relies on, as functions to call from tests.

    def test_streak():
        check_trait(Streak())            # silent, or a ContractError that names the law

Each check runs its laws in order on simulated customers (or on profiles of your own), and stops
at the first that is broken: which one, an example, and what to do about it.
"""

from onefold.testing.level import check_level
from onefold.testing.segmenter import check_segmenter
from onefold.testing.trait import check_trait

__all__ = ["check_level", "check_segmenter", "check_trait"]
