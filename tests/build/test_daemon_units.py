"""dockerd's command line in systemd units, and the files of defaults that they read."""

from __future__ import annotations

import pytest

from tests.build.daemons import UNIT, Built, from_host


class TestUnits:
    def test_a_drop_in_resets_and_replaces(self) -> None:
        built = from_host(unit=UNIT, dropin="[Service]\nExecStart=\nExecStart=/usr/bin/dockerd --mtu 1400\n")
        assert built.values() == {"mtu": 1400}
        assert [(start.effective, start.program) for start in built.facts.exec_starts] == [
            (False, "/usr/bin/dockerd"),
            (True, "/usr/bin/dockerd"),
        ]
        assert built.facts.exec_starts[1].file.endswith("10-netlint.conf")

    def test_without_a_reset_both_count(self) -> None:
        built = from_host(unit=UNIT, dropin="[Service]\nExecStart=/usr/bin/dockerd --mtu 1400\n")
        assert [start.effective for start in built.facts.exec_starts] == [True, True]
        assert set(built.values()) == {"hosts", "mtu"}

    def test_etc_hides_lib_and_drop_ins_go_by_name(self) -> None:
        def unit(mtu: int, reset: str = "ExecStart=\n") -> tuple[str, str]:
            return "systemd-unit", f"[Service]\n{reset}ExecStart=dockerd --mtu={mtu}\n"

        built = Built(
            {
                "lib/systemd/system/docker.service": unit(1, ""),
                "etc/systemd/system/docker.service.d/20-b.conf": unit(4),
                "etc/systemd/system/docker.service": unit(2, ""),
                "lib/systemd/system/docker.service.d/10-a.conf": unit(3),
            }
        )
        assert built.values() == {"mtu": 4}
        assert [built.slice(start.span)[-1] for start in built.facts.exec_starts] == ["2", "3", "4"]

    def test_other_units_do_not_count(self) -> None:
        built = Built(
            {"weave.service": ("systemd-unit", "[Service]\nExecStart=/usr/bin/docker run -d --mtu 9 weave\n")}
        )
        assert (built.facts.options, built.facts.exec_starts, built.facts.daemon_files) == ([], [], [])

    def test_any_unit_that_starts_dockerd_counts(self) -> None:
        built = Built({"engine.service": ("systemd-unit", "[Service]\nExecStart=/bin/docker daemon --mtu 9\n")})
        assert built.values() == {"mtu": 9}

    def test_variables_of_the_unit(self) -> None:
        variables = 'Environment="DOCKER_OPTS=--mtu=9 -D" NET=10.0.0.1/8\n'
        built = from_host(unit=f"[Service]\n{variables}ExecStart=dockerd $DOCKER_OPTS --bip=${{NET}}\n")
        assert built.values() == {"mtu": 9, "debug": True, "bip": "10.0.0.1/8"}
        assert built.slice(built.one("mtu").span) == "9"
        assert built.slice(built.one("bip").span) == "${NET}"
        assert built.one("bip").exact

    def test_an_unknown_variable_is_left_out(self) -> None:
        assert set(from_host(unit=UNIT).values()) == {"hosts"}


class TestDefaults:
    OPTS = 'DOCKER_OPTS="--bip=10.1.0.1/24 --mtu 1450"\n'

    def test_read_and_referred_to(self) -> None:
        unit = "[Service]\nEnvironmentFile=-/etc/default/docker\nExecStart=dockerd $DOCKER_OPTS\n"
        built = from_host(unit=unit, defaults=self.OPTS)
        assert built.values() == {"bip": "10.1.0.1/24", "mtu": 1450}
        assert built.one("bip").span.source == "etc/default/docker"
        assert built.slice(built.one("bip").span) == "10.1.0.1/24"
        assert built.facts.unused_defaults == []

    @pytest.mark.parametrize(
        "unit",
        [
            "[Service]\nExecStart=dockerd -H fd://\n",
            "[Service]\nExecStart=dockerd -H fd:// $DOCKER_OPTS\n",
            "[Service]\nEnvironmentFile=/etc/sysconfig/docker\nExecStart=dockerd -H fd:// $DOCKER_OPTS\n",
            "[Service]\nEnvironmentFile=/etc/default/docker\nExecStart=dockerd -H fd:// $OPTIONS\n",
        ],
    )
    def test_not_read_or_not_referred_to(self, unit: str) -> None:
        built = from_host(unit=unit, defaults=self.OPTS + 'export TMPDIR="/x"\n')
        assert set(built.values()) == {"hosts"}
        assert [built.slice(unused.span) for unused in built.facts.unused_defaults] == [self.OPTS.strip()]
        assert [(unused.name, unused.flags) for unused in built.facts.unused_defaults] == [
            ("DOCKER_OPTS", ("--bip", "--mtu"))
        ]

    def test_a_drop_in_alone_says_nothing_about_the_file(self) -> None:
        built = from_host(dropin="[Service]\nEnvironment=A=b\n", defaults=self.OPTS)
        assert (built.facts.options, built.facts.unused_defaults) == ([], [])

    def test_without_a_unit_the_file_is_the_command_line(self) -> None:
        built = from_host(defaults=self.OPTS + 'DOCKER_OPTS="$DOCKER_OPTS --icc=false"\n')
        assert built.values() == {"bip": "10.1.0.1/24", "mtu": 1450, "icc": False}
        assert built.facts.unused_defaults == []

    def test_a_variable_that_refers_to_itself(self) -> None:
        assert from_host(defaults='DOCKER_OPTS="$DOCKER_OPTS -D"\n').values() == {"debug": True}

    def test_what_is_passed_on_in_another_variable_is_not_unused(self) -> None:
        defaults = 'DOCKER_OPT_MTU="--mtu=9"\nDOCKER_OPTS=" --mtu=9"\n'
        unit = "[Service]\nEnvironmentFile=/etc/default/docker\nExecStart=dockerd $DOCKER_OPTS\n"
        assert from_host(unit=unit, defaults=defaults).facts.unused_defaults == []
