import json
import tomllib
from pathlib import Path

import jsonschema
import pytest

from netlint.config import Config, ConfigError, find_config, parse_config, read_config
from netlint.finding import Severity
from netlint.report.config import render_config


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
        ({"per-file": [{"path": ["a"]}]}, "per-file: unknown key 'path', did you mean paths?"),
        ({"per-file": [{"paths": ["a"]}]}, "a \\[\\[per-file\\]\\] table has the keys paths and ignore"),
        ({"per-file": [{"paths": ["[b-a]"], "ignore": []}]}, "pattern '\\[b-a\\]': bad character range"),
        ({"hosts": {"name": "a"}}, "expected \\[\\[hosts\\]\\] tables"),
        ({"hosts": [{"name": "a", "source": []}]}, "hosts: unknown key 'source', did you mean sources?"),
        ({"hosts": [{"name": 1, "sources": []}]}, "the name of a \\[\\[hosts\\]\\] table is a string"),
        ({"hosts": [{"name": "a", "sources": ["/"]}]}, "pattern '/' names nothing"),
        ({"hosts": [{"name": "a", "sources": []}] * 2}, "two hosts are called 'a'"),
        ({"warn-unused-ignores": "yes"}, "warn-unused-ignores: expected true or false"),
        ({"expect": [{"flow": "tcp", "verdict": "accept", "hosts": "a"}]}, "unknown key 'hosts', did you mean host?"),
        ({"expect": [{"flow": "x"}]}, "has the keys flow and verdict, and may have host"),
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
    assert find_config(inner) == str(project)
    assert read_config(project).engine is not None
    nearest = inner / "netlint.toml"
    nearest.write_text("")
    assert find_config(inner) == str(nearest)
    assert read_config(nearest) == Config(path=str(nearest))


def test_broken_file(tmp_path: Path) -> None:
    path = tmp_path / "netlint.toml"
    path.write_text("engine = ")
    with pytest.raises(ConfigError, match=r"netlint\.toml"):
        read_config(path)


SCHEMA = json.loads((Path(__file__).parents[1] / "docs/schema/config.json").read_text())
FULL = {
    "engine": "26.1",
    "reserved": ["10.0.0.0/8 corporate", "fd00::/8 lab"],
    "select": ["NL1", "NL2"],
    "ignore": ["port-on-all-interfaces"],
    "warn-unused-ignores": True,
    "severity": {"subnet-not-canonical": "error"},
    "per-file": [{"paths": ["examples/**"], "ignore": ["NL2"]}],
    "hosts": [{"name": 'edge "1"\x7f', "sources": ["edge/compose.yaml", "hosts/edge-1/**"]}],
    "expect": [{"flow": "tcp from internet to container web:443", "verdict": "accept", "host": "edge"}],
}


def test_schema_knows_every_key() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(FULL)
    assert set(SCHEMA["properties"]) == set(FULL), "a key of the schema is not tried here"
    fields = {name.replace("_", "-") for name in Config.__struct_fields__} - {"path", "text"}
    assert set(SCHEMA["properties"]) == fields
    parse_config(FULL)


@pytest.mark.parametrize(
    "table",
    [
        {"ignored": []},
        {"engine": 26},
        {"reserved": ["banana office"]},
        {"ignore": "NL1"},
        {"severity": {"NL101": "fatal"}},
        {"per-file": [{"path": ["a"]}]},
        {"hosts": [{"name": "a"}]},
        {"warn-unused-ignores": "yes"},
        {"expect": [{"flow": "x", "verdict": "maybe"}]},
    ],
)
def test_schema_refuses_what_netlint_refuses(table: dict[str, object]) -> None:
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(table)
    with pytest.raises(ConfigError):
        parse_config(table)


def test_what_show_config_prints_is_that_configuration() -> None:
    config = parse_config(FULL)
    assert parse_config(tomllib.loads(render_config(config))) == config
    assert render_config(Config()) == "# no configuration file was found or asked for\n"


def test_a_strange_pyproject(tmp_path: Path) -> None:
    path = tmp_path / "pyproject.toml"
    path.write_text("tool = 1")
    assert read_config(path) == Config(path=str(path), text="tool = 1")
    path.write_text("[tool]\nnetlint = 1")
    with pytest.raises(ConfigError, match=r"tool\.netlint: expected a table"):
        read_config(path)
