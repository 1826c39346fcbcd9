# SPDX-License-Identifier: Apache-2.0
"""layerwatt for arm64 under QEMU: one file without libraries, and the numbers of the native program."""
import json
import math
import os
import pathlib
import shutil
import sqlite3
import stat
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ["LAYERWATT_BUILD"])
EMULATOR = os.environ["LAYERWATT_EMULATOR"].split()
BOARDS = SOURCE / "tests" / "fixtures" / "boards"

# arm64 rounds once where a x b + c is one instruction; x86-64 as built here rounds twice. What is fitted ends within the
# tolerance of the fits, not at the same bit: 2e-11 when this was written. Readings and spans are the same to the bit.
RELATIVE_TOLERANCE = 1e-6


def native_program():
    if os.environ.get("LAYERWATT_NATIVE"):
        return pathlib.Path(os.environ["LAYERWATT_NATIVE"])
    return next((path for path in (SOURCE / "build" / preset / "layerwatt" for preset in ("release", "ci", "dev"))
                 if path.exists()), None)


NATIVE = native_program()


def differences(here, there, where=""):
    """Paths at which two JSON values differ by more than the tolerance."""
    if isinstance(here, dict) and isinstance(there, dict) and here.keys() == there.keys():
        return [found for key in here for found in differences(here[key], there[key], f"{where}.{key}")]
    if isinstance(here, list) and isinstance(there, list) and len(here) == len(there):
        return [found for i, pair in enumerate(zip(here, there)) for found in differences(*pair, f"{where}[{i}]")]
    if isinstance(here, float) and isinstance(there, (int, float)):
        return [] if math.isclose(here, there, rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-12) else [f"{where}: {here} {there}"]
    return [] if here == there else [f"{where}: {here} {there}"]


class Emulated(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="layerwatt-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = dict(os.environ, NO_COLOR="1", LC_ALL="C", TMPDIR=str(self.folder))

    def run_program(self, program, *arguments, runner=None):
        environment = dict(self.environment, LAYERWATT_RUNNER=str(runner)) if runner else self.environment
        process = subprocess.run([*program, *map(str, arguments)], cwd=self.folder, env=environment, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=500, check=False)
        self.assertEqual(process.returncode, 0, f"{arguments}\n{process.stdout}\n{process.stderr}")
        return process.stdout

    def run_arm64(self, *arguments, **options):
        # Not the emulator's libraries (-L): the program has none.
        return self.run_program([EMULATOR[0], BUILD / "layerwatt"], *arguments, **options)


@unittest.skipUnless(EMULATOR, "SKIPPED WHOLE: no qemu-aarch64-static; apt-get install qemu-user-static")
class OneStaticFile(Emulated):
    def test_it_is_one_file_that_needs_no_library(self):
        headers = subprocess.run(["readelf", "--wide", "--program-headers", BUILD / "layerwatt"],
                                 stdout=subprocess.PIPE, text=True, check=True).stdout
        self.assertNotIn("INTERP", headers)
        self.assertNotIn("DYNAMIC", headers)
        self.assertRegex(self.run_arm64("--version"), r"^layerwatt \d+\.\d+\.\d+\n$")


@unittest.skipUnless(EMULATOR, "SKIPPED WHOLE: no qemu-aarch64-static; apt-get install qemu-user-static")
@unittest.skipUnless(NATIVE, "SKIPPED WHOLE: no native layerwatt to compare with; build the preset release")
class SameNumbers(Emulated):
    def test_sensors_of_recorded_boards_are_those_of_the_native_program(self):
        for board in BOARDS.iterdir():
            for command in ("sensors", "doctor"):
                with self.subTest(board=board.name, command=command):
                    arguments = (command, "--sysroot", board, "--json")
                    self.assertEqual(json.loads(self.run_arm64(*arguments)), json.loads(self.run_program([NATIVE], *arguments)))

    def test_a_simulated_run_has_the_numbers_of_the_native_program(self):
        runner = self.folder / "runner"
        runner.write_text(f"#!/bin/sh\nexec {' '.join(EMULATOR)} {BUILD / 'layerwatt-runner'} \"$@\"\n")
        runner.chmod(runner.stat().st_mode | stat.S_IXUSR)
        # A sensor that does not average, so that every layer is told.
        run = ("profile", "lenet5", "--board", "virtual:jetson-nano,averaging=1", "-r", "300", "--seed", "7", "-e", "POM_5V_IN", "-q")
        self.run_program([NATIVE], *run, "-o", "native.lw")
        self.run_arm64(*run, "-o", "arm64.lw", runner=runner)
        tables = []
        for name in ("native.lw", "arm64.lw"):
            with sqlite3.connect(self.folder / name) as database:
                tables.append([database.execute(f"select * from {table}").fetchall() for table in ("reading", "span")])
        self.assertGreater(len(tables[0][0]), 1000)
        self.assertEqual(tables[0], tables[1])
        profiles = [json.loads(self.run_program([NATIVE], "export", "native.lw", "--format", "json")),
                    json.loads(self.run_arm64("export", "arm64.lw", "--format", "json"))]
        for profile in profiles:
            self.assertTrue(all(layer["energy_j"] for layer in profile["layers"]))
            del profile["provenance"]
        self.assertEqual(differences(*profiles), [])


if __name__ == "__main__":
    unittest.main()
