"""A no that comes back when the yes that lifted it ends: against plain Python."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from onefold.identity.bundles import NOBODY
from onefold.identity.consent import _in_force, _lifted, _outweighed
from onefold.identity.lapsing import outweighed

FOREVER = np.iinfo(np.int64).max
Row = tuple[int, int, bool, int, tuple[int, ...], bool]

ROWS = st.lists(
    st.tuples(
        st.integers(0, 1),  # group
        st.integers(0, 3),  # time
        st.booleans(),  # no
        st.sampled_from([FOREVER, 1, 2, 3, 4]),
        st.lists(st.integers(0, 2), min_size=1, max_size=2, unique=True).map(tuple),
        st.booleans(),  # known
    ),
    min_size=1,
    max_size=9,
)


def arrays(rows: list[Row]) -> dict[str, np.ndarray]:
    group, time, no, until, members, known = zip(*rows, strict=True)
    held = [[*m, int(NOBODY)][:2] for m in members]
    return {
        "group": np.array(group),
        "time": np.array(time),
        "no": np.array(no),
        "until": np.where(no, FOREVER, np.array(until)),
        "members": np.array(held, dtype=np.int64),
        "known": np.array(known),
    }


def by_hand(rows: list[Row]) -> list[bool]:
    def lifts(yes: Row, no: Row, t: int) -> bool:
        linked = yes[5] or bool(set(yes[4]) & set(no[4]))
        return yes[0] == no[0] and not yes[2] and linked and no[1] < yes[1] <= t < yes[3]

    return [
        not one[2]
        and any(
            no[2]
            and no[0] == one[0]
            and no[1] <= one[1]
            and not any(lifts(yes, no, one[1]) for yes in rows)
            for no in rows
        )
        for one in rows
    ]


def asked(call: object, held: dict[str, np.ndarray]) -> list[bool]:
    rest = dict(held)
    group, time = rest.pop("group"), rest.pop("time")
    return call(group, time, **rest).tolist()  # type: ignore[operator]


@settings(max_examples=300, deadline=None)
@given(ROWS)
def test_a_no_is_in_force_where_no_yes_lasts(rows: list[Row]) -> None:
    wanted = by_hand(rows)
    assert asked(outweighed, arrays(rows)) == wanted
    assert asked(_outweighed, arrays(rows)) == wanted


@settings(max_examples=100, deadline=None)
@given(ROWS)
def test_without_ends_it_is_what_arrays_say(rows: list[Row]) -> None:
    held = arrays([(*row[:3], FOREVER, *row[4:]) for row in rows])
    group, time, no = held["group"], held["time"], held["no"]
    lifted = _lifted(group, time, no, held["members"], held["known"])
    assert asked(outweighed, held) == (~no & _in_force(group, time, no, lifted)).tolist()
