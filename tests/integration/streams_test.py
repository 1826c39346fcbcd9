# SPDX-License-Identifier: Apache-2.0
"""Streams end to end: a run measured by a pipe or by sigrok's demo, what goes wrong with them, and layerwatt import."""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time
import unittest

from program import SOURCE, LayerwattTest

FIXTURES = SOURCE / "tests" / "fixtures"

# A meter that stamps by a clock of its own, 1000 ppm fast, from zero; 4 W or 6 W by its own mind.
METER = """
import sys, time
began = time.monotonic()
print("# origin = simulated\\ntime_us,board_w", flush=True)
n = 0
while True:
    n += 1
    time.sleep(max(0, began + n * 0.002 - time.monotonic()))
    try:
        print(f"{(time.monotonic() - began) * 1.001e6:.0f},{4 + n % 2 * 2}", flush=True)
    except BrokenPipeError:
        sys.stderr.close()
        break
"""


class Imports(LayerwattTest):
    def test_two_channels_of_an_oscilloscope_become_power(self):
        out, _ = self.run_program("import", "scope", FIXTURES / "scopes" / "rigol-ds1000e.csv", "--shunt", "0.05",
                                  "--a", "CH1", "--b", "CH2", "--volts", "5", "--json")
        rail = json.loads(out)["rails"][0]
        # (0.04, 0.05, 0.04) V / 0.05 Ohm x 5 V, straight from row to row over 1 ms.
        self.assertAlmostEqual(rail["mean_w"], 4.5)
        self.assertAlmostEqual(rail["energy_j"], 0.0045)

    def test_the_voltage_may_be_a_channel(self):
        out, _ = self.run_program("import", "scope", FIXTURES / "scopes" / "rigol-ds1000e.csv", "--shunt", "0.05",
                                  "--a", "CH1", "--b", "CH2", "--voltage", "CH2", "--json")
        self.assertLess(json.loads(out)["rails"][0]["mean_w"], 4.5)

    def test_what_was_imported_can_be_read_again(self):
        otii = FIXTURES / "streams" / "Main power - Ace.csv"
        first, _ = self.run_program("import", "otii", otii, "-o", "power.csv", "--json")
        second, _ = self.run_program("import", "csv", "power.csv", "--json")
        self.assertEqual(json.loads(first)["rails"], json.loads(second)["rails"])
        _, err = self.run_program("import", "otii", otii, "-o", "power.csv", expect=1)
        self.assertIn("--force", err)

    def test_what_cannot_be_is_said(self):
        scope = FIXTURES / "scopes" / "keysight.csv"
        for arguments, code, said in (
                (["scope", scope, "--shunt", "0.05", "--a", "1"], 2, "--volts"),
                (["scope", scope, "--shunt", "0.05", "--a", "7", "--volts", "5"], 1, "the file has: 1, 2"),
                (["scope", scope, "--shunt", "0", "--a", "1", "--volts", "5"], 2, "--shunt"),
                (["csv", scope], 1, "name columns"),
                (["csv", "missing.csv"], 1, "cannot be read"),
                (["csv", "/dev/null"], 1, "no reading"),
                (["tegrastats", FIXTURES / "streams" / "tegrastats-nano.txt", "--from", "1"], 1, "no times")):
            out, err = self.run_program("import", *arguments, expect=code)
            self.assertEqual(out, "")
            self.assertIn(said, err)


