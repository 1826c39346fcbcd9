#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Fails when a folder of src/ includes one it may not, when a source does not include its own header first, which
proves that the header compiles by itself, or when two headers define a type of the same name. The table is the
architecture."""
import pathlib
import re
import sys

MAY = {
    "core": set(),
    "timeline": {"core"},
    "networks": {"core"},
    "sensors": {"core"},
    "controls": {"core", "sensors"},
    "markers": {"core"},
    "inputs": {"core", "networks"},
    "engines": {"core", "networks", "inputs"},
    "simulation": {"core", "timeline"},
    "boards": {"core", "timeline", "simulation"},
    "attribution": {"core", "timeline"},
    "calibration": {"core", "timeline", "attribution"},
    "report": {"core", "timeline", "attribution"},
    "runner": {"core", "networks", "inputs", "engines", "markers"},
    "session": {"core", "timeline", "sensors", "controls", "markers", "boards", "runner"},
    "cli": None,  # may include everything; nothing may include it
}
# Single headers: (folder, header) pairs that are forbidden, and the only header others may take from a folder.
FORBIDDEN = {("attribution", "timeline/truth.h"), ("report", "timeline/truth.h")}
ONLY = {
    ("session", "runner"): {"runner/protocol.h", "runner/layer_json.h"},
    ("engines", "inputs"): {"inputs/input_set.h"},  # what is copied, not where it comes from
    ("controls", "sensors"): {"sensors/ina3221_chip.h"},  # what the chip is, not its driver
}

INCLUDE = re.compile(r'\s*#include "([a-z_]+)/([A-Za-z0-9_./]+)"')
ANY_INCLUDE = re.compile(r'^#include [<"]([^>"]+)[>"]', re.MULTILINE)


def complaints(src):
    for path in sorted(src.rglob("*.[ch]*")):
        parts = path.relative_to(src).parts
        if len(parts) < 2:
            yield f"{path}: source files live in a folder of src/"
            continue
        here, is_test = parts[0], path.stem.endswith("_test")
        if here not in MAY:
            yield f"{path}: folder {here}/ is not in the table of {pathlib.Path(__file__).name}"
            continue
        text = path.read_text()
        header = path.with_suffix(".h")
        if path.suffix == ".cpp" and header.exists():
            first, own = ANY_INCLUDE.search(text), str(header.relative_to(src))
            if first is None or first[1] != own:
                yield f"{path}: must include {own} before anything else"
        for number, line in enumerate(text.splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            folder, header = match[1], f"{match[1]}/{match[2]}"
            where = f"{path}:{number}"
            if (here, header) in FORBIDDEN:
                yield f"{where}: {here}/ may never include {header}"
            if is_test or folder == "layerwatt":  # tests may reach across; the public API is for all
                continue
            if folder != here and MAY[here] is not None and folder not in MAY[here]:
                yield f"{where}: {here}/ may not include {folder}/"
            allowed = ONLY.get((here, folder))
            if allowed is not None and header not in allowed:
                yield f"{where}: {here}/ may take only {', '.join(sorted(allowed))} from {folder}/"


NAMESPACE = re.compile(r"^(?:namespace ([A-Za-z_:]*) ?\{|\}  // namespace.*)$"
                       r"|^(?:struct|class|enum class) (\w+)[^;\n]*\{", re.MULTILINE)


def types_in(text):
    """Types that a header defines outside others, with their namespaces."""
    inside = []
    for match in NAMESPACE.finditer(text):
        if match[2]:
            yield "::".join([*inside, match[2]])
        elif match[0].startswith("namespace"):
            inside.append(match[1])
        elif inside:
            inside.pop()


def twins(src):
    """Two types of one name in one namespace become one another when they are linked, without a word."""
    first = {}
    for path in sorted(src.rglob("*.h")):
        for name in types_in(path.read_text()):
            other = first.setdefault(name, path)
            if other != path:
                yield f"{path}: {name} is a type in {other}, too"


def self_test():
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        (root / "attribution").mkdir()
        (root / "attribution" / "a.cpp").write_text('#include "timeline/truth.h"\n#include "cli/x.h"\n')
        (root / "attribution" / "b.h").write_text("")
        (root / "attribution" / "b.cpp").write_text('#include <map>\n#include "attribution/b.h"\n')
        found = list(complaints(root))
        assert len(found) == 3, found
        (root / "attribution" / "c.h").write_text(
            "namespace a {\nstruct B {\n  int c;\n};\n}  // namespace a\nclass B {\n};\n")
        assert list(twins(root)) == []
        (root / "attribution" / "d.h").write_text("namespace a {\nclass B {};\n}  // namespace a\n")
        assert len(list(twins(root))) == 1


def main():
    self_test()
    src = pathlib.Path(sys.argv[1])
    found = [*complaints(src), *twins(src)]
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
