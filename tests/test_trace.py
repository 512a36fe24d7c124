"""`netlint trace` and `[[expect]]` as a user meets them: the verdict line, JSON, errors, SARIF's code flows."""

import json
from pathlib import Path

import pytest

from netlint.cli import main
from tests.dataplane.hosts import ADDRESSES, DOCKER, ROUTES

FILES = {"ip-addr.txt": ADDRESSES, "ip-route.txt": ROUTES, "iptables-save.txt": DOCKER}
LINE = {text: number for number, text in enumerate(DOCKER.splitlines(), 1)}
MASQUERADE = LINE["-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE"]
DNAT = next(number for text, number in LINE.items() if "DNAT" in text)
SOURCE = f"(source rewritten by iptables-save.txt:{MASQUERADE})"
DESTINATION = f"(destination rewritten by iptables-save.txt:{DNAT})"
POLICY = LINE[":FORWARD DROP [0:0]"]


@pytest.fixture
def host(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def netlint(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    status = main(words)
    captured = capsys.readouterr()
    return status, captured.out, captured.err


@pytest.mark.parametrize(
    ("flow", "verdict"),
    [
        (
            "tcp from 172.17.0.2 to 10.1.2.3:5432",
            f"accepted, leaves eth0 as 192.168.10.1:40000 > 10.1.2.3:5432 {SOURCE}",
        ),
        (
            "tcp from internet to host:8080",
            f"accepted, leaves docker0 as 198.51.100.7:40000 > 172.17.0.2:80 {DESTINATION}",
        ),
        ("tcp from internet to host:22", "accepted, delivered to {host} as 198.51.100.7:40000 > 192.168.10.1:22"),
        (
            "tcp from internet to 172.17.0.2:81",
            f"dropped by iptables-save.txt:{POLICY}: 198.51.100.7:40000 > 172.17.0.2:81",
        ),
        ("tcp from host to 10.67.0.1", "unroutable by ip-route.txt:6: 192.168.10.1:40000 > 10.67.0.1:80"),
        ("icmp from 172.17.0.2 to internet", f"accepted, leaves eth0 as 192.168.10.1 > 198.51.100.7 {SOURCE}"),
    ],
)
def test_the_verdict(capsys: pytest.CaptureFixture[str], host: Path, flow: str, verdict: str) -> None:
    status, out, err = netlint(capsys, "trace", str(host), flow)
    assert (status, err) == (0, "")
    lines = [line for line in out.splitlines() if line and not line.startswith(" ")]
    last = next(line for line in reversed(lines) if not line.startswith("the answer"))
    assert last == verdict.format(host=host.name)


def test_steps_have_their_places(capsys: pytest.CaptureFixture[str], host: Path) -> None:
    _, out, _ = netlint(capsys, "trace", str(host), "tcp from internet to host:8080")
    assert f"  iptables-save.txt:{DNAT}" in out
    assert "route 172.17.0.0/16 dev docker0" in out
    assert "the answer comes back as tcp 192.168.10.1:8080 > 198.51.100.7:40000" in out


def test_json(capsys: pytest.CaptureFixture[str], host: Path) -> None:
    _, out, _ = netlint(capsys, "trace", str(host), "tcp from 172.17.0.2 to 10.1.2.3:5432", "--format", "json")
    found = json.loads(out)
    assert (found["version"], found["verdict"], found["certain"]) == (1, "accepted", True)
    assert (found["keeps_source"], found["delivered"], found["answer"]["comes_back"]) == (False, False, True)
    assert found["arrives"]["source"] == "192.168.10.1"
    (rule,) = (step for step in found["steps"] if "MASQUERADE" in step["text"])
    assert (rule["file"], rule["start"]["line"]) == ("iptables-save.txt", MASQUERADE)


def test_what_is_not_known_is_said(capsys: pytest.CaptureFixture[str], host: Path) -> None:
    (host / "iptables-save.txt").write_text(
        DOCKER.replace("-A DOCKER-USER -j", "-A DOCKER-USER -m u32 --u32 0=1 -j DROP\n-A DOCKER-USER -j")
    )
    _, out, _ = netlint(capsys, "trace", str(host), "tcp from 172.17.0.2 to internet")
    assert "not certain" in out
    assert "whether this rule matches is not known: filter DOCKER-USER: DROP" in out
    assert "if nothing above decides otherwise" in out


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        ("tpc from lan to host", "did you mean tcp?"),
        ("tcp from container nobody to host", "no address of a container nobody is known"),
        ("tcp from lan to", "expected"),
    ],
)
def test_a_flow_that_cannot_be_traced(capsys: pytest.CaptureFixture[str], host: Path, flow: str, message: str) -> None:
    status, out, err = netlint(capsys, "trace", str(host), flow)
    assert (status, out) == (2, "")
    assert message in err
    assert "^" in err
    assert "Traceback" not in err


