"""The API from another language: a Python client without generated files takes a task from its definition to its
end."""

import uuid
from typing import Any, Callable, Dict, Iterator

import pytest

from support.cluster import Cluster
from support.kafka import Kafka
from support.mysql import Mysql
from support.processes import wait_for
from support.reflected_api import CallFailed, ReflectedApi
from support.stack import Stack

TASKS = "binferry.v1.TaskService."
INSPECTIONS = "binferry.v1.InspectionService."


@pytest.fixture
def api(cluster: Cluster) -> Iterator[ReflectedApi]:
    with ReflectedApi(f"127.0.0.1:{cluster.ports['api']}") as client:
        for service in ("TaskService", "InspectionService", "WorkerService"):
            assert f"binferry.v1.{service}" in client.services()
            client.load(f"binferry.v1.{service}")
        yield client


@pytest.fixture
def definition(stack: Stack, mysql: Mysql, database: str) -> Dict[str, Any]:
    mysql.execute(f"CREATE DATABASE {database}")
    mysql.execute(f"CREATE TABLE {database}.t (id INT PRIMARY KEY, name VARCHAR(20))")
    host, _, port = stack.mysql.rpartition(":")
    return {
        "placement": {"region": "local", "networkType": "NETWORK_TYPE_VPC"},
        "source": {"host": host, "port": int(port), "username": "root"},
        "destination": {"bootstrapServers": [stack.kafka]},
        "objects": {"databases": [{"name": database, "allTables": True}]},
        "topicPolicy": {"autoTopics": {"nameFormat": "python.$database$-$tablename$"}},
        "tags": {"team": "python"},
    }


def wait_until(api: ReflectedApi, name: str, good: Callable[[Dict[str, Any]], bool], what: str) -> Dict[str, Any]:
    """The status that is good, by watching; what is not good for 60 s is an error."""
    for answer in api.stream(TASKS + "WatchTask", {"name": name}):
        status = answer["task"]["status"]
        if good(status):
            return status
    raise AssertionError(f"never {what}")


def wait_for_state(api: ReflectedApi, name: str, state: str) -> Dict[str, Any]:
    return wait_until(api, name, lambda status: status["state"] == "TASK_STATE_" + state, state)


def try_both_ends(api: ReflectedApi, name: str) -> None:
    for endpoint in ("SOURCE", "DESTINATION"):
        test = api.call(INSPECTIONS + "TestConnection", {"name": name, "endpoint": "ENDPOINT_" + endpoint}, 120)
        assert test.get("passed") and len(test["steps"]) >= 3, test


def list_what_the_source_has(api: ReflectedApi, name: str, database: str) -> None:
    """Databases in pages of one, tables, columns."""
    listed, token = [], ""
    while True:
        page = api.call(INSPECTIONS + "ListDatabases",
                        {"name": name, "pageSize": 1, "pageToken": token, "nameContains": database[:-1].upper()}, 120)
        listed += [entry["name"] for entry in page.get("databases", [])]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert database in listed
    tables = api.call(INSPECTIONS + "ListTables", {"name": name, "database": database}, 120)["tables"]
    assert [(table["name"], table["engine"], table["primaryKey"]) for table in tables] == [("t", "InnoDB", ["id"])]
    columns = api.call(INSPECTIONS + "ListColumns", {"name": name, "database": database, "table": "t"}, 120)["columns"]
    assert [column["name"] for column in columns] == ["id", "name"]


def check_confirm_and_start(api: ReflectedApi, name: str) -> None:
    """No start before that."""
    with pytest.raises(CallFailed) as refused:
        api.call(TASKS + "StartTask", {"name": name})
    assert refused.value.code == "FAILED_PRECONDITION" and "check" in refused.value.message
    precheck = api.call(INSPECTIONS + "RunPrecheck", {"name": name}, 120)
    results = {item["id"]: item["result"] for item in precheck["items"]}
    assert "PRECHECK_RESULT_PASSED" in results.values()
    assert "PRECHECK_RESULT_FAILED" not in results.values(), precheck
    alarms = [key for key, result in results.items() if result == "PRECHECK_RESULT_ALARM"]
    assert alarms, "a source without TLS has at least that one"
    precheck = api.call(INSPECTIONS + "ConfirmPrecheck", {"name": name, "itemIds": alarms})
    assert precheck["ready"]
    api.call(TASKS + "StartTask", {"name": name})
    wait_for_state(api, name, "INCREMENTAL_SYNC")


