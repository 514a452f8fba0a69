"""One event at a time: what is stored is what `resolve` says of the same events."""

import attrs
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold import Event
from onefold.store.writing import observe
from tests.identity.worlds import HOUR, START, policies, rows
from tests.store.telling import of_log, of_store, opened, told


@st.composite
def streams(draw, most=16):
    """Events in any order, few bundles at many hours, received late or early; and some again."""
    kinds = draw(st.lists(rows(), min_size=1, max_size=7))
    out = []
    for number in range(draw(st.integers(1, most))):
        _, kind, source, names = draw(st.sampled_from(kinds))
        time = np.datetime64(START + draw(st.integers(0, 12)) * HOUR, "us")
        late = draw(st.sampled_from([None, None, -1, 2]))
        received = None if late is None else time + np.timedelta64(late, "h")
        id = draw(st.sampled_from([None, f"e{number}"]))
        out.append(
            Event(None, kind, time, source=source, id=id, received=received, identifiers=names)
        )
    again = draw(st.lists(st.sampled_from([e for e in out if e.id] or [None]), max_size=3))
    return out, [e for e in again if e is not None]


@settings(max_examples=300, deadline=None)
@given(stream=streams(), policy=policies())
def test_a_stream_is_the_batch(stream, policy) -> None:
    core = opened(policy)
    events, again = stream
    for at, event in enumerate(events, 1):
        observe(core, event)
        if at % 4 == 0:
            assert of_store(core) == of_log(events[:at], policy)
    for event in again:
        observe(core, event)
    assert of_store(core) == of_log(events, policy)
    core.database.close()
