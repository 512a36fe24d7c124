"""What the help of a finding says where it depends on the input."""

from pathlib import Path

import pytest

from tests.lab.examples import files, findings, write


@pytest.mark.parametrize(("published", "advice"), [("8080:80", " and port = 80, the container's"), ("8080:8080", "")])
def test_ban_by_the_container_s_port(published: str, advice: str, tmp_path: Path) -> None:
    texts = files("NL802", "fail2ban bans in INPUT")
    assert "8080:80" in texts["compose.yaml"]
    texts["compose.yaml"] = texts["compose.yaml"].replace("8080:80", published)
    (found,) = (one for one in findings(write(texts, tmp_path)) if one.code == "NL802")
    assert found.help == f"set chain = DOCKER-USER for this jail{advice}"
