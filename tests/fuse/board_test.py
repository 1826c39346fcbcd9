# SPDX-License-Identifier: Apache-2.0
"""layerwatt on files that are computed as they are read: a Jetson Nano with L4T 32 behind a slow bus."""
import json
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

BUILD = pathlib.Path(os.environ["LAYERWATT_BUILD"])
TRANSFER_S = 300e-6


@unittest.skipUnless(os.access("/dev/fuse", os.R_OK | os.W_OK), "SKIPPED WHOLE: /dev/fuse cannot be opened here")
class SlowBoard(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="layerwatt-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.root = pathlib.Path(folder.name)
        server = subprocess.Popen([BUILD / "tests" / "layerwatt_fuse_board", "-f", "-s", cls.root],
                                  stderr=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.unmount, server)
        deadline = time.monotonic() + 20
        while not (cls.root / "proc").exists():
            if server.poll() is not None:
                raise unittest.SkipTest("SKIPPED WHOLE: cannot mount here: " + server.stderr.read().strip())
            if time.monotonic() > deadline:
                raise RuntimeError("the board is not mounted after 20 s")
            time.sleep(0.01)

    @classmethod
    def unmount(cls, server):
        subprocess.run(["fusermount3", "-u", cls.root], check=False, stderr=subprocess.DEVNULL)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stderr.close()

    def sensors(self):
        out = subprocess.run([BUILD / "layerwatt", "sensors", "--sysroot", self.root, "--json"], check=True,
                             stdout=subprocess.PIPE, text=True, timeout=60).stdout
        return next(sensor for sensor in json.loads(out)["sensors"] if sensor["origin"] == "measured")

    def test_rails_and_board_are_recognised(self):
        sensor = self.sensors()
        self.assertEqual(sensor["device"], "6-0040")
        self.assertEqual([rail["rail"] for rail in sensor["rails"]], ["POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"])
        self.assertEqual([rail["is_total"] for rail in sensor["rails"]], [True, False, False])
        # The driver does not show its averaging: the board file knows it.
        self.assertEqual([rail["averaging"] for rail in sensor["rails"]], [64] * 3)

    def test_every_reading_is_a_new_one(self):
        powers = [rail["power_w"] for rail in self.sensors()["rails"] + self.sensors()["rails"]]
        self.assertEqual(len(set(powers)), 6)
        self.assertEqual(powers, sorted(powers))

    def test_readings_take_the_time_of_the_bus(self):
        """Six readings: one of each rail to see that it can be read, one to show."""
        began = time.monotonic()
        self.sensors()
        self.assertGreaterEqual(time.monotonic() - began, 6 * TRANSFER_S)

    def test_measuring_tells_how_long_the_bus_takes(self):
        out = subprocess.run([BUILD / "layerwatt", "sensors", "--sysroot", self.root, "--json", "--measure"], check=True,
                             stdout=subprocess.PIPE, text=True, timeout=60).stdout
        sensor = next(sensor for sensor in json.loads(out)["sensors"] if sensor["origin"] == "measured")
        for rail in sensor["rails"]:
            self.assertGreaterEqual(rail["measured"]["read_s"], TRANSFER_S)
            self.assertLess(rail["measured"]["repeats"], 0.01)


if __name__ == "__main__":
    unittest.main()
