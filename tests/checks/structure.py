"""Checks of tests/check that need the link lists: lists, includes, table, sizes.

Standard input has the names of the tree's .h, .cc and CMakeLists.txt files, with a zero byte after each, relative to the working
directory. The argument is the check. Faults are printed, one a line, as FILE:LINE: what is wrong.
"""
import os
import re
import sys

MAX_FILE_LINES = 350
MAX_TEST_FILE_LINES = 500
MAX_FUNCTION_LINES = 40
LONG_LIST = "tests/checks/long.txt"
ARCHITECTURE = "docs/architecture.md"
KEYWORDS = {"SOURCES", "PUBLIC", "PRIVATE", "LINK", "LABELS", "TORCH", "TIMEOUT"}
ROLES = {"replay", "learner", "actor"}
# What may be included from where: a floor uses itself and those listed.
FLOORS = {
    "common": {"common", "proto"},
    "replay": {"common", "proto"} | ROLES,
    "learner": {"common", "proto"} | ROLES,
    "actor": {"common", "proto"} | ROLES,
    "deploy": {"common", "proto", "deploy"} | ROLES,
    "tests": {"common", "proto", "deploy", "tests"} | ROLES,
}
# Headers of libraries whose use architecture.md restricts, and the link that gives them.
EXTERNAL = {"torch/": "TORCH", "ATen/": "TORCH", "c10/": "TORCH", "grpcpp/": "gRPC::grpc++", "httplib.h": "PkgConfig::httplib",
            "nlohmann/": "nlohmann_json::nlohmann_json", "prometheus/": "prometheus-cpp::core"}


class Target:
    def __init__(self, name, path, line, words, is_library):
        self.name, self.path, self.line, self.is_library = name, path, line, is_library
        self.folder = os.path.dirname(path)
        self.parts = {keyword: [] for keyword in KEYWORDS}
        keyword = None
        for word in words:
            if word in KEYWORDS:
                keyword = word
                if word == "TORCH":
                    self.parts["PUBLIC"].append("TORCH")
            elif keyword:
                self.parts[keyword].append(word)
        self.sources = [os.path.normpath(os.path.join(self.folder, source)) for source in self.parts["SOURCES"]]
        self.public = [link.removeprefix("recbots::") for link in self.parts["PUBLIC"]]
        self.links = self.public + [link.removeprefix("recbots::") for link in self.parts["PRIVATE"] + self.parts["LINK"]]


def read_lines(path):
    with open(path, encoding="utf-8") as file:
        return file.read().splitlines()


def read_targets(files):
    """The recbots_library and recbots_binary calls outside tests."""
    targets = []
    for path in files:
        if not path.endswith("CMakeLists.txt") or path.startswith("tests/"):
            continue
        text = re.sub(r"#.*", "", "\n".join(read_lines(path)))
        for call in re.finditer(r"recbots_(library|binary|command|python_module|tool)\(([^)]*)\)", text):
            name, *words = call.group(2).split()
            if "$" in name or "[" in call.group(2):  # How recbots_command and recbots_tool are made.
                continue
            if call.group(1) in ("command", "tool"):  # See deploy/cli/CMakeLists.txt.
                words = ["SOURCES", f"{name}/{name}_command.cc", "PRIVATE", "recbots::base", "recbots::commands"] + words
                name += "_command"
            line = text.count("\n", 0, call.start()) + 1
            targets.append(Target(name, path, line, words, call.group(1) in ("library", "command")))
    return targets


def reachable(target, by_name):
    """Names of all that the target's sources see: its links, and what those hand on."""
    seen, waiting = set(), list(target.links)
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            if name == "proto_grpc":
                waiting += ["proto", "gRPC::grpc++"]
            if name in by_name:
                waiting += by_name[name].public
    return seen


def words_above(path):
    """The words of the CMakeLists.txt files in the file's folder and above it, below tests/."""
    words, folder = set(), os.path.dirname(path)
    while "/" in folder or folder == "tests":
        if os.path.exists(f"{folder}/CMakeLists.txt"):
            words |= set(re.findall(r"[\w.]+", "\n".join(read_lines(f"{folder}/CMakeLists.txt"))))
        folder = os.path.dirname(folder)
    return words


def check_lists(files, targets):
    listed = {source for target in targets for source in target.sources}
    for target in targets:
        for source in target.sources:
            if "$" not in source and not os.path.exists(source):
                yield f"{target.path}:{target.line}: {source} does not exist"
    # Tests are listed with variables too: it is enough that the folder's CMakeLists.txt names the file, or its stem, or that one names
    # the whole path. Their headers need no place there.
    everything = "\n".join("\n".join(read_lines(path)) for path in files if re.match(r"tests/.*CMakeLists.txt", path))
    for path in files:
        if path.endswith("CMakeLists.txt") or path in listed or path.startswith("tests/") and path.endswith(".h"):
            continue
        name = os.path.basename(path)
        stem = re.sub(r"(_test)?\.\w+$", "", name)
        if not path.startswith("tests/") or path not in everything and not words_above(path) & {name, stem, stem + "_test"}:
            yield f"{path}:1: no CMakeLists.txt lists it"


