"""NL213, NL236, NL239: networks that a proxy may take, a port wanted twice, and formats of files."""

import json
import sys
from pathlib import Path

import pytest

from tests.lab.compose import Compose, Lab, Record, container, finds, up
from tests.lab.engine import CACHE
from tests.lab.examples import files, images, reported, write
from tests.lab.net import run, wait_until


def test_address_that_a_proxy_takes(version: str, lab: Lab, proof: Record, tmp_path: Path) -> None:
    """Traefik itself is not here: what it finds by the engine, and what of it the proxy's container reaches."""
    engine, shop = lab.engine, tmp_path / "app"
    up(engine, files("NL213", "the proxy's network and another"), shop)
    asker, asked = container(shop, "proxy"), container(shop, "app")
    listed = json.loads(engine.docker("inspect", "-f", "{{json .NetworkSettings.Networks}}", asked))
    assert set(listed) == {"app_web", "app_back"}  # by the engine's names
    reached = {name: engine.asks(asker, one["IPAddress"]) is not None for name, one in listed.items()}
    assert reached == {"app_web": True, "app_back": False}
    assert finds(engine, "NL213", shop)
    seen = "the engine lists both networks of the container, as app_web and app_back, without an order: the proxy's "
    proof(
        rule="NL213", engine=version, observed=seen + "container reaches its address on app_web, not that on app_back"
    )


PROGRAM = '["/bin/sh", "-c", "exec /bin/httpd -f -p $$WEBUI_PORT -h /www"]'
OVERRIDE = f"""
services:
  vpn: {{entrypoint: ["/bin/sleep", "600"], init: true}}
  one: {{entrypoint: {PROGRAM}}}
  other: {{entrypoint: {PROGRAM}}}
"""


@pytest.mark.parametrize("title", ["two behind a VPN", "a port each"])
def test_port_wanted_twice(version: str, lab: Lab, title: str, proof: Record, tmp_path: Path) -> None:
    """Each program listens where its variable says."""
    engine, shop, good = lab.engine, tmp_path / "shop", title == "a port each"
    texts = files("NL236", title)
    engine.provide(*images(texts))
    write({"compose.yaml": texts["compose.yaml"], "compose.override.yaml": OVERRIDE}, shop)
    Compose(engine).run(shop, "up", "-d")
    states = ["running", "running"] if good else ["exited", "running"]

    def found() -> list[str]:
        return sorted(
            engine.docker("inspect", "-f", "{{.State.Status}}", container(shop, name)) for name in ("one", "other")
        )

    wait_until(lambda: found() == states and lab.host.asks("127.0.0.1", 8080) is not None, 10, "the programs")
    logs = "".join(engine.docker("logs", container(shop, name), check=False) for name in ("one", "other"))
    assert ("Address already in use" in logs) is not good
    assert finds(engine, "NL236", shop) is not good
    if not good:
        seen = "both programs told port 8080: one runs, the other ends: bind: Address already in use; a port each: "
        proof(rule="NL236", engine=version, observed=seen + "both run")


# By version of docker-compose, the formats that it reads and those that it refuses.
FORMATS = {"1.17": (("2.3", "3.4", "3.5"), ("2.4", "3.6", "3.7")), "1.25": (("2.4", "3.7"), ("3.8", ""))}
_SERVICES = "services:\n  app:\n    image: example/app\nnetworks:\n  default:\n    driver: bridge\n"
# What `docker-compose config -q` says on each file named, a line each, which is empty where it reads the file.
_CONFIG = """
import sys
from compose.config import config
from compose.config.errors import ConfigurationError

for name in sys.argv[1:]:
    try:
        config.load(config.ConfigDetails(".", [config.ConfigFile.from_filename(name)]))
        print()
    except ConfigurationError as error:
        print(error.msg.replace("\\n", " "))
"""


@pytest.mark.parametrize("program", FORMATS)
def test_formats(program: str, proof: Record, tmp_path: Path) -> None:
    if not (CACHE / f"compose-{program}").is_dir():
        pytest.skip(f"docker-compose {program} is not here; run tests/lab/fetch-engines.sh compose-{program}")
    exact = {"1.17": "1.17.1", "1.25": "1.25.0"}[program]
    read, refused = FORMATS[program]
    listed = {"docker-compose-version.txt": f"docker-compose version {exact}, build 0a186604\n"}
    for form in read + refused:
        text = (f'version: "{form}"\n' if form else "") + _SERVICES
        write(listed | {"docker-compose.yml": text}, tmp_path / f"form{form}")
        assert ("NL239" in reported(tmp_path / f"form{form}")) is (form in refused), form
    names = [f"{tmp_path}/form{form}/docker-compose.yml" for form in read + refused]
    environment = (f"PYTHONPATH={CACHE}/compose-{program}", "PYTHONWARNINGS=ignore")
    said = dict(
        zip(read + refused, run("env", *environment, sys.executable, "-c", _CONFIG, *names).splitlines(), strict=True)
    )
    assert [form for form, text in said.items() if not text] == list(read)
    for form in refused:
        assert ("is unsupported" if form else "Unsupported config option for networks") in said[form]
    shown = ", ".join(form or "one without a number" for form in refused)
    seen = f"reads formats {', '.join(read)} and refuses {shown}: Version in … is unsupported"
    more = ", Unsupported config option for networks" if "" in refused else ""
    proof(rule="NL239", engine=f"Compose {exact}", observed=seen + more)