def test_a_python_client_drives_a_task_from_create_to_delete(
        api: ReflectedApi, definition: Dict[str, Any], mysql: Mysql, kafka: Kafka, database: str) -> None:
    # Create, twice with one request id.
    creation = {"parent": "projects/python", "taskId": "from-python", "task": definition,
                "requestId": str(uuid.uuid4())}
    created = api.call(TASKS + "CreateTask", creation)
    name = created["name"]
    assert name == "projects/python/tasks/from-python"
    assert api.call(TASKS + "CreateTask", creation)["uid"] == created["uid"]
    wait_for_state(api, name, "CONFIGURATION")

    try_both_ends(api, name)
    list_what_the_source_has(api, name, database)

    check_confirm_and_start(api, name)

    # Status.
    mysql.execute(f"INSERT INTO {database}.t VALUES (1, 'one')")
    status = wait_until(api, name, lambda s: int(s.get("counters", {}).get("records", 0)) == 1, "one record")
    assert status["position"]["lastRecordId"] == "1" and status["worker"] == "workers/w1"
    listed_tasks = api.call(TASKS + "ListTasks", {"parent": "projects/python", "tags": {"team": "python"}})["tasks"]
    assert [task["name"] for task in listed_tasks] == [name]

    # Pause, resume.
    api.call(TASKS + "PauseTask", {"name": name})
    wait_for_state(api, name, "PAUSED")
    mysql.execute(f"INSERT INTO {database}.t VALUES (2, 'two')")
    api.call(TASKS + "ResumeTask", {"name": name})
    wait_until(api, name, lambda s: s.get("position", {}).get("lastRecordId") == "2", "the second record")
    assert len(kafka.read(f"python.{database}-t")) == 2

    # Stop, delete.
    with pytest.raises(CallFailed) as refused:
        api.call(TASKS + "DeleteTask", {"name": name})
    assert refused.value.code == "FAILED_PRECONDITION"
    api.call(TASKS + "StopTask", {"name": name})
    wait_for_state(api, name, "COMPLETED")
    actions = [event["reason"] for event in api.call(
        TASKS + "ListTaskEvents", {"name": name, "onlyActions": True})["events"]]
    for verb in ("START", "PAUSE", "RESUME", "STOP"):
        assert verb in actions, actions
    api.call(TASKS + "DeleteTask", {"name": name})
    with pytest.raises(CallFailed) as gone:
        api.call(TASKS + "GetTask", {"name": name})
    assert gone.value.code == "NOT_FOUND"


def test_violations_come_as_details_that_other_languages_read(api: ReflectedApi, definition: Dict[str, Any]) -> None:
    definition["source"]["port"] = 65536
    definition["description"] = "a > b"
    with pytest.raises(CallFailed) as refused:
        api.call(TASKS + "CreateTask", {"parent": "projects/python", "taskId": "abc", "task": definition})
    assert refused.value.code == "INVALID_ARGUMENT"
    assert set(refused.value.violations) == {"task_id", "task.source.port", "task.description"}


def test_a_watch_goes_on_behind_its_token(api: ReflectedApi, definition: Dict[str, Any]) -> None:
    name = api.call(TASKS + "CreateTask", {"parent": "projects/python", "taskId": "watched", "task": definition})["name"]
    first = next(api.stream(TASKS + "WatchTask", {"name": "projects/python"}))
    assert first.get("resumeToken")
    wait_for(lambda: api.call(TASKS + "GetTask", {"name": name})["status"]["state"] == "TASK_STATE_CONFIGURATION",
             30, "a worker")
    api.call(TASKS + "UpdateTask", {"task": {"name": name, "description": "seen"}, "updateMask": "description"})
    for answer in api.stream(TASKS + "WatchTask", {"name": "projects/python", "resumeToken": first["resumeToken"]}):
        if answer.get("task", {}).get("description") == "seen":
            break
    else:
        raise AssertionError("the change was not seen")
