"""onefold: one configuration for all sets, nothing tuned.

Scorer(target).fit(profiles as of the split, rng=0).rank(profiles, n=20, repeats=...)

The same call for all; only the kind of event that is a choice has a name, and where a log has no
money there are no segments, as the default ones ask for it.
"""

from time import process_time

import numpy as np
import pandas as pd

import onefold as of
from accuracy.data import Set
from accuracy.protocol import LENGTH, Result, Task

NAME = "onefold"


def answered(held: Set, task: Task) -> Result:
    """The lists of onefold. The clock starts before the profiles are made."""
    started = process_time()
    profiles = of.fold(held.log.before(held.split), catalog=held.catalog, as_of=held.split)
    settings = of.Scorer(held.target) if held.money else of.Scorer(held.target, segments=None)
    scorer = settings.fit(profiles, rng=0)
    asked = task.past.users[task.who].tolist()
    ranking = scorer.rank(profiles.select(asked), n=LENGTH, repeats=held.repeats)
    seconds = process_time() - started
    frame = ranking.to_pandas()
    row = pd.Index(asked).get_indexer(frame["customer"])
    code = pd.Index(task.past.items).get_indexer(frame["item"])
    lists = np.full((len(asked), LENGTH), -1, dtype=np.int64)
    lists[row, frame["rank"].to_numpy() - 1] = code
    return Result(NAME, lists, {}, 0.0, seconds)
