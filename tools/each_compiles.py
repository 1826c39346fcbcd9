#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether each source of a configured build folder compiles by itself and without a warning, as its compiler reads it
(-fsyntax-only): no code is made, which is most of the time. tools/each_compiles.py BUILD_FOLDER [JOBS]"""
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys


def reading_only(command):
    """The command without its output, and without the file of dependencies that belongs to it."""
    words, kept = iter(shlex.split(command)), []
    for word in words:
        if word in ("-o", "-MF", "-MT"):
            next(words)
        elif word not in ("-MD", "-c") and not word.endswith("ccache"):
            kept.append(word)
    return kept + ["-fsyntax-only"]


def complaint(entry):
    done = subprocess.run(reading_only(entry["command"]), cwd=entry["directory"], stderr=subprocess.STDOUT,
                          stdout=subprocess.PIPE, text=True, check=False)
    return done.stdout if done.returncode != 0 or done.stdout else None


def main():
    entries = json.loads((pathlib.Path(sys.argv[1]) / "compile_commands.json").read_text())
    jobs = int(sys.argv[2]) if len(sys.argv) > 2 else os.cpu_count()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        found = [text for text in pool.map(complaint, entries) if text]
    print("".join(found), end="")
    if not entries:
        print(f"{sys.argv[1]}: compiles nothing")
    return 1 if found or not entries else 0


if __name__ == "__main__":
    sys.exit(main())
