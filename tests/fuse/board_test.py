# SPDX-License-Identifier: Apache-2.0
"""layerwatt on files that are computed as they are read: a Jetson Nano with L4T 32 behind a slow bus."""
import json
import subprocess
import time
import unittest

from mounted import BUILD, TRANSFER_S, MountedBoard


class SlowBoard(MountedBoard):
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
