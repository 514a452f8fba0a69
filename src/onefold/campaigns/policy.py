"""The version of a policy: a hash of what decides its lists."""

import hashlib

import numpy as np

from onefold.scoring import FittedScorer


def policy_of(scorer: FittedScorer) -> str:
    """A hash of the scorer's items, weights and moment: 16 hexadecimal digits."""
    found = hashlib.blake2b(digest_size=8)
    for part in (
        np.ascontiguousarray(scorer.weights),
        np.datetime64(scorer.as_of).astype("M8[us]"),
    ):
        found.update(part.tobytes())
    for item in scorer.items:
        found.update(item.encode("utf-8", "surrogatepass") + b"\0")
    return found.hexdigest()
