"""Addresses that are none are refused in words that help, and show nothing secret."""

import copy
import os
import pickle
from pathlib import Path
from typing import Any

import pytest

import onefold as of
from onefold.errors import ArgumentError, ContractError, OnefoldError, StoreError

WRONG = {
    "sqlite://shop.db": "three slashes: 'sqlite:///shop.db'",
    "sqlite:///x.db?mode=ro": "options 'mode'",
    "sqlite+aiosqlite:///x.db": "write 'sqlite:///shop.db'",
    "postgresql+psycopg://u:hush@h:port/x": "a port is a number",
    "postgresql+psycopg2://u:hush@h/x": r"write 'postgresql\+psycopg://",
    "postgresql+asyncpg://u:hush@h/x": r"write 'postgresql\+psycopg://",
    "postgresql://u:hush@h/x": r"write 'postgresql\+psycopg://",
    "postgres://u:hush@h/x": r"write 'postgresql\+psycopg://",
    "mysql://u:hush@h/x": "SQLite and PostgreSQL are known",
    "shop.db": "Did you mean 'sqlite:///shop.db'",
    "dbname=x password=hush": "a text without",
    "": "it takes 'sqlite:///shop.db'",
}


@pytest.mark.parametrize("url", WRONG)
def test_an_address_that_is_none_is_refused(url: str) -> None:
    with pytest.raises(ArgumentError, match=WRONG[url]) as told:
        of.Store(url)
    assert "hush" not in str(told.value)


def test_a_path_is_no_address(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match=r"Did you mean 'sqlite:///shop.db'"):
        of.Store(Path("shop.db"))
    with pytest.raises(ArgumentError, match="url is a int"):
        of.Store(7)


@pytest.mark.parametrize("how", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_store_is_not_copied_and_is_true(how: Any) -> None:
    with of.Store() as store:
        assert store and not len(store)
        with pytest.raises(ContractError, match="can't be pickled"):
            how(store)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_fork_is_told_to_open_it_anew(lasting: str, opened: Any) -> None:
    store = opened(lasting)
    store.observe(of.Event("ann", "view", "2024-03-01"))
    child = os.fork()
    if not child:  # nothing of pytest's runs here
        said = 1
        try:
            store.profile(("customer", "ann"))
        except StoreError as error:
            said = 0 if "Open it in each process" in str(error) else 2
        except OnefoldError:
            said = 3
        store.close()
        os._exit(said)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert len(store) == 1  # what the child has closed was its own
