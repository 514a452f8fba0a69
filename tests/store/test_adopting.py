"""Another policy is adopted while others have the database open: they say so, and write nothing."""

import attrs
import pytest

import onefold as of
from onefold.errors import StoreError
from onefold.identity import DEFAULT

STRICT = DEFAULT.with_types(attrs.evolve(DEFAULT.type("email"), max_owners=1))


def event(day, **names):
    return of.Event(None, "login", f"2024-03-{day:02d}", id=f"e{day}", identifiers=names)


def test_who_holds_the_old_policy_is_told_and_writes_nothing(lasting, opened) -> None:
    one, two = opened(lasting, key="k"), opened(lasting, key="k")
    one.observe_all([event(1, cookie="c1", email="ann@x.org"), event(2, cookie="c2")])
    ann = ("email", "ann@x.org")
    two.observe(event(3, cookie="c1"))  # on the fast path
    now = two.position()
    assert one.adopt(STRICT) is not None
    before = one.digest()
    calls = [
        lambda: two.observe(event(4, cookie="c1")),
        lambda: two.observe(event(5, cookie="c9", email="ben@x.org")),
        lambda: two.observe_all([event(6, cookie="c1")]),
        lambda: two.consent(ann, "email", granted=True, time="2024-03-07"),
        lambda: two.forget(ann),
        lambda: two.restrict(ann),
        lambda: two.release(ann),
        lambda: two.profile(ann),
        lambda: two.export(ann),
        lambda: two.adopt(DEFAULT),
        lambda: two.checkpoint("model", now),
        lambda: list(two.logs()),
        two.rebuild,
        two.profiles,
        two.identities,
        two.decisions,
        two.digest,
        two.log,
        two.compact,
    ]
    for call in calls:
        with pytest.raises(StoreError, match=r"another policy was adopted.*open the store anew"):
            call()
    assert one.digest() == before
    assert one.observe(event(4, cookie="c1")) is not None
    anew = opened(lasting, key="k")
    assert anew.profile(ann).id == one.profile(ann).id
    one.adopt(DEFAULT)  # of the same words again
    assert two.profile(ann).id == one.profile(ann).id