EXPECT = '[[expect]]\nflow = "{}"\nverdict = "{}"\n'


@pytest.mark.parametrize(
    ("flow", "verdict", "found"),
    [
        ("tcp from internet to 172.17.0.2:81", "drop", None),
        ("tcp from internet to host:8080", "accept", None),
        ("tcp from internet to host:8080", "keeps-source", None),
        ("tcp from internet to 172.17.0.2:81", "accept", "is to be accepted, and is dropped"),
        ("tcp from internet to host:8080", "drop", "is to be dropped, and arrives"),
        ("tcp from 172.17.0.2 to 10.1.2.3", "keeps-source", "is to keep its source, and arrives from 192.168.10.1"),
        ("tcp from container gone to host", "accept", "cannot be checked: no address of a container gone is known"),
    ],
)
def test_expectations(
    capsys: pytest.CaptureFixture[str], host: Path, flow: str, verdict: str, found: str | None
) -> None:
    (host / "netlint.toml").write_text(EXPECT.format(flow, verdict), encoding="utf-8")
    _, out, _ = netlint(capsys, "check", str(host), "--config", str(host / "netlint.toml"), "--select", "NL420")
    assert ("NL420" in out) is (found is not None)
    assert found is None or found in " ".join(out.split())


def test_a_violated_expectation_shows_its_packet(capsys: pytest.CaptureFixture[str], host: Path) -> None:
    (host / "netlint.toml").write_text(EXPECT.format("tcp from internet to host:8080", "drop"), encoding="utf-8")
    words = ("check", str(host), "--config", str(host / "netlint.toml"), "--select", "NL420")
    _, out, _ = netlint(capsys, *words)
    assert "= witness: tcp 198.51.100.7:40000 > 192.168.10.1:8080" in out
    assert f"iptables-save.txt:{DNAT}" in out
    _, sarif, _ = netlint(capsys, *words, "--format", "sarif")
    (result,) = json.loads(sarif)["runs"][0]["results"]
    (flow,) = result["codeFlows"]
    places = [one["location"]["physicalLocation"] for one in flow["threadFlows"][0]["locations"]]
    assert (DNAT, "iptables-save.txt") in {
        (place["region"]["startLine"], place["artifactLocation"]["uri"].rpartition("/")[2]) for place in places
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[[expect]]\nflow = "tcp from lan to host"\nverdict = "acept"\n', "did you mean accept?"),
        ('[[expect]]\nflw = "tcp from lan to host"\nverdict = "accept"\n', "did you mean flow?"),
        ('[[expect]]\nflow = "tcp form lan to host"\nverdict = "accept"\n', "expected from"),
    ],
)
def test_errors_of_the_configuration_suggest(
    capsys: pytest.CaptureFixture[str], host: Path, text: str, message: str
) -> None:
    (host / "netlint.toml").write_text(text, encoding="utf-8")
    status, _, err = netlint(capsys, "check", str(host), "--config", str(host / "netlint.toml"))
    assert status == 2
    assert message in err
