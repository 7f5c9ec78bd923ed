"""What end-to-end tests share."""

import secrets
from typing import Iterator

import pytest

from support.cluster import Cluster
from support.kafka import Kafka
from support.mysql import Mysql
from support.stack import Stack


@pytest.fixture(scope="session")
def stack() -> Stack:
    """The suite's servers. A test that stops or changes one takes a Stack of its own."""
    return Stack.shared()


@pytest.fixture(scope="module")
def cluster(stack: Stack) -> Iterator[Cluster]:
    """A controller and the worker w1, for the tests of one file."""
    with Cluster(stack) as running:
        running.start_controller()
        running.wait_until_serving()
        running.start_worker()
        yield running


@pytest.fixture
def mysql(stack: Stack) -> Iterator[Mysql]:
    with Mysql(stack.mysql) as session:
        yield session


@pytest.fixture(scope="session")
def kafka(stack: Stack) -> Kafka:
    return Kafka(stack.kafka)


@pytest.fixture
def database() -> str:
    """A name that no other test has."""
    return "db_" + secrets.token_hex(4)
