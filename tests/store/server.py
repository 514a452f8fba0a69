"""A real PostgreSQL server for tests and benchmarks, and new databases on it.

    ONEFOLD_POSTGRES=postgresql+psycopg://user@host/postgres    that one
    ONEFOLD_POSTGRES=none                                       none: tests that need one say so
    (not set)                                                   one of our own, if installed

Our own lies in a temporary folder, is spoken to by a socket in it and is stopped at the end.
"""

import os
import shutil
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import attrs

VARIABLE = "ONEFOLD_POSTGRES"
USER = "onefold"
PATIENCE = 60.0  # seconds until a server answers


class NoServer(Exception):
    """There is no server to be had; the message is the reason."""


@attrs.define
class Server:
    """A server of PostgreSQL. `process` is None where somebody else has started it."""

    url: str
    folder: Path | None = None
    binaries: Path | None = None
    process: Any = None
    fast: bool = True

    def stop(self) -> None:
        """Stop it and take its files away, if it is our own."""
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(5)
            self.kill()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def kill(self) -> None:
        """`kill -9` all of its processes, which are a group of their own."""
        if self.process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, 9)
            self.process.wait()
            self.process = None

    def start(self) -> None:
        """Start it, again after `kill`."""
        assert self.folder is not None and self.binaries is not None
        told = ["listen_addresses=", f"unix_socket_directories={self.folder}"]
        told += ["max_connections=100", "logging_collector=off"]
        told += ["fsync=off", "full_page_writes=off"] if self.fast else []
        settings = [word for one in told for word in ("-c", one)]
        with (self.folder / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.binaries / "postgres", "-D", self.folder / "data", *settings],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=self.folder,
                **_somebody(),
            )
        _wait(self)


def server(*, fast: bool = True) -> Server:
    """The server that is named by the environment, or one of our own.

    Args:
        fast: Without fsync and full pages in its journal: it survives a kill and no power cut.

    Raises:
        NoServer: Where there is none, with the reason.
    """
    _driver()
    given = os.environ.get(VARIABLE, "")
    if given == "none":
        raise NoServer(f"{VARIABLE} is 'none'")
    if given:
        return Server(given)
    binaries = _binaries()
    if binaries is None:
        raise NoServer(
            f"no PostgreSQL: {VARIABLE} is not set, and there is no initdb on the path or in "
            "/usr/lib/postgresql (Debian's package is called postgresql)"
        )
    # The path of a socket has 107 bytes at most.
    folder = Path(tempfile.mkdtemp(prefix="onefold-pg-", dir="/tmp"))
    made = Server(f"postgresql+psycopg://{USER}@/postgres?host={folder}", folder, binaries)
    made.fast = fast
    try:
        _owned(folder)
        first = [binaries / "initdb", "-D", folder / "data", "-U", USER, "-A", "trust"]
        first += ["-E", "UTF8", "--locale=C", "--no-sync"]
        done = subprocess.run(
            first, capture_output=True, text=True, cwd=folder, check=False, **_somebody()
        )
        if done.returncode:
            raise NoServer(f"initdb has failed: {done.stderr.strip()[-500:]}")
        made.start()
    except BaseException:
        made.stop()
        raise
    return made


@contextmanager
def database(url: str) -> Iterator[str]:
    """The URL of a new, empty database on a server, which is dropped in the end."""
    name = f"onefold_{uuid.uuid4().hex[:16]}"
    _said(url, f"CREATE DATABASE {name}")
    try:
        yield _called(url, name)
    finally:
        _said(url, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


def emptied(url: str) -> None:
    """Take everything out of a database, and everybody: quicker than to make another."""
    with connected(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


def connected(url: str) -> Any:
    """A connection of psycopg, without a transaction."""
    import psycopg
    from sqlalchemy.engine import make_url

    made = make_url(url)
    told = made.translate_connect_args(username="user", database="dbname") | dict(made.query)
    return psycopg.connect(**told, autocommit=True)


def _called(url: str, name: str) -> str:
    from sqlalchemy.engine import make_url

    return make_url(url).set(database=name).render_as_string(hide_password=False)


def _said(url: str, text: str) -> None:
    with connected(url) as connection:
        connection.execute(text)


def _driver() -> None:
    try:
        import psycopg  # noqa: F401
        import sqlalchemy  # noqa: F401
    except ImportError as error:
        raise NoServer(f"no {error.name}: pip install 'onefold[store]'") from None


def _binaries() -> Path | None:
    found = shutil.which("initdb")
    several = [Path(found).parent] if found else []
    several += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    return next((p for p in several if all((p / n).exists() for n in ("initdb", "postgres"))), None)


def _version(path: Path) -> float:
    name = path.parent.name
    return float(name) if name.replace(".", "", 1).isdigit() else 0.0


def _somebody() -> dict[str, Any]:
    """PostgreSQL refuses to be run by root: as whom it is run then."""
    if os.name != "posix":
        raise NoServer("a server of our own is started on POSIX only; name one by " + VARIABLE)
    if os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            held = pwd.getpwnam(name)
            return {"user": held.pw_uid, "group": held.pw_gid, "extra_groups": []}
    raise NoServer("PostgreSQL refuses to be run by root, and there is no user 'postgres'")


def _owned(folder: Path) -> None:
    who = _somebody()
    if who:
        os.chown(folder, who["user"], who["group"])


def _wait(made: Server) -> None:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            connected(made.url).close()
            return
        except Exception as error:  # whatever it says until it is there
            gone = made.process.poll() is not None
            if gone or time.monotonic() > end:
                assert made.folder is not None
                told = (made.folder / "server.log").read_text(errors="replace")[-500:]
                raise NoServer(f"PostgreSQL does not answer: {error}; {told}") from error
        time.sleep(0.02)
