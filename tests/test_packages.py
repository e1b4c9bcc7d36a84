"""The five packages: each module imports alone, and importing a package runs nothing."""

from __future__ import annotations

import ast
import importlib
import importlib.util
import tomllib
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parent.parent
PACKAGES = ("crdt", "transports", "knowledge", "meshnode", "tui")
OPTIONAL = {"llama_cpp"}
"""What a whole node may lack: the model's engine."""

MODULES = sorted(
    ".".join(path.relative_to(CHECKOUT).with_suffix("").parts).removesuffix(".__init__")
    for package in PACKAGES
    for path in (CHECKOUT / package).rglob("*.py")
    if path.stem != "__main__"
)


@pytest.mark.slow  # the first to import a large library waits for it
@pytest.mark.parametrize("module", MODULES)
def test_every_module_imports(module: str) -> None:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name not in OPTIONAL or importlib.util.find_spec(str(error.name)):
            raise


@pytest.mark.parametrize("package", PACKAGES)
def test_importing_a_package_runs_nothing(package: str) -> None:
    for init in (CHECKOUT / package).rglob("__init__.py"):
        statements = ast.parse(init.read_text()).body

        assert len(statements) == 1, init
        assert ast.get_docstring(ast.parse(init.read_text())), init


def test_the_wheel_holds_the_five_packages() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())

    assert project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == list(PACKAGES)
    assert project["tool"]["importlinter"]["root_packages"] == list(PACKAGES)
