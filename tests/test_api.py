"""The interface of rules: what is imported by name, and what type checkers are told of it, are the same."""

import ast
from pathlib import Path

import pytest

from netlint import api


def test_the_types_are_of_the_same_names() -> None:
    tree = ast.parse(Path(api.__file__).with_suffix(".pyi").read_text(encoding="utf-8"))
    typed = {
        (node.module, alias.name, alias.asname)
        for node in tree.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert typed == {(module, name, name) for module, names in vars(api)["_NAMES"].items() for name in names}


@pytest.mark.parametrize("name", sorted(vars(api)["_MODULES"]))
def test_each_name_is_there(name: str) -> None:
    assert getattr(api, name) is not None


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(ImportError, match="cannot import name 'nothing'"):
        exec("from netlint.api import nothing")
