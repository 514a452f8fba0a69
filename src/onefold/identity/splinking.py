"""Fellegi and Sunter's model of pairs of records, as Splink learns and applies it, and no more.

Splink works in a database in memory, which is gone afterwards: no file is left, nothing is printed
or logged, and nothing goes over the network. What is compared how closely:

    names        the same, Jaro-Winkler at least .92, .88, .70, or else
    addresses    the same, Jaro-Winkler at least .92, .85, or else
    numbers      the same, one slip (a digit more, less, other, or two swapped), two slips, or else
"""

import contextlib
import logging
import tempfile
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from onefold._types import Floats, Ints
from onefold.errors import ArgumentError, MissingExtra
from onefold.identity.blocking import Plan, Rule
from onefold.identity.records import Field

PAIRS = 2_000_000  # random pairs on which u is learned
RECALL = 0.8  # the share of one person's pairs that agree on what nearly tells a person
CLOSE = {
    "given_name": ("jaro", 0.92, 0.88, 0.7),
    "surname": ("jaro", 0.92, 0.88, 0.7),
    "address": ("jaro", 0.92, 0.85),
    "date_of_birth": ("slips", 1, 2),
    "postcode": ("slips", 1, 2),
    "numbers": ("slips", 1, 2),
    "phone": ("slips", 1, 2),
    "email": ("slips", 1, 2),
}
MEASURES = {
    "jaro": "jaro_winkler_similarity({l}, {r}) >= {x}",
    "slips": "damerau_levenshtein({l}, {r}) <= {x}",
}
_silence = threading.Lock()  # who silences Splink's logger gives it back before the next does


def scored(
    fields: Sequence[Field],
    plan: Plan,
    *,
    further: Mapping[str, pa.Array],
    comparisons: Sequence[Any],
    least: float,
    seed: int,
    call: str,
) -> tuple[Ints, Ints, Floats]:
    """Positions (m,) and (m,) of the records of each pair from probability `least` on, and it."""
    try:
        with _quiet(), tempfile.TemporaryDirectory() as folder:
            return _run(fields, plan, further, comparisons, least, seed, folder)
    except ImportError as error:
        raise MissingExtra(
            f"{call} needs Splink and DuckDB. Install them: pip install 'onefold[linkage]'."
        ) from error
    except Exception as error:  # whatever Splink or DuckDB raise
        said = str(error).strip().split("\n")[0].rstrip(".")
        raise ArgumentError(
            f"{call}: nothing can be learned from these records: {said}. Name more columns, give "
            "more records, or tell which pairs to look at with blocking=."
        ) from error


def _run(
    fields: Sequence[Field],
    plan: Plan,
    further: Mapping[str, pa.Array],
    comparisons: Sequence[Any],
    least: float,
    seed: int,
    folder: str,
) -> tuple[Ints, Ints, Floats]:
    import duckdb
    from splink import SettingsCreator

    n = len(fields[0].held)
    settings = SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="unique_id",
        comparisons=[*(_comparison(field) for field in fields), *comparisons],
        blocking_rules_to_generate_predictions=[_agree(rule) for rule in plan.look],
        em_convergence=1e-4,
        max_iterations=25,
        retain_matching_columns=False,
        probability_two_random_records_match=1 / (n * (n - 1) / 2),  # where no agreement tells
    )
    config: dict[str, Any] = {
        "threads": 1,  # sums in one order, so that one seed gives one result
        "temp_directory": folder,
        "autoinstall_known_extensions": False,
    }
    with contextlib.closing(duckdb.connect(":memory:", config=config)) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.register("of_given", _table(fields, further))
        connection.execute("CREATE TABLE of_records AS SELECT * FROM of_given")
        linker = _linker(connection, settings)
        train = linker.training
        if plan.sure:
            train.estimate_probability_two_random_records_match(
                [_agree(rule) for rule in plan.sure], recall=RECALL
            )
        _learn_u(train, seed)
        _learn_m(train, plan.learn)
        found = linker.inference.predict(threshold_match_probability=least)
        got = connection.execute(
            f'SELECT unique_id_l, unique_id_r, match_probability FROM "{found.physical_name}" '
            "ORDER BY ALL"
        ).fetchnumpy()
    left, right, chance = (np.asarray(got[name]) for name in got)
    return left.astype(np.int64), right.astype(np.int64), chance.astype(np.float64)


def _linker(connection: Any, settings: Any) -> Any:
    """Splink's linker over the table; its door moved between versions 4 and 5."""
    from splink import Linker
    from splink.backends.duckdb import DuckDBAPI

    api = DuckDBAPI(connection)
    if hasattr(api, "register"):  # from version 5 on
        return Linker(api.register("of_records"), settings, log_level=None)
    return Linker("of_records", settings, api, set_up_basic_logging=False)


def _learn_u(train: Any, seed: int) -> None:
    import inspect

    learn = train.estimate_u_using_random_sampling
    whole = {"min_count_per_level": None, "num_chunks": 1}  # version 5 may stop early
    known = inspect.signature(learn).parameters
    learn(max_pairs=PAIRS, seed=seed, **{k: v for k, v in whole.items() if k in known})


def _learn_m(train: Any, rules: Sequence[Rule]) -> None:
    """In each block by itself; one of which nothing can be learned is left out, but not all."""
    failed: list[ValueError] = []
    for rule in rules:  # two or three
        try:
            train.estimate_parameters_using_expectation_maximisation(_agree(rule))
        except ValueError as error:  # a share that runs towards 0, in version 5
            failed.append(error)
    if len(failed) == len(rules):
        raise failed[-1]


def _table(fields: Sequence[Field], further: Mapping[str, pa.Array]) -> pa.Table:
    """Fields and further columns by record; DuckDB doesn't tell names apart by capitals."""
    own = {field.name: pa.array(field.held.decode(), type=pa.string()) for field in fields}
    own["unique_id"] = pa.array(np.arange(len(fields[0].held)))
    others = {name: held for name, held in further.items() if name.casefold() not in own}
    return pa.table(others | own)


def _comparison(field: Field) -> dict[str, Any]:
    """How one field is compared: missing, the same, close, or else."""
    ends = {"l": f'"{field.name}_l"', "r": f'"{field.name}_r"'}
    measure, *steps = CLOSE.get(field.role, ("slips",))
    levels: list[dict[str, Any]] = [
        {
            "sql_condition": "{l} IS NULL OR {r} IS NULL".format(**ends),
            "label_for_charts": "missing",
            "is_null_level": True,
        },
        {
            "sql_condition": "{l} = {r}".format(**ends),
            "label_for_charts": "the same",
            "tf_adjustment_column": field.name,
            "tf_adjustment_weight": 1.0,
        },
    ]
    levels += [
        {
            "sql_condition": MEASURES[str(measure)].format(x=x, **ends),
            "label_for_charts": f"{measure} {x}",
        }
        for x in steps
    ]
    levels.append({"sql_condition": "ELSE", "label_for_charts": "else"})
    return {"output_column_name": field.name, "comparison_levels": levels}


def _agree(rule: Rule) -> str:
    return " AND ".join(f'l."{name}" = r."{name}"' for name in rule)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Nothing of what Splink logs or warns of reaches anybody, and all is as before afterwards."""
    logger = logging.getLogger("splink")
    with _silence:
        level = logger.level
        logger.setLevel(logging.CRITICAL + 1)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield
        finally:
            logger.setLevel(level)
