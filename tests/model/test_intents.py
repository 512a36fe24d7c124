"""Environment values and command words as places to connect to. No part of a login is ever taken for one."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netlint.model.compose import Service
from netlint.model.intents import Intent, advertised, intents, listeners
from netlint.model.located import Located
from netlint.source import Span


def service(environment: dict[str, str], command: tuple[str, ...] = ()) -> Service:
    return Service(
        name="app",
        span=Span("x", 0, 0),
        environment=tuple((name, Located(value, Span("x", 0, len(value)))) for name, value in environment.items()),
        command=tuple(Located(word, Span("x", 0, len(word))) for word in command),
    )


def ends(found: list[Intent]) -> list[str]:
    return [f"{one.host}:{one.port}" if one.port is not None else one.host for one in found]


@pytest.mark.parametrize(
    ("name", "value", "wanted"),
    [
        ("DATABASE_URL", "postgres://app:secret@db:5432/shop", ["db:5432"]),
        ("DATABASE_URL", "postgres://app:p@ss@db/shop", ["db"]),
        ("DATABASE_URL", "postgres://user:123/abc@db/shop", []),
        ("DATABASE_URL", "postgresql+asyncpg://db:5432/shop", ["db:5432"]),
        ("JDBC", "jdbc:postgresql://db:5432/shop?user=a&password=b", ["db:5432"]),
        ("JDBC", "jdbc:sqlserver://db:1433;databaseName=shop;password=x", ["db:1433"]),
        ("MONGO", "mongodb://a:b@one:27017,two:27018/shop?replicaSet=rs", ["one:27017", "two:27018"]),
        ("RABBIT", "amqp://a:b@one,amqp://a:b@two:5673", ["one", "two:5673"]),
        ("DSN", "app:secret@tcp(db:3306)/shop", ["db:3306"]),
        ("ConnectionStrings__Main", "Server=db,1433;User=sa;Password=x:1", ["db:1433"]),
        ("ConnectionStrings__Main", "Host=db;Port=5432;Password=x", ["db"]),
        ("KAFKA", "one:9092,two:9092", ["one:9092", "two:9092"]),
        ("ZK", "one:2181,two:2181/kafka", ["one:2181", "two:2181"]),
        ("ES_HOSTS", '["http://es:9200", "http://es2:9200"]', ["es:9200", "es2:9200"]),
        ("V6_URL", "http://[::1]:8080/", ["[::1]:8080"]),
        ("DB_HOST", "db", ["db"]),
        ("dbHost", "db", ["db"]),
        ("spring.redis.host", "cache", ["cache"]),
        ("PGHOST", "db", ["db"]),
        ("NODES", "one, two", ["one", "two"]),
        ("POSTGRES_USER", "db", []),
        ("TZ", "Europe/Berlin", []),
        ("NO_PROXY", "db:5432", []),
        ("HOSTNAME", "db", []),
        ("HOST", "localhost", []),
        ("LISTEN_ADDR", "127.0.0.1:80", []),
        ("ALLOWED_HOSTS", "db", []),
        ("CORS_ALLOWED_ORIGINS", "http://web:80", []),
        ("PUBLIC_URL", "http://web:80", []),
        ("API_URL", "http://${HOST}:80", []),
        ("API_URL", "http://web:${PORT}/x", ["web"]),
        ("API_HOST", "${HOST}", []),
    ],
)
def test_values(name: str, value: str, wanted: list[str]) -> None:
    assert ends(list(intents(service({name: value})))) == wanted


@pytest.mark.parametrize(
    ("word", "wanted"),
    [
        ("--broker=kafka:9092", ["kafka:9092"]),
        ("db:5432", ["db:5432"]),
        ("http://api:80/v1", ["api:80"]),
        ("--providers.docker=true", []),
        ("--listen", []),
        ("sh -c 'wait db:5432'", []),
    ],
)
def test_words(word: str, wanted: list[str]) -> None:
    assert ends(list(intents(service({}, (word,))))) == wanted


@pytest.mark.parametrize("name", ["API_KEY", "DB_PASSWORD", "AUTH_TOKEN", "SESSION_SECRET"])
def test_what_may_be_a_secret_is_no_host(name: str) -> None:
    assert not list(intents(service({name: "abc:1234"})))
    assert not list(intents(service({}, (f"--{name.lower()}=abc:1234",))))
    assert ends(list(intents(service({f"{name}_HOST": "db:5432"})))) == ["db:5432"]


def test_a_port_beside_the_host() -> None:
    assert ends(list(intents(service({"DB_HOST": "db", "DB_PORT": "5432"})))) == ["db:5432"]
    assert ends(list(intents(service({"DB_HOST": "db", "OTHER_PORT": "5432", "DB_PORT": "${PORT}"})))) == ["db"]


def test_span_covers_host_and_port_alone() -> None:
    value = "postgres://app:secret@db:5432/shop"
    (found,) = intents(service({"DATABASE_URL": value}))
    assert value[found.span.start : found.span.end] == "db:5432"
    value = "Server=db,1433;Password=x"
    (found,) = intents(service({"CONNECTION": value}))
    assert value[found.span.start : found.span.end] == "db,1433"


def test_listeners_of_a_broker() -> None:
    broker = service(
        {
            "KAFKA_LISTENERS": "INSIDE://:9092,HOST://0.0.0.0:29092",
            "KAFKA_ADVERTISED_LISTENERS": "INSIDE://kafka:9092,HOST://localhost:29092",
        }
    )
    assert listeners(broker) == {"inside": 9092, "host": 29092}
    assert [(name, one.host, one.port) for name, one in advertised(broker)] == [
        ("inside", "kafka", 9092),
        ("host", "localhost", 29092),
    ]
    assert list(intents(broker)) == []


SECRET = "Zq7secretZq7"
LOGINS = st.text(alphabet="@/:;,?#=&%ab1 .-", max_size=6)


@settings(max_examples=300)
@given(before=LOGINS, after=LOGINS, scheme=st.sampled_from(("postgres://", "amqp://", "http://", "tcp(", "Server=")))
def test_a_password_is_never_a_host(before: str, after: str, scheme: str) -> None:
    value = f"{scheme}user:{before}{SECRET}{after}@db:5432/shop"
    for found in intents(service({"DATABASE_URL": value})):
        assert SECRET not in found.host
        assert SECRET not in value[found.span.start : found.span.end]


@settings(max_examples=200)
@given(name=st.text(max_size=8), value=st.text(max_size=30))
def test_never_raises(name: str, value: str) -> None:
    for found in intents(service({name: value}, (value,))):
        assert 0 <= found.span.start <= found.span.end <= len(value)
        assert found.port is None or 0 < found.port < 65536
