"""Suppression, overrides, order and fingerprints, seen through a whole check."""

from pathlib import Path

import pytest
from msgspec import structs

from netlint.arguments import FORMATS, parser
from netlint.cli import main
from netlint.config import Config, parse_config
from netlint.discover import discover
from netlint.engine import check
from netlint.finding import Severity
from netlint.output import FINGERPRINTED, rendered
from netlint.rule import Body, Rule, RuleError, load_rules, rules_folder
from netlint.run import NotChecked, Run

RULES = load_rules([rules_folder()])
UNIT = "[Service]\nExecStart=/usr/bin/dockerd -H tcp://0.0.0.0:2375{}\n"


def run(folder: Path, files: dict[str, str], config: Config | None = None, *, ignores: bool = True) -> Run:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return check(discover([str(folder)]), RULES, config or Config(), ignores=ignores)


def codes(result: Run) -> list[str]:
    return [finding.code for finding in result.findings if finding.suppressed is None]


def test_a_comment_on_the_line_suppresses_with_its_reason(tmp_path: Path) -> None:
    text = "[Service]\n; netlint: ignore[docker-api-exposed] behind a firewall of its own\n" + UNIT[10:].format("")
    result = run(tmp_path, {"docker.service": text})
    assert codes(result) == []
    finding = result.findings[0]
    assert finding.suppressed is not None
    assert (finding.suppressed.kind, finding.suppressed.reason) == ("inline", "behind a firewall of its own")


@pytest.mark.parametrize(
    "comment",
    [
        "; netlint: ignore[subnet-overlap] another rule",
        "; netlint: ignore[] none",
        "# netlint: ignored[NL305] no such word",
    ],
)
def test_a_comment_for_something_else_does_not(tmp_path: Path, comment: str) -> None:
    text = f"[Service]\n{comment}\n" + UNIT[10:].format("")
    assert codes(run(tmp_path, {"docker.service": text})) == ["NL305"]


def test_a_comment_two_lines_above_does_not(tmp_path: Path) -> None:
    text = "[Service]\n# netlint: ignore[NL305] too far\n\n" + UNIT[10:].format("")
    assert codes(run(tmp_path, {"docker.service": text})) == ["NL305"]


def test_ignore_file_counts_near_the_top_only(tmp_path: Path) -> None:
    top = "# netlint: ignore-file[NL3] a lab machine\n" + UNIT.format("")
    low = "\n" * 12 + top
    assert codes(run(tmp_path / "a", {"docker.service": top})) == []
    assert codes(run(tmp_path / "b", {"docker.service": low})) == ["NL305"]


def test_no_ignores_shows_everything(tmp_path: Path) -> None:
    text = "# netlint: ignore-file[NL3] a lab machine\n" + UNIT.format("")
    assert codes(run(tmp_path, {"docker.service": text}, ignores=False)) == ["NL305"]


def test_per_file_and_severity_of_the_configuration(tmp_path: Path) -> None:
    files = {"lab/docker.service": UNIT.format(""), "edge/docker.service": UNIT.format("")}
    config = parse_config(
        {"severity": {"NL305": "note"}, "per-file": [{"paths": ["lab/*"], "ignore": ["docker-api-exposed"]}]}
    )
    result = run(tmp_path, files, config)
    shown = [finding for finding in result.findings if finding.suppressed is None]
    assert [(finding.at.source, finding.severity) for finding in shown] == [("edge/docker.service", Severity.NOTE)]
    config = structs.replace(config, path=str(tmp_path / "netlint.toml"))
    reasons = {one.suppressed.reason for one in run(tmp_path, files, config).findings if one.suppressed is not None}
    assert reasons == {"ignored for lab/* by netlint.toml"}, "without the folder, which a report tells nobody"


def test_unknown_rule_in_the_configuration(tmp_path: Path) -> None:
    with pytest.raises(RuleError, match="configuration: severity: unknown rule 'NL999'"):
        run(tmp_path, {"docker.service": UNIT.format("")}, parse_config({"severity": {"NL999": "note"}}))


def test_fingerprints_survive_lines_above(tmp_path: Path) -> None:
    before = run(tmp_path / "a", {"docker.service": UNIT.format("")})
    after = run(tmp_path / "b", {"docker.service": "# a remark\n\n" + UNIT.format("")})
    assert [f.fingerprint for f in before.findings] == [f.fingerprint for f in after.findings]
    changed = run(tmp_path / "c", {"docker.service": UNIT.format("").replace("0.0.0.0", "10.0.0.5")})
    assert [f.fingerprint for f in before.findings] != [f.fingerprint for f in changed.findings]


