#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/commands.md from the program's own help. With --check it writes nothing and fails when stale.

  tools/write_docs.py BUILD_FOLDER [--check]
"""
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[1]
TARGET = SOURCE / "docs" / "commands.md"


def help_of(program, *command):
    return subprocess.run([program, *command, "--help"], capture_output=True, text=True, check=True).stdout.rstrip()


def subcommands(text):
    if "Subcommands:" not in text:
        return []
    block = text.split("Subcommands:\n", 1)[1].split("\n\n", 1)[0]
    return [line.split()[0] for line in block.splitlines() if line[:3].strip()]


def sections(program, command):
    text = help_of(program, *command)
    yield f"## {' '.join(['layerwatt', *command])}\n\n```text\n{text}\n```\n"
    for name in subcommands(text):
        yield from sections(program, [*command, name])


def main():
    program = pathlib.Path(sys.argv[1]) / "layerwatt"
    head = "# Commands\n\nWritten by `tools/write_docs.py` from the program's own help; do not edit.\n\n"
    wanted = head + "\n".join(sections(program, []))
    if "--check" not in sys.argv:
        TARGET.write_text(wanted)
        return 0
    if TARGET.exists() and TARGET.read_text() == wanted:
        return 0
    print(f"{TARGET} is stale; write it anew with: tools/write_docs.py {sys.argv[1]}")
    return 1


if __name__ == "__main__":
    sys.exit(main())
