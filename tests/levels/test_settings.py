import numpy as np
import pytest

from onefold.errors import ArgumentError
from onefold.levels import Everyone, Neighbours, Persona, Segment

BAD = [
    (Everyone, "half_life", "often"),
    (Everyone, "half_life", 14),
    (Everyone, "name", 3),
    (Segment, "half_life", None),
    (Segment, "shrink", 0),
    (Segment, "shrink", "much"),
    (Segment, "base", "everyone"),
    (Segment, "name", ""),
    (Persona, "base", Segment()),
    (Persona, "name", None),
    *((Neighbours, name, 0) for name in ("window", "top", "most", "buyers")),
    *((Neighbours, name, 1.5) for name in ("window", "top", "most", "buyers")),
    *((Neighbours, name, 0) for name in ("tau", "reach", "shrink")),
    *((Neighbours, name, float("nan")) for name in ("tau", "reach", "shrink")),
    *((Neighbours, name, -1) for name in ("backward", "together", "damping")),
    *((Neighbours, name, True) for name in ("backward", "together", "damping")),
    (Neighbours, "name", b"n"),
]


@pytest.mark.parametrize(("level", "name", "value"), BAD)
def test_bad_settings_are_named(level: type, name: str, value: object) -> None:
    with pytest.raises(ArgumentError, match=f"{level.__name__}: {name} is "):
        level(**{name: value})


def test_what_is_allowed_is_kept() -> None:
    level = Neighbours(window=np.int64(2), backward=0, damping=np.float64(0.5))
    assert (level.window, level.backward, level.damping) == (2, 0, 0.5)
    assert Everyone("7D").half_life == np.timedelta64(7, "D")
    assert Segment(base=Everyone("7D")).base == Everyone(np.timedelta64(7, "D"))