def test_equal_places_have_fingerprints_of_their_own(tmp_path: Path) -> None:
    result = run(tmp_path, {"docker.service": UNIT.format(" -H tcp://0.0.0.0:2375")})
    assert len({finding.fingerprint for finding in result.findings}) == len(result.findings) == 2


def test_errors_come_first(tmp_path: Path) -> None:
    result = run(tmp_path, {"docker.service": UNIT.format(" -H tcp://127.0.0.1:2376")})
    assert [finding.severity for finding in result.findings] == [Severity.ERROR, Severity.NOTE]


def test_what_a_rule_lacks_is_said(tmp_path: Path) -> None:
    result = run(tmp_path, {"docker.service": UNIT.format("")})
    gap = NotChecked("subnet-overlaps-route", tmp_path.name, "no route table (ip route)")
    assert gap in result.coverage.not_checked
    full = run(tmp_path / "b", {"docker.service": UNIT.format(""), "ip-route.txt": "default via 10.0.0.1 dev eth0\n"})
    assert not [one for one in full.coverage.not_checked if one.rule == "subnet-overlaps-route"]


def test_a_value_of_the_input_makes_no_endless_message(tmp_path: Path) -> None:
    result = run(tmp_path, {"ip-route.txt": "default via " + "x" * 100_000 + "\n10.0.0.0/8 via 10.1.1.1 dev eth0\n"})
    assert [len(finding.message) for finding in result.findings] == [401]


def test_several_processes_find_the_same(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(
        "services:\n  web:\n    image: nginx\n    networks: [nope]\n    ports: ['6379:6379', '6379:80']\n",
        encoding="utf-8",
    )
    discovery = discover([str(tmp_path)])
    alone, together = (check(discovery, RULES, Config(), jobs=jobs) for jobs in (1, 3))
    assert len(alone.findings) > 1
    assert together.findings == alone.findings


def test_a_rule_is_not_run_for_a_compose_file_alone_that_does_not_speak_of_it(tmp_path: Path) -> None:
    ran: list[str] = []

    def spied(one: Rule) -> Rule:
        def body() -> Body:
            ran.append(one.code)
            return one.body()

        return structs.replace(one, body=body)

    (tmp_path / "compose.yaml").write_text("services:\n  web:\n    image: x\n")
    check(discover([str(tmp_path)]), [spied(one) for one in RULES], Config())
    beyond = {one.code for one in RULES if one.beyond_compose or "firewall" in one.needs}
    assert len(beyond) > 20
    assert not beyond & set(ran)
    assert "NL201" in ran
    assert not {"NL101", "NL203"} & set(ran), "the file speaks of no subnet and no network_mode"
    (tmp_path / "compose.yaml").write_text("services:\n  web:\n    image: x\n    network_mode: host\n")
    check(discover([str(tmp_path)]), [spied(one) for one in RULES], Config())
    assert "NL203" in ran
    (tmp_path / "iptables-save.txt").write_text("*filter\n:INPUT ACCEPT [0:0]\nCOMMIT\n")
    check(discover([str(tmp_path)]), [spied(one) for one in RULES], Config())
    assert {one.code for one in RULES} - set(ran) <= {"NL904"}


def test_a_rule_that_fails_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "fragile.py").write_text(
        "from netlint.api import Severity, rule\n\n\n"
        '@rule("MY001", Severity.ERROR)\ndef check(site):\n    yield {}[site.hosts[0].name + "hunter2"]\n'
    )
    (tmp_path / "docker.service").write_text(UNIT.format(""))
    words = ["check", "--no-config", "--rules", str(tmp_path / "rules"), str(tmp_path / "docker.service")]
    for jobs in ("1", "2"):
        assert main([*words, "--jobs", jobs]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert "netlint: rule fragile failed (KeyError in fragile.py, line 6)" in said.err
        assert "hunter2" not in said.err
        assert "--ignore fragile" in said.err
    assert main([*words, "--ignore", "fragile"]) == 1


def test_fingerprints_only_where_a_report_shows_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "docker.service").write_text(UNIT.format(""))
    discovery = discover([str(tmp_path)])
    full = check(discovery, RULES, Config())
    empty = check(discovery, RULES, Config(), fingerprints=False)
    assert [one.fingerprint for one in empty.findings] == [""]
    arguments = parser().parse_args(["check"])
    for name in FORMATS:
        same = rendered(name, full, arguments, to_file=True) == rendered(name, empty, arguments, to_file=True)
        assert same is (name not in FINGERPRINTED), name
        main(["check", "--no-config", "--format", name, str(tmp_path)])
        assert (full.findings[0].fingerprint in capsys.readouterr().out) is (name in FINGERPRINTED), name
