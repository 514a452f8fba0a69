"""A key is never shown, and never written."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

import onefold as of
from onefold.errors import ArgumentError
from onefold.identity import DEFAULT
from tests.identity.test_tables import FAMILY, family

KEY = "0ur-pepper"
POLICY = of.IdentityPolicy(key=KEY)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "value.onefold"


def written(path: Path) -> bytes:
    with zipfile.ZipFile(path) as held:
        return b"".join(held.read(name) for name in held.namelist())


def test_values_come_back_equal(path: Path) -> None:
    told = of.Links.must(
        ("user_id", "u1"), ("email", "xaver@x.org"), reason="so", time="2024-03-05"
    )
    who = of.resolve(family(), links=told)
    other = DEFAULT.with_types(of.IdentifierType("user_id", rank=2, limit=2))
    for value in (DEFAULT, other, told, who, who.evidence, who.diff(other), DEFAULT.types[5]):
        of.save(value, path)
        assert of.load(path) == value
    of.save(who, path)
    back = of.load(path)
    assert np.array_equal(back.customers(family()), who.customers(family()))
    assert back.applied(family()) == who.applied(family())


def test_keys_stay_out_of_files(path: Path) -> None:
    who = of.resolve(family(), POLICY)
    gone = who.forget(("user_id", "ben"), key=KEY + "2")
    who = of.resolve(family(), POLICY, forgotten=gone)
    for value in (POLICY, gone, who, of.fold(family(), identities=who)):
        of.save(value, path)
        assert KEY.encode() not in written(path)
    of.save({"who": who, "gone": gone}, path)
    back = of.load(path)
    assert back["gone"] == gone and back["who"].version == who.version
    for call in (
        lambda: back["who"].ids,
        lambda: of.resolve(family(), back["who"].policy),
        lambda: of.resolve(family(), forgotten=back["gone"]),
        lambda: back["who"].customers(family()),
    ):
        with pytest.raises(ArgumentError, match=r"with_key\(key\)"):
            call()
    with pytest.raises(ArgumentError, match="not the one"):
        back["who"].with_key("another", forgotten=KEY + "2")
    with pytest.raises(ArgumentError, match="not the one"):
        back["who"].with_key(KEY)
    opened = back["who"].with_key(KEY, forgotten=KEY + "2")
    assert opened == who
    assert opened.customers(family()).tolist() == who.customers(family()).tolist()
    assert opened.under(DEFAULT).forgotten == gone


def test_a_policy_without_a_key_needs_none(path: Path) -> None:
    assert DEFAULT.sealed() is DEFAULT and DEFAULT.opened("x") == ""
    sealed = POLICY.sealed()
    assert sealed != POLICY and sealed.key == "" and sealed.version == POLICY.version
    assert sealed.with_key(KEY) == POLICY
    changed = sealed.with_types(of.IdentifierType("user_id", rank=2, limit=2))
    assert changed.version == changed.with_key(KEY).version != POLICY.version


def test_no_key_is_shown() -> None:
    who = of.resolve(family(), POLICY)
    gone = who.forget(("user_id", "ben"), key=KEY)
    said = [repr(v) for v in (POLICY, who, gone, who.summary(), who.diff(DEFAULT), POLICY.sealed())]
    said += [v._repr_html_() for v in (who, who.diff(DEFAULT))]
    for wrong in (lambda: of.IdentityPolicy(key=KEY * 9), lambda: who.forget("p", key=KEY * 9)):
        with pytest.raises(Exception) as raised:
            wrong()
        said.append(str(raised.value))
    with pytest.raises(ArgumentError) as raised:
        gone.with_key(KEY + "x")
    assert not any(KEY in text for text in [*said, str(raised.value)])
    assert FAMILY.policy.version != who.version
