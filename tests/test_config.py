from pathlib import Path

import pytest

from netlint.config import Config, ConfigError, find_config, parse_config, read_config
from netlint.finding import Severity


def test_every_key() -> None:
    config = parse_config(
        {
            "engine": "26.1",
            "reserved": ["10.0.0.0/8 corporate", "192.168.50.0/24"],
            "select": ["NL1"],
            "ignore": ["port-on-all-interfaces"],
            "severity": {"subnet-not-canonical": "error"},
            "per-file": [{"paths": ["examples/**"], "ignore": ["NL2"]}],
        }
    )
    assert config.engine is not None
    assert config.engine.numbers == (26, 1)
    assert [(str(one.prefix), one.name) for one in config.reserved] == [
        ("10.0.0.0/8", "corporate"),
        ("192.168.50.0/24", "reserved range"),
    ]
    assert config.select == ("NL1",)
    assert config.ignore == ("port-on-all-interfaces",)
    assert config.severity == (("subnet-not-canonical", Severity.ERROR),)
    assert config.per_file[0].covers("examples/deep/compose.yaml")
    assert not config.per_file[0].covers("compose.yaml")


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"ignored": []}, "unknown key 'ignored', did you mean ignore?"),
        ({"engine": "new"}, "engine: 'new' is no Docker version"),
        ({"engine": 26}, "engine: 26 is no Docker version"),
        ({"reserved": ["banana office"]}, "reserved: 'banana' is no address range"),
        ({"ignore": "NL1"}, "ignore: expected a list of strings"),
        ({"severity": {"NL101": "fatal"}}, "severity: 'fatal' is none of error, warning, note"),
        ({"severity": "error"}, "severity: expected a table"),
        ({"per-file": [{"path": ["a"]}]}, "a \\[\\[per-file\\]\\] table has the keys"),
    ],
)
def test_refused(table: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        parse_config(table)


def test_the_nearest_file_of_the_repository_counts(tmp_path: Path) -> None:
    inner = tmp_path / "repository" / "deploy"
    inner.mkdir(parents=True)
    (tmp_path / "repository" / ".git").mkdir()
    (tmp_path / "netlint.toml").write_text('engine = "20.10"')
    assert find_config(inner) is None, "a file above the repository is not its configuration"
    project = tmp_path / "repository" / "pyproject.toml"
    project.write_text("[project]\nname = 'x'\n")
    assert find_config(inner) is None, "a pyproject.toml without a table for netlint says nothing"
    project.write_text('[tool.netlint]\nengine = "28.5"\n')
    assert find_config(inner) == project
    assert read_config(project).engine is not None
    nearest = inner / "netlint.toml"
    nearest.write_text("")
    assert find_config(inner) == nearest
    assert read_config(nearest) == Config(path=str(nearest))


def test_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "netlint.toml"
    path.write_text("engine = ")
    with pytest.raises(ConfigError, match=r"netlint\.toml"):
        read_config(path)
