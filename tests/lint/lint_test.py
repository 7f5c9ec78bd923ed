"""A bad sample of every rule must turn the lint red, and a good one must not."""

import subprocess
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import lint  # noqa: E402

GOOD_HEADER = """\
#ifndef BINFERRY_WORKER_SINK_KAFKA_SINK_H_
#define BINFERRY_WORKER_SINK_KAFKA_SINK_H_

#include "absl/strings/string_view.h"
#include "common/ids.h"
#include <librdkafka/rdkafka.h>

// Not std::string_view, says this comment; class Manager { neither.
class KafkaSink {
 public:
  absl::string_view text() const { return "std::string_view {"; }
};

#endif  // BINFERRY_WORKER_SINK_KAFKA_SINK_H_
"""


def rules(path: str, text: str) -> set:
    """The names of the rules that `text` breaks as the file `path`."""
    return {line.split(": ")[1] for line in lint.check(lint.Source(path, text))}


def test_accepts_a_good_header():
    assert rules("worker/sink/kafka_sink.h", GOOD_HEADER) == set()


@pytest.mark.parametrize("path", [
    "common/string_util.cc", "worker/task_manager.cc", "tests/support/helpers.py", "cli/base.cc"])
def test_refuses_banned_file_names(path):
    assert rules(path, "") == {"file-name"}


def test_a_banned_word_inside_a_word_is_none():
    assert rules("worker/database.cc", "class Databases {};\nstruct Contextual {};\n") == set()


@pytest.mark.parametrize("declaration", [
    "class TaskManager {", "struct RowData {", "enum class BaseKind {", "class FooImpl final : public Foo {",
    "using TaskInfo = int;", "class RequestHandler : public X {", "struct TaskContext;"])
def test_refuses_banned_type_names(declaration):
    assert rules("common/x.cc", f"{declaration}\n}};\n") == {"type-name"}


def test_caps_a_file():
    assert rules("common/x.cc", "// x\n" * 500) == set()
    assert rules("common/x.cc", "// x\n" * 501) == {"file-cap"}
    assert rules("tests/x.py", "x = 1\n" * 501) == {"file-cap"}


@pytest.mark.parametrize("head", [
    "int F(int a) {", "absl::Status Reader::Read(\n    int a) const {", "Lease::Lease(int a) : a_(a) {",
    "void F() ABSL_LOCKS_EXCLUDED(mu_) {", "TEST_F(LeaseTest, Renews) {"])
def test_caps_a_function(head):
    length = 70 - head.count("\n") - 2
    inner = "  if (a) { b(); }\n"
    assert rules("common/x.cc", f"namespace x {{\n{head}\n{inner * length}}}\n}}\n") == set()
    assert rules("common/x.cc", f"namespace x {{\n{head}\n{inner * (length + 1)}}}\n}}\n") == {"function-cap"}


def test_caps_a_python_function():
    assert rules("tests/x.py", "def f():\n" + "    x = 1\n" * 69) == set()
    assert rules("tests/x.py", "class A:\n  def f():\n" + "    x = 1\n" * 70 + "y = 1\n") == {"function-cap"}


@pytest.mark.parametrize("path, include", [
    ("common/clock.cc", "worker/worker.h"),
    ("common/clock.cc", "binferry/v1/task.pb.h"),
    ("worker/worker.cc", "controller/controller.h"),
    ("controller/store/task_store_test.cc", "worker/binlog/gtid_set.h"),
    ("controller/store/task_store.cc", "binferry/v1/task.pb.h"),
    ("controller/model/task.h", "controller/store/task_store.h"),
    ("worker/encode/record_encoder.cc", "worker/binlog/row_decoder.h"),
    ("worker/agent/heartbeater.cc", "worker/sink/kafka_sink.h"),
    ("worker/binlog/decimal.cc", "worker/pipeline/chunk.h"),
    ("cli/main.cc", "controller/model/task.h")])
def test_refuses_includes_across_layers(path, include):
    assert "layers" in rules(path, f'#include "{include}"\n')


@pytest.mark.parametrize("path, include", [
    ("worker/pipeline/pipeline.cc", "worker/binlog/gtid_set.h"),
    ("controller/api/task_proto.cc", "binferry/v1/task.pb.h"),
    ("common/grpc_status.cc", "binferry/v1/error_details.pb.h"),
    ("common/grpc_status_test.cc", "binferry/v1/error_details.pb.h"),
    ("worker/worker.cc", "worker/agent/heartbeater.h"),
    ("controller/model/task_test.cc", "controller/store/task_store.h")])
def test_accepts_includes_downwards(path, include):
    assert rules(path, f'#include "{include}"\n') == set()


@pytest.mark.parametrize("include, home, elsewhere", [
    ("mysql.h", "worker/mysql/connection.cc", "worker/mysql/source_catalog.cc"),
    ("mysql.h", "worker/mysql/client_library_mariadb.cc", "worker/pipeline/pipeline.cc"),
    ("librdkafka/rdkafka.h", "worker/sink/kafka_admin.cc", "worker/pipeline/pipeline.cc"),
    ("pqxx/pqxx", "controller/store/task_store.cc", "controller/api/task_service.cc")])
def test_keeps_a_library_to_its_includers(include, home, elsewhere):
    assert rules(home, f"#include <{include}>\n") == set()
    assert rules(elsewhere, f"#include <{include}>\n") == {"one-includer"}


def test_refuses_std_string_view():
    assert rules("common/x.cc", "#include <string_view>\n") == {"string-view"}
    assert rules("common/x.cc", "std::string_view x;\n") == {"string-view"}


@pytest.mark.parametrize("text", ["#pragma once\n", "", "#ifndef X_H_\n#define X_H_\n#endif\n",
                                  "#ifndef BINFERRY_COMMON_X_H_\n#define BINFERRY_COMMON_Y_H_\n#endif\n"])
def test_wants_the_guard_that_the_path_says(text):
    assert rules("common/x.h", text) == {"include-guard"}


def test_wants_clang_format(tmp_path):
    (tmp_path / ".clang-format").write_text("BasedOnStyle: Google\n")
    (tmp_path / "good.cc").write_text("int x = 1;\n")
    (tmp_path / "bad.cc").write_text("int   x=1;\n")
    found = lint.check_format(tmp_path, ["bad.cc", "good.cc"])
    assert found == ["bad.cc:1: clang-format: run clang-format -i"]


def test_the_command_is_red_on_a_bad_tree_and_green_on_a_good_one(tmp_path):
    command = [sys.executable, str(Path(__file__).parent / "lint.py"), str(tmp_path)]
    (tmp_path / "good.cc").write_text("int x = 1;\n")
    assert subprocess.run(command).returncode == 0
    (tmp_path / "string_util.cc").write_text("int y = 1;\n")
    assert subprocess.run(command).returncode == 1
