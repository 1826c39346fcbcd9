#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes docs/commands.md from the program's own help and docs/boards.md from the boards it knows. With --check it writes
nothing and fails when one is stale.

  tools/write_docs.py BUILD_FOLDER [--check]
"""
import json
import pathlib
import subprocess
import sys

DOCS = pathlib.Path(__file__).resolve().parents[1] / "docs"
HEAD = "Written by `tools/write_docs.py` from {}; do not edit.\n\n"


def told_by(program, *command):
    return subprocess.run([program, *command], capture_output=True, text=True, check=True).stdout.rstrip()


def subcommands(text):
    if "Subcommands:" not in text:
        return []
    block = text.split("Subcommands:\n", 1)[1].split("\n\n", 1)[0]
    return [line.split()[0] for line in block.splitlines() if line[:3].strip()]


def sections(program, command):
    text = told_by(program, *command, "--help")
    yield f"## {' '.join(['layerwatt', *command])}\n\n```text\n{text}\n```\n"
    for name in subcommands(text):
        yield from sections(program, [*command, name])


def commands(program):
    return "# Commands\n\n" + HEAD.format("the program's own help") + "\n".join(sections(program, []))


def cell(value, scale, unit):
    return "not known" if value is None else f"{value * scale:.3g} {unit}"


def shipped(sensor):
    if "conversion_s" not in sensor:
        return "not known"
    text = f"{sensor['conversion_s'] * 1e6:.3g} us"
    return f"{text}, average of {sensor['averaging']}" if sensor.get("averaging", 1) > 1 else text


def rails(board):
    sensor_of = {rail: sensor for sensor in board["sensors"] for rail in sensor["rails"]}
    for rail in board["rails"]:
        sensor = sensor_of.get(rail["name"])
        yield " | ".join([
            f"| {board['id']}", rail["name"] + (" (total)" if rail["is_total"] else ""), ", ".join(rail["contains"]) or "-",
            f"{sensor['driver']} {sensor['device']}" if sensor else "another chip", cell(rail.get("shunt_ohm"), 1e3, "mOhm"),
            cell(rail.get("nominal_v"), 1, "V"), cell(rail.get("step_w"), 1e3, "mW"),
            cell(rail.get("largest_offset_w"), 1e3, "mW"), shipped(sensor) if sensor else "not known", rail["source"] + " |"])


def boards(program):
    known = json.loads(told_by(program, "board", "list", "--json"))["boards"]
    text = "# Boards\n\n" + HEAD.format("`boards/*.toml`")
    text += (
        "What the program knows of boards; `layerwatt board show BOARD` prints one with all its sources. What stands here as\n"
        "not known, no source gives; the sensor may tell it on the board. Step: of power, from one step of the shunt's\n"
        "voltage. Offset: of power, what the data sheet allows the shunt's voltage to be off at most. A rail that contains\n"
        "others is never added to them. A board that nobody has compared its file with is not checked:\n"
        "[board-record.md](board-record.md) says how to help.\n\n| board | name | checked | simulated |\n|---|---|---|---|\n")
    for board in known:
        text += f"| {board['id']} | {board['name']} | {board['checked'] or 'no'} | {'yes' if board['simulated'] else 'no'} |\n"
    text += ("\n## Rails\n\n| board | rail | contains | sensor | shunt | voltage | step | offset | conversion as shipped | source |\n"
             "|---|---|---|---|---|---|---|---|---|---|\n")
    return text + "\n".join(row for board in known for row in rails(board)) + "\n"


def main():
    program = pathlib.Path(sys.argv[1]) / "layerwatt"
    stale = []
    for name, write in (("commands.md", commands), ("boards.md", boards)):
        target, wanted = DOCS / name, write(program)
        if "--check" not in sys.argv:
            target.write_text(wanted)
        elif not target.exists() or target.read_text() != wanted:
            stale.append(name)
    if stale:
        print(f"stale in docs/: {', '.join(stale)}; write them anew with: tools/write_docs.py {sys.argv[1]}")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
