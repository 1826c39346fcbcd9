# SPDX-License-Identifier: Apache-2.0
"""layerwatt on the INA3221 driver of a real kernel: what it says against the registers of the chip. generic_test.py is
about other drivers."""
import errno
import json
import unittest

from machine import CONFIG, Failed, Machine

NEVER = 0xFFFFFFFF  # conversion_us of a chip that never becomes ready
CONVERSION_TIMES_US = (140, 204, 332, 588, 1100, 2116, 4156, 8244)  # TI SBOS576, CONFIG
SAMPLES = (1, 4, 16, 64, 128, 256, 512, 1024)

# Millivolts and microvolts over the shunt: usual ones, one step, nothing, backwards, and both ends of the scale.
POINTS = ((5000, 8000), (19504, 1240), (8, 40), (0, 0), (5048, -4440), (32760, 163800), (32760, -163800))


def milliamperes(shunt_microvolts, microohms):
    """DIV_ROUND_CLOSEST of the kernel: halves away from zero, in integers."""
    nanovolts = shunt_microvolts * 1000
    magnitude = (abs(nanovolts) + microohms // 2) // microohms
    return magnitude if nanovolts >= 0 else -magnitude


class KernelTest(unittest.TestCase):
    board = driver = chips = None
    machine = None

    @classmethod
    def setUpClass(cls):
        cls.machine = Machine(cls.board)
        cls.addClassCleanup(cls.machine.close)
        cls.machine.do("load", "/i2c-dev.ko")
        cls.machine.do("load", "/simulated_bus.ko", "chip_addr=" + ",".join(map(hex, cls.chips)), "ready_register=15")
        cls.machine.do("load", f"/{cls.driver}.ko")

    def setUp(self):
        for name, value in (("fault", 0), ("transfer_us", 0), ("conversion_us", 0)):
            self.machine.parameter(name, value)
        for address in self.chips:
            for channel in (1, 2, 3):
                self.machine.set_rail(address, channel, 5000, 4000)

    def assert_power(self, rail, millivolts, milliamperes_expected):
        """Two integers of the driver, each made a double, multiplied: a few roundings of 2^-53."""
        expected = millivolts * 1e-3 * (milliamperes_expected * 1e-3)
        self.assertAlmostEqual(rail["power_w"], expected, delta=abs(expected) * 1e-15)

    def check_points(self, address, channel, name, microohms):
        folder = self.machine.hwmon(address)
        for millivolts, microvolts in POINTS:
            with self.subTest(rail=name, millivolts=millivolts, microvolts=microvolts):
                self.machine.set_rail(address, channel, millivolts, microvolts)
                self.assertEqual(int(self.machine.read(f"{folder}/in{channel}_input")), millivolts)
                expected = milliamperes(microvolts, microohms)
                self.assertEqual(int(self.machine.read(f"{folder}/curr{channel}_input")), expected)
                self.assert_power(self.machine.sensors()["rails"][name], millivolts, expected)

    def check_modes(self, address, enabled):
        """What layerwatt takes for the time of a conversion is what the chip is set to; or it says nothing."""
        folder = self.machine.hwmon(address)
        told = 0
        for samples in SAMPLES:
            for interval in (1, 7, 50):
                with self.subTest(samples=samples, interval=interval):
                    self.machine.write(f"{folder}/samples", samples)
                    self.machine.write(f"{folder}/update_interval", interval)
                    config = self.machine.register(address, CONFIG)
                    self.assertEqual(SAMPLES[config >> 9 & 7], samples)
                    self.assertEqual(config >> 6 & 7, config >> 3 & 7)
                    conversion = CONVERSION_TIMES_US[config >> 6 & 7] * 1e-6
                    found = self.machine.sensors()
                    self.assertEqual(found["modes"][f"1-{address:04x}"]["samples"], str(samples))
                    rails = [rail for rail in found["rails"].values() if rail["device"] == f"1-{address:04x}"]
                    for rail in rails:
                        self.assertEqual(rail["averaging"], samples)
                        if "aperture_s" in rail:
                            told += 1
                            self.assertAlmostEqual(rail["aperture_s"], conversion, delta=1e-12)
                            self.assertAlmostEqual(rail["refresh_s"], 2 * enabled * conversion, delta=1e-12)
        self.machine.write(f"{folder}/samples", 1)
        self.machine.write(f"{folder}/update_interval", 7)
        return told

    def recognised(self):
        status, text = self.machine.ask("run", "/layerwatt", "doctor", "--json")
        report = json.loads(text)
        self.assertEqual(status, 0, text)
        self.assertTrue(report["can_measure_power"])
        return report["circumstances"]["board.id"]


class OrinNano(KernelTest):
    """The driver of Linux 6.1 as it is; one chip, and a second one that converts only when asked."""
    board, driver, chips = "orin-nano", "ina3221", (0x40, 0x43, 0x44)

    def test_the_board_is_recognised_by_its_device_tree(self):
        self.assertEqual(self.recognised(), "jetson-orin-nano")

    def test_labels_are_those_of_the_device_tree(self):
        found = self.machine.sensors()
        self.assertEqual({name: rail["device"] for name, rail in found["rails"].items()},
                         {"VDD_IN": "1-0040", "VDD_CPU_GPU_CV": "1-0040", "VDD_SOC": "1-0040", "VDD_CAMERA": "1-0043"})
        self.assertEqual([name for name, rail in found["rails"].items() if rail["is_total"]], ["VDD_IN"])

    def test_volts_amperes_and_watts_are_exact(self):
        self.check_points(0x40, 1, "VDD_IN", 5000)
        self.check_points(0x40, 2, "VDD_CPU_GPU_CV", 3000)
        self.check_points(0x40, 3, "VDD_SOC", 7000)
        self.check_points(0x43, 1, "VDD_CAMERA", 10000)

    def test_channels_not_connected_and_switched_off_are_said(self):
        skipped = self.machine.sensors()["skipped"]
        self.assertIn("not connected", skipped["1-0043 ch2"])
        self.assertIn("switched off", skipped["1-0043 ch3"])
        enable = self.machine.hwmon(0x40) + "/in2_enable"
        self.machine.write(enable, 0)
        found = self.machine.sensors()
        self.machine.write(enable, 1)
        self.assertNotIn("VDD_CPU_GPU_CV", found["rails"])
        self.assertIn("switched off", found["skipped"]["1-0040 VDD_CPU_GPU_CV"])
        self.assertIn("VDD_CPU_GPU_CV", self.machine.sensors()["rails"])

    def test_a_fault_of_the_bus_is_said_and_passes(self):
        self.machine.parameter("fault", errno.EREMOTEIO)
        with self.assertRaises(Failed) as raised:
            self.machine.read(self.machine.hwmon(0x40) + "/in1_input")
        self.assertEqual(raised.exception.status, errno.EREMOTEIO)
        found = self.machine.sensors()
        self.assertEqual(found["rails"], {})
        self.assertIn("Remote I/O error", found["skipped"]["1-0040 VDD_IN"])
        self.machine.parameter("fault", 0)
        self.assertEqual(len(self.machine.sensors()["rails"]), 4)

    def test_only_the_chip_that_waits_for_a_conversion_times_out(self):
        self.machine.parameter("conversion_us", NEVER)
        rails = self.machine.sensors()["rails"]
        self.assertIn("timed out", rails["VDD_CAMERA"]["unreadable"])
        self.assertIn("power_w", rails["VDD_IN"])

    def test_a_chip_that_is_unplugged_is_gone_and_comes_back(self):
        adapter = "/sys/bus/i2c/devices/i2c-1"
        usual = set(self.machine.sensors()["rails"])
        for _ in range(2):
            self.machine.write(f"{adapter}/new_device", "ina3221 0x44")
            # Not in the device tree: no labels.
            self.assertEqual(set(self.machine.sensors()["rails"]) - usual, {"ch1", "ch2", "ch3"})
            self.machine.write(f"{adapter}/delete_device", "0x44")
            self.assertEqual(set(self.machine.sensors()["rails"]), usual)
        # No chip answers there: the bus takes the name, the driver finds nothing.
        self.machine.write(f"{adapter}/new_device", "ina3221 0x45")
        self.assertEqual(set(self.machine.sensors()["rails"]), usual)
        self.machine.write(f"{adapter}/delete_device", "0x45")

    def test_the_time_of_conversions_is_found_from_samples_and_interval(self):
        self.assertEqual(self.check_modes(0x40, enabled=3), 3 * len(SAMPLES) * 3)  # rails, settings

    def test_the_time_that_a_read_takes_is_measured(self):
        """Power is two reads of a transfer each; the kernel sleeps that long, and some instructions more."""
        self.machine.parameter("transfer_us", 500)
        rail = self.machine.sensors()["rails"]["VDD_IN"]
        self.assertGreaterEqual(rail["read_s"], 2 * 500e-6)
        self.assertLess(rail["read_s"], 2 * 750e-6)


class Run(KernelTest):
    """ONNX Runtime runs a network in the machine while layerwatt reads the driver."""
    board, driver, chips = "orin-nano", "ina3221", (0x40,)

    def setUp(self):
        super().setUp()
        if "layerwatt-runner" not in self.machine.do("list", "/").split():
            self.skipTest("no ONNX Runtime of arm64; third_party/onnxruntime/fetch --machine aarch64 gets it")

    # 5 V and 4 mV over shunts of 5, 3 and 7 mOhm, rounded to milliamperes.
    power = {"VDD_IN": 5 * 0.8, "VDD_CPU_GPU_CV": 5 * 1.333, "VDD_SOC": 5 * 0.571}

    def command(self, name, seconds):
        return ("/layerwatt", "profile", "lenet5", "--sensor", "ina3221", "--max-time", f"{seconds}s", "-q", "-o", f"/tmp/{name}.lw")

    def exported(self, name):
        return json.loads(self.machine.do("run", "/layerwatt", "export", f"/tmp/{name}.lw", "--format", "json"))

    def test_a_profile_has_the_power_that_the_registers_hold(self):
        """Power never changes: that of an inference and of idle are the same, but for times in whole nanoseconds, which
        is a millionth of an inference of a millisecond."""
        self.machine.set_rail(0x40, 1, 5000, 8000)
        self.machine.do("run", *self.command("steady", 1))
        profile = self.exported("steady")
        self.assertEqual(profile["origin"], "measured")
        rail = next(rail for rail in profile["rails"] if rail["rail"] == "VDD_IN")
        self.assertGreater(rail["readings"], 100)
        self.assertAlmostEqual(rail["power_w"], 5.0 * 1.6, delta=8e-6)
        self.assertAlmostEqual(rail["idle_w"], 5.0 * 1.6, delta=8e-6)

    def test_arms_own_library_computes_as_it_is_told(self):
        """Engine acl, which is on arm64 alone: by two algorithms, two inferences in flight, pictures answered."""
        self.machine.do("run", "/layerwatt", "model", "pictures", "-o", "/tmp/pictures")
        ran = {}
        for convolution, labels in (("gemm", ("--labels", "/tmp/pictures")), ("winograd", ())):
            self.machine.do("run", "/layerwatt", "profile", "shapes", "--engine", "acl", "--conv", convolution, "--in-flight", "2",
                            *labels, "--sensor", "ina3221", "--max-time", "1s", "-q", "-o", f"/tmp/{convolution}.lw")
            profile = self.exported(convolution)
            self.assertEqual(profile["inference"]["in_flight"], 2)
            if labels:
                self.assertEqual(profile["answers"]["top1"]["right"], 465)  # of 500, as every engine answers them
            convolutions = [layer for layer in profile["layers"] if layer["type"] == "Conv"]
            self.assertTrue(convolutions)
            self.assertTrue(all(layer["duration_s"] > 0 for layer in convolutions))
            ran[convolution] = " ".join(layer["implementation"] for layer in convolutions)
        self.assertIn("NEGEMMConvolutionLayer", ran["gemm"])
        self.assertIn("NEWinogradConvolutionLayer", ran["winograd"])

    def test_a_sensor_that_leaves_during_a_run_ends_it_with_what_was_read(self):
        process = self.machine.do("start", *self.command("left", 5))
        self.machine.do("sleep", 3500)
        self.machine.write("/sys/bus/i2c/drivers/ina3221/unbind", "1-0040")
        self.machine.do("finish", process)
        self.machine.write("/sys/bus/i2c/drivers/ina3221/bind", "1-0040")
        profile = self.exported("left")
        self.assertRegex(" ".join(profile["notes"]), r"left during the run \(gone: .*No such device\)")
        for rail in profile["rails"]:
            with self.subTest(rail=rail["rail"]):
                self.assertGreater(rail["readings"], 0)
                self.assertGreater(rail["missing"], 0)
                self.assertAlmostEqual(rail["power_w"], self.power[rail["rail"]], delta=8e-6)


    def bind_anew(self):
        """The driver sets the chip as it likes: so it will be when it comes back."""
        for action in ("unbind", "bind"):
            self.machine.write(f"/sys/bus/i2c/drivers/{self.driver}/{action}", "1-0040")

    def test_a_sensor_that_comes_back_during_a_run_is_read_on(self):
        self.bind_anew()
        process = self.machine.do("start", *self.command("back", 5))
        self.machine.do("sleep", 2500)
        self.machine.write("/sys/bus/i2c/drivers/ina3221/unbind", "1-0040")
        self.machine.do("sleep", 300)
        self.machine.write("/sys/bus/i2c/drivers/ina3221/bind", "1-0040")
        self.machine.do("finish", process)
        profile = self.exported("back")
        self.assertRegex(" ".join(profile["notes"]), r"left during the run \(gone: .*No such device\) and came back")
        for rail in profile["rails"]:
            with self.subTest(rail=rail["rail"]):
                self.assertGreater(rail["missing"], 0)
                self.assertAlmostEqual(rail["power_w"], self.power[rail["rail"]], delta=8e-6)


class RunOfTwoChips(KernelTest):
    """The same with two chips, which change their numbers."""
    board, driver, chips = "agx-orin", "ina3221_5_10", (0x40, 0x41)

    def setUp(self):
        super().setUp()
        if "layerwatt-runner" not in self.machine.do("list", "/").split():
            self.skipTest("no ONNX Runtime of arm64; third_party/onnxruntime/fetch --machine aarch64 gets it")

    def swap(self, pause_ms):
        """Unbound, and bound in the other order: the first gets the lowest number of hwmonN."""
        chips = sorted(("1-0040", "1-0041"), key=lambda chip: self.machine.hwmon(int(chip[2:], 16)).rpartition("hwmon")[2])
        for chip in chips:
            self.machine.write("/sys/bus/i2c/drivers/ina3221/unbind", chip)
        self.machine.do("sleep", pause_ms)
        for chip in reversed(chips):
            self.machine.write("/sys/bus/i2c/drivers/ina3221/bind", chip)

    def test_chips_that_come_back_under_other_numbers_are_told_apart(self):
        """One as the driver sets it, the other averaging, which it does not when it is bound anew."""
        self.swap(0)
        self.machine.set_rail(0x40, 1, 5000, 4000)  # over 2 mOhm
        self.machine.set_rail(0x41, 2, 5000, 8000)
        self.machine.write(f"{self.machine.hwmon(0x41)}/samples", 64)
        before = {chip: self.machine.hwmon(chip) for chip in self.chips}
        process = self.machine.do("start", "/layerwatt", "profile", "lenet5", "--sensor", "ina3221", "--max-time", "5s", "--together",
                                  "-q", "-o", "/tmp/swapped.lw")
        self.machine.do("sleep", 2500)
        self.swap(300)
        self.machine.do("finish", process)
        for chip, folder in before.items():
            self.assertNotEqual(self.machine.hwmon(chip), folder)
        profile = json.loads(self.machine.do("run", "/layerwatt", "export", "/tmp/swapped.lw", "--format", "json"))
        notes = " ".join(profile["notes"])
        self.assertRegex(notes, r"sensor of VDD_GPU_SOC, VDD_CPU_CV, VIN_SYS_5V0 left during the run \(gone: .*\) and came back")
        self.assertRegex(notes, r"sensor of VDDQ_VDD2_1V8AO left during the run .*: known from its readings before")
        self.assertRegex(notes, r"VDDQ_VDD2_1V8AO of 1-0041 is there again and not read: it is set otherwise than before \(averaging")
        for rail in profile["rails"]:
            self.assertGreater(rail["missing"], 0)
            if rail["rail"] == "VDD_GPU_SOC":
                self.assertAlmostEqual(rail["power_w"], 5 * 2.0, delta=2e-5)


class BestMode(KernelTest):
    """--sensor-mode best on the driver itself: what the chip is set to during a run, and after it."""
    board, driver, chips = "orin-nano", "ina3221", (0x40,)
    fastest = 0x7007  # three channels, no average, 140 us each, continuous: TI SBOS576, CONFIG

    def setUp(self):
        super().setUp()
        if "layerwatt-runner" not in self.machine.do("list", "/").split():
            self.skipTest("no ONNX Runtime of arm64; third_party/onnxruntime/fetch --machine aarch64 gets it")
        self.folder = self.machine.hwmon(0x40)

    def command(self, name, seconds, *more):
        return ("/layerwatt", "profile", "lenet5", "--sensor", "ina3221", "--sensor-mode", "best", "--max-time", f"{seconds}s",
                "-q", "-o", f"/tmp/{name}.lw", *more)

    def set_to(self, samples, interval):
        """(samples, update_interval, CONFIG) as they then are: the driver rounds."""
        self.machine.write(f"{self.folder}/samples", samples)
        self.machine.write(f"{self.folder}/update_interval", interval)
        return self.settings()

    def settings(self):
        return (self.machine.read(f"{self.folder}/samples"), self.machine.read(f"{self.folder}/update_interval"),
                self.machine.register(0x40, CONFIG))

    def test_what_was_set_before_is_set_again(self):
        for samples, interval in ((64, 7), (512, 50)):
            with self.subTest(samples=samples, interval=interval):
                before = self.set_to(samples, interval)
                self.machine.do("run", *self.command(f"best{samples}", 1))
                self.assertEqual(self.settings(), before)
                profile = json.loads(self.machine.do("run", "/layerwatt", "export", f"/tmp/best{samples}.lw", "--format", "json"))
                self.assertEqual(profile["provenance"]["circumstances"]["sensor_mode"], "best")
                self.assertEqual(profile["provenance"]["circumstances"]["sensor_mode.1-0040.samples"], "1")

    def test_a_killed_run_is_undone_by_restore(self):
        before = self.set_to(128, 7)
        process = self.machine.do("start", *self.command("killed", 20))
        self.machine.do("sleep", 4000)
        self.assertEqual(self.machine.register(0x40, CONFIG), self.fastest)
        self.machine.do("kill", process)
        self.machine.ask("finish", process)
        self.assertEqual(self.machine.register(0x40, CONFIG), self.fastest)
        self.machine.do("run", "/layerwatt", "restore")
        self.assertEqual(self.settings(), before)


class BestModeOf510(BestMode):
    """The same where samples count in update_interval."""
    board, driver = "agx-orin", "ina3221_5_10"
    chips = (0x40, 0x41)


class AgxOrin(KernelTest):
    """The driver as in Linux 5.10, which waits for a conversion in every read; two chips."""
    board, driver, chips = "agx-orin", "ina3221_5_10", (0x40, 0x41)

    def test_the_board_is_recognised_by_its_device_tree(self):
        self.assertEqual(self.recognised(), "jetson-agx-orin")

    def test_two_chips_are_found_with_their_rails(self):
        found = self.machine.sensors()
        self.assertEqual({name: rail["device"] for name, rail in found["rails"].items()},
                         {"VDD_GPU_SOC": "1-0040", "VDD_CPU_CV": "1-0040", "VIN_SYS_5V0": "1-0040",
                          "VDDQ_VDD2_1V8AO": "1-0041"})
        for channel in (1, 3):
            self.assertIn("switched off", found["skipped"][f"1-0041 ch{channel}"])

    def test_volts_amperes_and_watts_are_exact(self):
        self.check_points(0x40, 2, "VDD_CPU_CV", 2000)
        self.check_points(0x41, 2, "VDDQ_VDD2_1V8AO", 2000)

    def test_the_time_of_conversions_is_found_from_samples_and_interval(self):
        # In two settings, times of conversions with and without samples both fit the interval: nothing is said.
        self.assertEqual(self.check_modes(0x40, enabled=3), 3 * (len(SAMPLES) * 3 - 2))

    def test_a_read_waits_for_conversions(self):
        """Volts take the flag, so amperes wait for the next one: at least one conversion time, and for each of both
        at most that and one sleep between two looks at the flag, which is as long."""
        cycle = 2 * 3 * 1100e-6
        self.machine.parameter("conversion_us", round(cycle * 1e6))
        took = self.machine.sensors()["rails"]["VDD_CPU_CV"]["read_s"]
        self.assertGreater(took, 0.95 * cycle)
        self.assertLess(took, 4.1 * cycle)

    def test_conversions_that_never_end_are_a_timeout_on_every_rail(self):
        self.machine.parameter("conversion_us", NEVER)
        rails = self.machine.sensors()["rails"]
        self.assertEqual(len(rails), 4)
        for rail in rails.values():
            self.assertIn("timed out", rail["unreadable"])
        self.machine.parameter("conversion_us", 0)
        self.assertIn("power_w", self.machine.sensors()["rails"]["VDD_CPU_CV"])


if __name__ == "__main__":
    unittest.main()
