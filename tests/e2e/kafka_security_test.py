"""Tasks over the broker's secured listeners, with the rights that docs/kafka-security.md names and no others."""

from pathlib import Path
from typing import Any, Dict, Iterator, Tuple

import pytest

from support.cluster import Cluster, task_definition
from support.kafka import Kafka
from support.kafka_acls import TOPIC, TRANSACTIONAL_ID, allow
from support.mysql import Mysql
from support.stack import Stack

PASSWORD = "carrier-word"  # deploy/dev/binferry_stack/kafka_security.py


@pytest.fixture(scope="module")
def security(stack: Stack) -> Path:
    """Where the broker's certificates and stores are."""
    return Path(stack.exports["BINFERRY_TEST_KAFKA_SECURITY_DIR"])


def file(path: Path) -> Dict[str, str]:
    return {"file": str(path)}


def sasl_ssl(stack: Stack, security: Path) -> Dict[str, Any]:
    """With PLAIN, and the authority in a store of Java."""
    return {"bootstrapServers": [stack.exports["BINFERRY_TEST_KAFKA_SASL_SSL"]], "securityProtocol": "SASL_SSL",
            "saslMechanism": "PLAIN", "username": "carrier", "password": PASSWORD,
            "trustStore": {"content": file(security / "trust.jks"), "password": PASSWORD}}


def client_key(stack: Stack, security: Path) -> Dict[str, Any]:
    """With a client's key and certificate in a PKCS12 store."""
    return {"bootstrapServers": [stack.exports["BINFERRY_TEST_KAFKA_SSL"]], "securityProtocol": "SSL",
            "caCertificate": file(security / "ca.pem"),
            "keyStore": {"content": file(security / "client.p12"), "password": PASSWORD}}


def oauth(stack: Stack, security: Path) -> Dict[str, Any]:
    return {"bootstrapServers": [stack.exports["BINFERRY_TEST_KAFKA_SASL_SSL"]], "securityProtocol": "SASL_SSL",
            "saslMechanism": "OAUTHBEARER", "caCertificate": file(security / "ca.pem"),
            "oauthClient": {"tokenEndpoint": stack.exports["BINFERRY_TEST_TOKENS"], "clientId": "carrier",
                            "clientSecret": PASSWORD}}


WAYS = {"saslssl": (sasl_ssl, "User:carrier"), "clientkey": (client_key, "User:CN=carrier"),
        "oauth": (oauth, "User:carrier")}


@pytest.fixture
def made(mysql: Mysql, kafka: Kafka, database: str) -> Iterator[Tuple[str, str]]:
    """A database with a table, and a topic; their names."""
    mysql.execute(f"CREATE DATABASE {database}")
    mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY)")
    kafka.create_topic(f"{database}-all")
    yield database, f"{database}-all"
    mysql.execute(f"DROP DATABASE {database}")


def definition(stack: Stack, name: str, made: Tuple[str, str], destination: Dict[str, Any]) -> Dict[str, Any]:
    return task_definition(stack, name, made[0], destination=destination,
                           topicPolicy={"specifiedTopic": {"name": made[1]}})


def test_rows_are_carried_with_every_kind_of_credentials(
        cluster: Cluster, stack: Stack, security: Path, mysql: Mysql, kafka: Kafka, made: Tuple[str, str]) -> None:
    for way, (destination, principal) in WAYS.items():
        allow(stack.kafka, principal,
              [(TOPIC, cluster.state_topics), (TRANSACTIONAL_ID, cluster.state_topics), (TOPIC, made[1])])
        cluster.create_task(definition(stack, f"secured-{way}", made, destination(stack, security)))
    for way in WAYS:
        cluster.wait(f"secured-{way}", "INCREMENTAL_SYNC")
    mysql.execute(f"INSERT INTO {made[0]}.t VALUES (1)")
    for way in WAYS:
        cluster.wait_for_records(f"secured-{way}", 1)
    assert len(kafka.read(made[1])) == len(WAYS)


def test_what_is_wrong_is_told_before_the_start(
        cluster: Cluster, stack: Stack, security: Path, made: Tuple[str, str]) -> None:
    wrong = {**sasl_ssl(stack, security), "password": "wrong-word"}
    cluster.create_task(definition(stack, "wrong-password", made, wrong), start=False)
    test = cluster.test("wrong-password", "destination")
    last = test["steps"][-1]
    assert last["step"] == "AUTHENTICATION" and "refuses the credentials" in last["message"], last
    assert "password" in last["remedy"] and "wrong-word" not in str(test)

    stranger = {**sasl_ssl(stack, security), "username": "stranger"}
    why = cluster.why_not_started(definition(stack, "no-rights", made, stranger))
    assert f"--allow-principal 'User:stranger' --operation Write --operation Describe --topic {made[1]}" in why, why
    assert "--transactional-id" in why, why