def check_include(path, target, header, owner, seen):
    """What is wrong with `header` in `path`, or nothing."""
    for prefix, link in EXTERNAL.items():
        if target and header.startswith(prefix) and link not in seen:
            return f"{header} needs {link}, which {target.name} does not link"
    floor, other = path.split("/")[0], header.split("/")[0]
    if header.startswith("recbots/v1/"):
        link = "proto_grpc" if ".grpc." in header else "proto"
        return f"{header} needs recbots::{link}, which {target.name} does not link" if target and link not in seen else None
    if other not in FLOORS:
        return None
    if other not in FLOORS[floor]:
        return f"{floor} is below {other} and includes {header}"
    if not target:
        return None
    if header not in owner:
        return f"{header} is listed in no CMakeLists.txt"
    names = {library.name for library in owner[header]}
    if target.name in names:
        return None
    foreign = floor in ROLES and other in ROLES - {floor} and header.split("/")[1] != "client"
    if not names & (set(target.links) if foreign else seen):
        return f"{header} needs recbots::{min(names)}, which {target.name} does not link"
    return None


def check_includes(files, targets):
    by_name = {target.name: target for target in targets}
    owner, target_of = {}, {}
    for target in targets:
        for source in target.sources:
            target_of[source] = target
            if source.endswith(".h"):
                owner.setdefault(source, []).append(target)
    seen = {target.name: reachable(target, by_name) for target in targets}
    for path in files:
        if path.endswith("CMakeLists.txt"):
            continue
        lines = read_lines(path)
        if path.endswith(".h") and "#pragma once" not in lines:
            yield f"{path}:1: no #pragma once"
        target = target_of.get(path)
        includes = [(number, match.group(1)) for number, line in enumerate(lines, 1)
                    if (match := re.match(r'#include ["<]([^">]+)[">]', line))]
        own = path.removesuffix(".cc") + ".h"
        if path.endswith(".cc") and own in files and includes and includes[0][1] != own:
            yield f"{path}:{includes[0][0]}: its own header comes first"
        for number, header in includes:
            fault = check_include(path, target, header, owner, seen[target.name] if target else set())
            if fault:
                yield f"{path}:{number}: {fault}"


def read_table():
    """Rows of architecture.md: name of the library -> (line, links)."""
    rows = {}
    for number, line in enumerate(read_lines(ARCHITECTURE), 1):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("| `") and len(cells) == 4 and cells[0].split("/")[0].strip("`") in FLOORS.keys() | {"proto"}:
            links = set(re.findall(r"\w+", cells[2]))
            for name in re.findall(r"`(\w+)`", cells[1]):
                rows[name] = (number, links)
    return rows


def check_table(files, targets):
    rows = read_table()
    if not rows:
        yield f"{ARCHITECTURE}:1: no table of libraries"
    libraries = {target.name: target for target in targets if target.is_library}
    for name, (line, links) in rows.items():
        if name in ("proto", "proto_grpc"):
            continue
        if name not in libraries:
            yield f"{ARCHITECTURE}:{line}: there is no library {name}"
            continue
        linked = {link for link in libraries[name].links if link in libraries or link in ("proto", "proto_grpc")}
        for link in sorted(links - linked - {"-"}):
            yield f"{ARCHITECTURE}:{line}: {name} does not link {link}"
        for link in sorted(linked - links):
            yield f"{ARCHITECTURE}:{line}: {name} links {link}, which the table does not say"
    # Commands and benches are programs' parts; they are left out of the table.
    for name, target in libraries.items():
        if name not in rows and not target.folder.startswith("deploy/"):
            yield f"{target.path}:{target.line}: {ARCHITECTURE} does not list {name}"


def long_functions(lines):
    """Line, length and name of each function above the limit, signature and braces included, in the form that clang-format gives them: at
    the margin, or in a class at the margin."""
    functions = []
    for indent in ("", "  "):
        for end, line in enumerate(lines):
            if line != indent + "}":
                continue
            start = end - 1
            while start > 0 and not re.match(indent + r"[^\s#/}]", lines[start]):
                start -= 1
            if "(" in lines[start] and not any(first <= start <= last for first, last in functions):
                functions.append((start, end))
    for start, end in functions:
        if end - start + 1 > MAX_FUNCTION_LINES:
            yield start + 1, end - start + 1, re.search(r"([\w~]+)\(", lines[start]).group(1)


def read_long_list():
    """What may be longer: FILE or FILE:FUNCTION -> (line of the list, most lines)."""
    allowed = {}
    for number, line in enumerate(read_lines(LONG_LIST) if os.path.exists(LONG_LIST) else [], 1):
        words = line.split("#")[0].split()
        if words:
            allowed[words[0]] = (number, int(words[1]))
    return allowed


def check_sizes(files, targets):
    allowed = read_long_list()
    for path in files:
        if path.endswith("CMakeLists.txt"):
            continue
        lines, is_test = read_lines(path), path.startswith("tests/")
        max_lines = MAX_TEST_FILE_LINES if is_test else MAX_FILE_LINES
        long = [] if is_test else [(line, length, f"{path}:{name}") for line, length, name in long_functions(lines)]
        if len(lines) > max_lines:
            long.append((1, len(lines), path))
        for line, length, name in long:
            most = allowed.pop(name, (0, MAX_FUNCTION_LINES if ":" in name else max_lines))[1]
            if length > most:
                yield f"{path}:{line}: {name.split(':')[-1]} has {length} lines, want at most {most}"
    for name, (number, _) in allowed.items():
        yield f"{LONG_LIST}:{number}: {name} is short now, or gone: take this line out"


def main():
    files = [name for name in sys.stdin.read().split("\0") if name]
    checks = {"lists": check_lists, "includes": check_includes, "table": check_table, "sizes": check_sizes}
    for fault in checks[sys.argv[1]](files, read_targets(files)):
        print(fault)


main()
