#!/usr/bin/python3
"""The rules of CONTRIBUTING.md that a script can check: format, names, caps, layers, includes.

`lint.py [DIR]` checks the tree at DIR (default: this repository), prints every violation as
`file:line: rule: what` and ends with 1 if there was one. Only files known to git are checked, or all
where DIR is no repository.
"""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, List, Tuple

FILE_LINES = 500
FUNCTION_LINES = 70
SOURCE_ENDINGS = (".h", ".cc", ".py", ".sh", ".proto")
BANNED = ("manager", "helper", "helpers", "util", "utils", "base", "impl", "handler", "processor",
          "data", "info", "misc", "context")

# Folder, or file without its ending -> folders of ours that it may include, beside itself. The
# longest match counts. Tests and the files named in EVERYTHING may include all of their process.
LAYERS = {
    "common": [],
    "common/grpc_status": ["common", "proto"],
    "controller/model": ["common"],
    "controller/store": ["common", "controller/model", "controller/secrets"],
    "controller/secrets": ["common", "controller/model"],
    "controller/scheduler": ["common", "controller/model", "controller/store"],
    "controller/rpc": ["common", "proto", "controller/model"],
    "controller/api": ["common", "proto", "controller/model", "controller/store", "controller/scheduler",
                       "controller/secrets", "controller/rpc"],
    "controller/coordination": ["common", "proto", "controller/model", "controller/store",
                                "controller/scheduler", "controller/secrets", "controller/rpc"],
    "controller": ["common", "proto", "controller"],
    "worker/binlog": ["common", "worker/charset", "worker/schema"],
    "worker/charset": ["common"],
    "worker/schema": ["common", "worker/charset"],
    "worker/mysql": ["common", "worker/binlog", "worker/charset", "worker/schema", "worker/select"],
    "worker/select": ["common", "worker/charset", "worker/schema"],
    "worker/encode": ["common", "worker/charset", "worker/schema", "worker/route", "worker/select"],
    "worker/route": ["common", "worker/schema"],
    "worker/sink": ["common", "worker/schema", "worker/route"],
    "worker/precheck": ["common", "worker/binlog", "worker/charset", "worker/schema", "worker/mysql",
                        "worker/select", "worker/route", "worker/sink"],
    "worker/pipeline": ["common", "worker/binlog", "worker/charset", "worker/schema", "worker/select",
                        "worker/encode", "worker/route", "worker/sink", "worker/mysql"],
    "worker/decode": ["common", "worker/binlog", "worker/charset", "worker/schema", "worker/encode",
                      "worker/mysql"],
    "worker/agent": ["common", "proto", "worker"],
    "worker": ["common", "proto", "worker"],
    "cli": ["common", "proto", "cli"],
}
EVERYTHING = ("main", "controller", "worker")  # <process>/main.cc, controller.*, worker.*
# The four that do not know each other; the pipeline joins them.
STRANGERS = ("worker/binlog", "worker/encode", "worker/sink", "worker/agent")
# Header of a library -> the files that alone may include it.
ONE_INCLUDER = {
    r"(mysql|mariadb)/.*|(mysql|errmsg|mysqld_error|mariadb_.*)\.h":
        r"worker/mysql/(connection|client_library_\w+)\.(h|cc)",
    r"librdkafka/.*|rdkafka.*\.h": r"worker/sink/kafka_\w+\.(h|cc)",
    r"pqxx/.*": r"controller/store/\w+\.(h|cc)",
    r"sodium\.h|sodium/.*": r"controller/secrets/\w+\.(h|cc)",
}


@dataclass(frozen=True)
class Source:
    """One file: its path below the root, its text, its lines."""

    path: str
    text: str

    @property
    def lines(self) -> List[str]:
        return self.text.splitlines()

    @property
    def is_cpp(self) -> bool:
        return self.path.endswith((".h", ".cc"))

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]


Violation = Tuple[int, str]


def blanked(text: str) -> str:
    """C++ without comments and literals, line by line the same, so that words in them don't count."""
    pattern = re.compile(
        r'//[^\n]*|/\*.*?\*/|R"(\w*)\(.*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\'', re.S)

    def blank(match: "re.Match[str]") -> str:
        kept = "".join(c if c == "\n" else " " for c in match.group(0))
        return '""' + kept[2:] if match.group(0)[0] in 'R"' else kept

    return pattern.sub(blank, text)


