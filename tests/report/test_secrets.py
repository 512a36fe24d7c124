"""What a quoted line must not show, and what it must."""

import pytest

from netlint.report.secrets import masked


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("WEAVE_PASSWORD: s3cret # why", "WEAVE_PASSWORD: ****** # why"),
        ('  - "DB_PASSWORD=pg"', '  - "DB_PASSWORD=**"'),
        ('{"splunk-token": "a b", "x": 1}', '{"splunk-token": "***", "x": 1}'),
        ("export API_KEY='a b'", "export API_KEY='***'"),
        ("weave launch --password hunter2 10.0.0.1", "weave launch --password ******* 10.0.0.1"),
        ("url: amqp://user:pw@mq:5672/", "url: amqp://user:**@mq:5672/"),
    ],
)
def test_masked(line: str, expected: str) -> None:
    assert masked(line) == expected


@pytest.mark.parametrize(
    "line",
    [
        "- DB_PASSWORD=${PASSWORD}",
        "secrets:",
        "# the token bucket limits",
        "image: registry/token-service:1.2",
        "external_secret: true",
        "--name secret-store --net x",
        "hosts: tcp://0.0.0.0:2375",
    ],
)
def test_left_alone(line: str) -> None:
    assert masked(line) == line
