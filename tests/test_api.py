"""The public names and their signatures, held in ``tests/api.txt``: a diff is a decision.

One line for each name that is promised: functions with their parameters, classes with their
constructor, public methods, operators and attributes. Annotations are left out: types are
mypy's to hold, and their text differs between versions of numpy. Accept a change with

    python tests/test_api.py --accept
"""

import difflib
import importlib
import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import GetSetDescriptorType, MemberDescriptorType, ModuleType

FILE = Path(__file__).with_name("api.txt")
MODULES = ["onefold", "onefold.traits", "onefold.segments", "onefold.datasets"]
MODULES += ["onefold.levels", "onefold.lifetime", "onefold.readers", "onefold.testing"]
MODULES += ["onefold.errors", "onefold.identity", "onefold.consent", "onefold.store"]
OPERATORS = {
    f"__{name}__"
    for name in ["len", "iter", "getitem", "contains", "call", "add", "and", "or", "invert"]
}
PLUGS = {"read", "fit", "assign", "shared", "own"}  # their protocols say what they do
CALLABLE = (staticmethod, classmethod)
ADVICE = """The public names differ from tests/api.txt (- promised, + found).

{diff}

If it is meant: say it in docs/changelog.md, run
    python tests/test_api.py --accept
and commit tests/api.txt with the change. If it is not, take the change back."""


def parameters(value: object, *, bound: bool = False) -> str:
    """``(a, b=1, *, c)``: names, kinds and defaults; `bound` leaves out the first (self)."""
    try:
        signature = inspect.signature(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return "(...)"
    kept = list(signature.parameters.values())[1 if bound else 0 :]
    kept = [p.replace(annotation=inspect.Parameter.empty) for p in kept]
    text = str(inspect.Signature(kept))
    return re.sub(r" at 0x[0-9a-f]+", "", text)


def ours(cls: type) -> list[type]:
    """The class and its bases, as far as they are the house's own, the nearest first."""
    return [c for c in cls.__mro__ if c.__module__.partition(".")[0] == "onefold"]


def members(cls: type) -> dict[str, object]:
    """Public attributes and operators, as they lie in the classes, without the machinery."""
    found: dict[str, object] = {}
    for base in reversed(ours(cls)):
        found.update(vars(base))
    fields = {a.name: a for a in getattr(cls, "__attrs_attrs__", ())}
    return {
        name: value
        for name, value in {**fields, **found}.items()
        if name in OPERATORS or not name.startswith("_")
    }


def is_protocol(cls: type) -> bool:
    return bool(getattr(cls, "_is_protocol", False))


def of_class(name: str, cls: type) -> Iterator[str]:
    """The lines of one class."""
    if issubclass(cls, BaseException):
        own = any("__init__" in vars(c) for c in ours(cls))
        bases = ", ".join(b.__name__ for b in cls.__bases__)
        yield f"{name}{parameters(cls) if own else '(...)'} is {bases}"
    elif is_protocol(cls):
        yield f"{name}: protocol"
    else:
        yield f"{name}{parameters(cls)}"
    for key, value in members(cls).items():
        if isinstance(value, CALLABLE):
            yield f"{name}.{key}{parameters(getattr(cls, key))}"
        elif inspect.isfunction(value):
            yield f"{name}.{key}{parameters(value, bound=True)}"
        else:  # a property, a field or a constant
            yield f"{name}.{key}"


def lines() -> list[str]:
    """All that is promised, one name a line; what has two names is spelt out at the first."""
    first: dict[int, str] = {}
    found: list[str] = []
    for module in map(importlib.import_module, MODULES):
        for key in module.__all__:
            name, value = f"{module.__name__}.{key}", getattr(module, key)
            if isinstance(value, type) or inspect.isfunction(value):
                known = first.setdefault(id(value), name)
                if known != name:
                    found.append(f"{name} = {known}")
                elif isinstance(value, type):
                    found.extend(of_class(name, value))
                else:
                    found.append(f"{name}{parameters(value)}")
            else:
                kind = "module" if isinstance(value, ModuleType) else type(value).__name__
                found.append(f"{name}: {kind}")
    return sorted(found)


def test_public_names() -> None:
    promised = FILE.read_text(encoding="utf-8").splitlines() if FILE.exists() else []
    diff = list(difflib.unified_diff(promised, lines(), "promised", "found", lineterm="", n=0))
    assert not diff, ADVICE.format(diff="\n".join(diff[2:]))


def test_public_names_are_listed_once_and_shown() -> None:
    for module in map(importlib.import_module, MODULES):
        names = list(module.__all__)
        assert sorted(set(names)) == sorted(names), f"{module.__name__}.__all__ has doubles"
        assert set(names) <= set(dir(module)), f"dir({module.__name__}) hides a public name"


def test_public_names_are_documented() -> None:
    """Also the methods; slots and fields are described by their class."""
    silent = []
    for module in map(importlib.import_module, MODULES):
        for key in module.__all__:
            value = getattr(module, key)
            if not (isinstance(value, type) or inspect.isfunction(value)):
                continue
            todo: dict[str, object] = {key: value}
            if isinstance(value, type):
                skip = (MemberDescriptorType, GetSetDescriptorType)
                todo |= {
                    f"{key}.{k}": v
                    for k, v in members(value).items()
                    if k not in OPERATORS | PLUGS
                    and not isinstance(v, skip)
                    and (isinstance(v, (*CALLABLE, property)) or inspect.isfunction(v))
                }
            silent += [f"{module.__name__}.{k}" for k, v in todo.items() if not inspect.getdoc(v)]
    assert not silent, f"without a docstring: {', '.join(silent)}"


def positional(value: object, *, bound: bool) -> int:
    """How many arguments may be given by position."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    given = inspect.signature(value).parameters.values()  # type: ignore[arg-type]
    return sum(p.kind in kinds for p in given) - bound


def test_at_most_two_positional_arguments() -> None:
    """Holds for functions and methods; the fields of a value may be given in their order."""
    many = []
    for module in map(importlib.import_module, MODULES):
        for key in module.__all__:
            value = getattr(module, key)
            if inspect.isfunction(value) and positional(value, bound=False) > 2:
                many.append(f"{module.__name__}.{key}")
            elif isinstance(value, type):
                for name, method in members(value).items():
                    if isinstance(method, CALLABLE):
                        count = positional(getattr(value, name), bound=False)
                    elif inspect.isfunction(method):
                        count = positional(method, bound=True)
                    else:
                        continue
                    if count > 2:
                        many.append(f"{module.__name__}.{key}.{name}")
    assert not many, f"more than two positional arguments: {', '.join(many)}"


if __name__ == "__main__":
    if sys.argv[1:] != ["--accept"]:
        sys.exit("usage: python tests/test_api.py --accept")
    FILE.write_text("\n".join(lines()) + "\n", encoding="utf-8")
    print(f"{FILE}: {len(lines())} names")