class StreamedRuns(LayerwattTest):
    def setUp(self):
        super().setUp()
        self.needs_engine()

    def children(self, process):
        """Of the process, by name."""
        path = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children")
        found = {}
        for child in path.read_text().split() if path.exists() else []:
            try:
                found[int(child)] = pathlib.Path(f"/proc/{child}/comm").read_text().strip()
            except OSError:
                pass
        return found

    def test_a_pipe_is_put_on_the_clock_of_the_run(self):
        with subprocess.Popen([sys.executable, "-c", METER], stdout=subprocess.PIPE) as meter:
            self.run_program("profile", "lenet5", "--sensor", "csv:-", "--max-time", "14s", "-o", "m.lw", "-q",
                             stdin=meter.stdout)
            meter.stdout.close()
            meter.kill()
        profile = self.profile_json("m.lw")
        self.assertEqual(profile["origin"], "simulated")
        # Half of its values are 4 W, half 6 W.
        power, = self.query("m.lw", "SELECT avg(value) FROM reading")[0]
        self.assertAlmostEqual(power, 5, delta=0.1)
        text, = self.query("m.lw", "SELECT text FROM event WHERE kind = 'stream'")[0]
        self.assertRegex(text, r"runs (9\d\d|10\d\d)\.\d ppm fast")
        early, = self.query("m.lw", "SELECT count(*) FROM reading JOIN phase ON phase = 'latency'"
                                    " WHERE before_ns > from_ns AND before_ns < to_ns")[0]
        self.assertEqual(early, 0)

    @unittest.skipUnless(shutil.which("sigrok-cli"), "sigrok-cli is not installed")
    def test_sigroks_demo_is_said_to_be_simulated(self):
        out, _ = self.run_program("profile", "lenet5", "--sensor", "sigrok:demo", "--max-time", "6s", "-o", "s.lw", "-q")
        self.assertTrue(out.lstrip().startswith("SIMULATED"), out[:200])
        self.assertIn("sigrok:demo", out)
        self.assertGreater(self.query("s.lw", "SELECT count(*) FROM reading")[0][0], 500)

    @unittest.skipUnless(shutil.which("sigrok-cli"), "sigrok-cli is not installed")
    def test_its_program_dies_with_us(self):
        process = self.start("profile", "lenet5", "--sensor", "sigrok:demo", "--max-time", "60s", "-o", "k.lw", "-q")
        meter = []
        for _ in range(600):
            meter = [child for child, name in self.children(process).items() if name == "sigrok-cli"]
            if meter and (self.folder / "k.lw").exists():
                break
            time.sleep(0.05)
        self.assertTrue(meter)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        for _ in range(600):
            if not pathlib.Path(f"/proc/{meter[0]}").exists():
                return
            if pathlib.Path(f"/proc/{meter[0]}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return
            time.sleep(0.05)
        self.fail("sigrok-cli outlived layerwatt")

    def test_a_stream_that_gives_nothing_leaves_no_run_file(self):
        fake = self.folder / "bin"
        fake.mkdir()
        (fake / "tegrastats").write_text("#!/bin/sh\necho 'tegrastats: permission denied' >&2\nexit 4\n")
        (fake / "tegrastats").chmod(0o755)
        self.environment["PATH"] = f"{fake}:{os.environ['PATH']}"
        _, err = self.run_program("profile", "lenet5", "--sensor", "tegrastats", "-o", "t.lw", "-q", expect=1)
        self.assertIn("code 4", err)
        self.assertIn("permission denied", err)
        self.assertFalse((self.folder / "t.lw").exists())
        _, err = self.run_program("profile", "lenet5", "--sensor", "otii:x.csv", "-o", "t.lw", "-q", expect=1)
        self.assertIn("layerwatt import otii", err)

    def test_tegrastats_gives_the_whole_run(self):
        fake = self.folder / "bin"
        fake.mkdir()
        line = (FIXTURES / "streams" / "tegrastats-nano.txt").read_text().splitlines()[0]
        (fake / "tegrastats").write_text(f"#!/bin/sh\nwhile :; do echo '{line}'; sleep 0.1; done\n")
        (fake / "tegrastats").chmod(0o755)
        self.environment["PATH"] = f"{fake}:{os.environ['PATH']}"
        self.run_program("profile", "lenet5", "--sensor", "tegrastats", "--max-time", "8s", "-o", "t.lw", "-q")
        profile = self.profile_json("t.lw")
        self.assertEqual(profile["origin"], "measured")
        rails = [rail["rail"] for rail in profile["rails"]]
        self.assertEqual(set(rails), {"POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"})
        power, = self.query("t.lw", "SELECT avg(value) FROM reading JOIN rail ON rail.id = rail WHERE name = 'POM_5V_IN'")[0]
        self.assertAlmostEqual(power, 1.997)