def parts(name: str) -> List[str]:
    """The words of a file or type name: `KafkaSink2` and `kafka_sink2` are kafka, sink2."""
    return [p.lower() for p in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z0-9]+", name)]


def file_name(source: Source) -> Iterator[Violation]:
    stem = source.path.rpartition("/")[2].partition(".")[0]
    for part in parts(stem):
        if part in BANNED:
            yield 1, f"file name holds the banned word `{part}`"


def type_names(source: Source) -> Iterator[Violation]:
    if not source.is_cpp:
        return
    declared = re.compile(r"\b(?:class|struct|enum(?:\s+class)?|using)\s+(?:\w+\([^)]*\)\s+)?([A-Z]\w*)\s*[:{=;]"
                          r"|\b(?:class|struct)\s+([A-Z]\w*)\s+final")
    for number, line in enumerate(blanked(source.text).splitlines(), 1):
        for match in declared.finditer(line):
            for part in parts(match.group(1) or match.group(2)):
                if part in BANNED:
                    yield number, f"type name holds the banned word `{part}`"


def file_cap(source: Source) -> Iterator[Violation]:
    count = len(source.lines)
    if count > FILE_LINES:
        yield FILE_LINES + 1, f"{count} lines, the cap is {FILE_LINES}: split by noun"


def function_cap(source: Source) -> Iterator[Violation]:
    if source.is_cpp:
        yield from _cpp_functions(blanked(source.text))
    elif source.path.endswith(".py"):
        yield from _python_functions(source.lines)


def _cpp_functions(text: str) -> Iterator[Violation]:
    """A function is a brace that follows a parameter list and doesn't lie in another function."""
    depth, function_depth, start, head = 0, None, 0, ""
    line = 1
    for character in text:
        if character == "\n":
            line += 1
        if character == "{":
            opens_function = re.search(r"\)\s*(const|noexcept|override|final|mutable|&|\s|ABSL_\w+(\([^)]*\))?"
                                       r"|->\s*[\w:<>,\s*&]+|:\s[^;]*)*$", head.strip())
            if function_depth is None and opens_function and "namespace" not in head:
                function_depth, start = depth, line - head.strip().count("\n")
            depth += 1
        elif character == "}":
            depth -= 1
            if function_depth is not None and depth == function_depth:
                if line - start + 1 > FUNCTION_LINES:
                    yield start, f"function of {line - start + 1} lines, the cap is {FUNCTION_LINES}"
                function_depth = None
        head = "" if character in "{};" else head + character


def _python_functions(lines: List[str]) -> Iterator[Violation]:
    start, indent, last = 0, -1, 0
    for number, line in enumerate(lines + ["end"], 1):
        if not line.strip():
            continue
        width = len(line) - len(line.lstrip())
        if indent >= 0 and width <= indent and not line.lstrip().startswith(")"):
            if last - start + 1 > FUNCTION_LINES:
                yield start, f"function of {last - start + 1} lines, the cap is {FUNCTION_LINES}"
            indent = -1
        if indent < 0 and re.match(r"\s*(async )?def ", line):
            start, indent = number, width
        last = number


