"""Who is erased is gone as if they had never come, and does not come back."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold import Event
from onefold.errors import ArgumentError, UnknownCustomer
from onefold.store.erasing import forget
from onefold.store.writing import observe
from tests.identity.worlds import HOUR, START, policies, rows
from tests.store.erasures import copied, held, opened, told


@st.composite
def streams(draw: st.DrawFn, most: int = 14) -> list[Event]:
    """Events in any order, late and early, with and without ids, some of them twice."""
    out = []
    for number, (hours, kind, source, names) in enumerate(
        draw(st.lists(rows(), min_size=1, max_size=most))
    ):
        time = np.datetime64(START + hours * HOUR, "us")
        late = draw(st.sampled_from([None, None, -1, 2]))
        received = None if late is None else time + np.timedelta64(late, "h")
        id = draw(st.sampled_from([None, f"e{number}", f"e{number // 3}"]))
        more: dict[str, Any] = {"source": source, "id": id, "received": received}
        out.append(Event(None, kind, time, identifiers=names, **more))
    return out


@settings(max_examples=60, deadline=None)
@given(streams(), policies(), st.data())
def test_a_store_is_as_if_the_erased_had_never_come(
    events: list[Event], policy: Any, data: Any
) -> None:
    core = opened(policy)
    for event in events:
        observe(core, event)
    names = told(core, "SELECT type, value FROM nodes ORDER BY node")
    gone = 0
    for at, value in data.draw(st.lists(st.sampled_from(names), max_size=2)) if names else []:
        try:
            forget(core, (policy.types[at].name, value))
            gone += 1
        except (ArgumentError, UnknownCustomer):
            continue
    after = held(core)
    other = opened(policy)
    copied(core, other)
    for event in events:
        observe(other, event)
    assert held(other) == after
    for event in events:  # nobody comes back; without an id an event that is repeated is another
        if event.id is not None:
            observe(core, event)
    assert held(core) == after
    assert not gone or len(after["log"]) < len(events)
    for one in (core, other):
        one.database.close()
