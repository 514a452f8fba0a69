"""The version of a policy: the same contents in any process, another where anything is another."""

import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest
from scipy.sparse import csr_matrix

import onefold as of
from onefold._vocab import Vocab
from onefold.errors import ArgumentError
from onefold.scoring.version import version_of
from tests.scoring.shops import Flat, fitted, simulated


def told(value: Any) -> str:
    return version_of(value, "value")


@pytest.mark.parametrize(
    ("one", "same"),
    [
        (30, 30.0),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
        ({"x", "y", "z"}, {"z", "y", "x"}),
        (np.array([1, 2], dtype=np.int32), np.array([1, 2], dtype=np.int64)),
        (np.arange(6.0).reshape(2, 3).T, np.arange(6.0).reshape(2, 3).T.copy()),
        (np.array([0.0]), np.array([-0.0])),
        (np.datetime64("2024-01-01"), np.datetime64("2024-01-01T00:00", "us")),
        (Vocab.of(["a", "b"]), Vocab(Vocab.of(["a", "b"]).text)),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
    ],
)
def test_equal_contents_have_one_version(one: Any, same: Any) -> None:
    assert told(one) == told(same)


def test_a_sparse_matrix_in_another_order_is_the_same() -> None:
    mixed = csr_matrix((np.array([2.0, 1.0]), np.array([1, 0]), np.array([0, 2])), shape=(1, 2))
    before = told(mixed)
    mixed.sort_indices()
    assert told(mixed) == before != told(csr_matrix(([1.0, 3.0], ([0, 0], [0, 1])), shape=(1, 2)))


def test_different_contents_have_different_versions() -> None:
    values: list[Any] = [None, True, False, 0, 1, 1.5, "", "1", "None", b"1", (), (1,), ("a", "b")]
    values += [("ab", ""), ("a", ("b",)), {"a": 1}, {"a": 2}, {"1": "a"}, {1}, np.array([1])]
    values += [np.array([1.0]), np.array([[1.0]]), np.zeros((0, 2)), np.zeros((2, 0))]
    values += [np.array(["a", "b"], dtype=object), np.array(["ab", ""], dtype=object)]
    values += [np.array(["a", None], dtype=object), np.datetime64(1, "us"), np.timedelta64(1, "us")]
    values += [of.Scorer(), of.Scorer("view"), of.RFM(), Vocab.of(["a"]), Flat(), float("nan")]
    found = [told(value) for value in values]
    assert len(set(found)) == len(values)


def test_what_has_no_contents_is_refused() -> None:
    holder = Flat()
    holder.n = lambda: 1  # type: ignore[assignment]
    with pytest.raises(ArgumentError, match=r"scorer\['settings'\]\['n'\] is a builtins.function"):
        version_of({"settings": {"n": holder.n}}, "scorer")
    with pytest.raises(ArgumentError, match="no contents"):
        told(holder)
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(ArgumentError, match="holds itself"):
        told(endless)


def test_the_version_of_a_scorer_changes_with_what_decides(tmp_path: Path) -> None:
    scorer = fitted()
    later = scorer.as_of + np.timedelta64(1, "us")
    weights = scorer.weights.copy()
    weights[0, :2] += [1e-9, -1e-9]
    others = [
        scorer,
        scorer.only("everyone"),
        attrs.evolve(scorer, as_of=later),
        attrs.evolve(scorer, weights=weights),
        attrs.evolve(scorer, catalog=None),
        attrs.evolve(scorer, settings=of.Scorer(minimum=21)),
    ]
    assert len({other.version for other in others}) == len(others)
    made = scorer.version
    scorer.rank(simulated(), n=3)
    scorer.explain(next(iter(simulated())), scorer.items[0])
    assert attrs.evolve(scorer).version == made  # nothing that is kept on the way counts
    of.save(scorer, tmp_path / "scorer.onefold")
    assert of.load(tmp_path / "scorer.onefold").version == made


def test_the_version_is_the_same_in_another_process(tmp_path: Path) -> None:
    scorer = fitted()
    of.save(scorer, tmp_path / "scorer.onefold")
    code = "import onefold as of, sys; print(of.load(sys.argv[1]).version, end='')"
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "scorer.onefold")],
        check=False,
        capture_output=True,
        text=True,
        env={"PYTHONPATH": ":".join(sys.path), "PYTHONHASHSEED": "5"},
    )
    assert (done.returncode, done.stdout) == (0, scorer.version), done.stderr