def includes(source: Source) -> Iterator[Tuple[int, str]]:
    for number, line in enumerate(source.lines, 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if match:
            yield number, match.group(1)


def _layer(path: str) -> "str | None":
    stem = path.partition(".")[0].removesuffix("_test")
    fitting = [name for name in LAYERS if stem == name or stem.startswith(name + "/")]
    return max(fitting, key=len, default=None)


def layering(source: Source) -> Iterator[Violation]:
    if not source.is_cpp:
        return
    layer = _layer(source.path)
    if layer is None:
        return
    stem = source.path.rpartition("/")[2].partition(".")[0]
    is_test = stem.endswith("_test") or source.folder.endswith("/testing")
    joins = source.folder in ("controller", "worker") and stem.removesuffix("_test") in EVERYTHING
    process = source.path.partition("/")[0]
    for number, path in includes(source):
        # Generated from proto/; its include path has no `proto` where protoc runs inside that folder.
        folder = "proto" if path.endswith((".pb.h",)) else path.rpartition("/")[0]
        top = folder.partition("/")[0]
        if top not in ("common", "controller", "worker", "cli", "proto"):
            continue
        other = {"controller": "worker", "worker": "controller"}.get(process)
        if other and top == other:
            yield number, f"{process} and {other} never include each other: {path}"
        elif joins or (is_test and not source.folder.startswith("common")):
            continue
        elif source.folder in STRANGERS and folder in STRANGERS and folder != source.folder:
            yield number, f"{source.folder} and {folder} do not know each other: {path}"
        elif not any(folder == allowed or folder.startswith(allowed + "/")
                     for allowed in [layer, *LAYERS[layer]]):
            yield number, f"{layer} may not include {path}"


def one_includer(source: Source) -> Iterator[Violation]:
    if not source.is_cpp:
        return
    # A test and a test's own tools may use a library to look at what ours did.
    allowed_path = re.sub(r"_test\.cc$", ".cc", source.path)
    for number, path in includes(source):
        for header, files in ONE_INCLUDER.items():
            if re.fullmatch(header, path) and not re.fullmatch(files, allowed_path) and \
                    not source.path.startswith("tests/") and "/testing/" not in source.path:
                yield number, f"{path} may be included only by {files}"


def string_view(source: Source) -> Iterator[Violation]:
    if not source.is_cpp:
        return
    for number, line in enumerate(blanked(source.text).splitlines(), 1):
        if re.search(r"\bstd::(basic_)?string_view\b", line) or re.match(r"\s*#\s*include\s*<string_view>", line):
            yield number, "std::string_view; use absl::string_view"


def include_guard(source: Source) -> Iterator[Violation]:
    if not source.path.endswith(".h"):
        return
    wanted = "BINFERRY_" + re.sub(r"[/.-]", "_", source.path).upper() + "_"
    text = blanked(source.text)
    found = re.search(r"^\s*#\s*ifndef\s+(\w+)\s*\n\s*#\s*define\s+(\w+)", text, re.M)
    if not found or found.group(1) != wanted or found.group(2) != wanted:
        yield 1, f"the include guard must be {wanted}"


RULES: List[Tuple[str, Callable[[Source], Iterator[Violation]]]] = [
    ("file-name", file_name),
    ("type-name", type_names),
    ("file-cap", file_cap),
    ("function-cap", function_cap),
    ("layers", layering),
    ("one-includer", one_includer),
    ("string-view", string_view),
    ("include-guard", include_guard),
]


def check(source: Source) -> List[str]:
    """All violations of one file."""
    return [f"{source.path}:{number}: {name}: {what}"
            for name, rule in RULES for number, what in rule(source)]


def check_format(root: Path, paths: List[str]) -> List[str]:
    """What clang-format would change, as violations."""
    cpp = [path for path in paths if path.endswith((".h", ".cc"))]
    if not cpp:
        return []
    done = subprocess.run(["clang-format", "--dry-run", "--style=file", *cpp], cwd=root, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    found = re.findall(r"^(\S+?):(\d+):\d+: warning: code should be clang-formatted", done.stdout, re.M)
    if done.returncode != 0 and not found:
        return [f"clang-format failed: {done.stdout.strip()[-500:]}"]
    first: dict = {}
    for path, number in found:
        first.setdefault(path, number)
    return [f"{path}:{number}: clang-format: run clang-format -i" for path, number in first.items()]


def tree(root: Path) -> List[str]:
    """The files to check, below `root`."""
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=root,
                            text=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    paths = listed.stdout.splitlines() if listed.returncode == 0 else \
        [str(p.relative_to(root)) for p in root.rglob("*") if p.is_file()]
    return sorted(p for p in paths if p.endswith(SOURCE_ENDINGS) and (root / p).is_file())


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent.parent).resolve()
    paths = tree(root)
    violations = check_format(root, paths)
    for path in paths:
        violations += check(Source(path, (root / path).read_text(errors="replace")))
    for violation in violations:
        print(violation)
    print(f"lint: {len(paths)} files, {len(violations)} violations", file=sys.stderr)
    return 1 if violations or not paths else 0


if __name__ == "__main__":
    sys.exit(main())
