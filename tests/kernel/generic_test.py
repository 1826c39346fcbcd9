# SPDX-License-Identifier: Apache-2.0
"""layerwatt on a machine that is no known board: the kernel's drivers of INA226 and INA238, its test battery, its
powercap class, its clocks of processors and buses, and processors that come and go."""
import csv
import errno
import io
import json
import unittest

from kernel_test import KernelTest
from machine import CONFIG

INA226_POWER, INA226_CURRENT, INA238_POWER, INA238_ADC_CONFIG = 0x03, 0x04, 0x08, 0x01
CLOCKS_KHZ = (600000, 900000, 1200000)  # as in boards/generic.dtso
BUS_HZ = (200000000, 400000000)
CPU = "/sys/devices/system/cpu"
LARGEST_UJ = 262143328850  # as in modules/simulated_counters.c


class Generic(KernelTest):
    board, driver, chips = "generic", "ina2xx", (0x40, 0x41, 0x44, 0x45)

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.machine.do("load", "/ina238.ko")

    def setUp(self):
        for name in ("fault", "transfer_us", "conversion_us"):
            self.machine.parameter(name, 0)


class MonitoringChips(Generic):
    ina226 = {0x40: 2000, 0x41: 7000}  # shunts in microohms
    ina238 = {0x44: (5000, 4), 0x45: (3000, 1)}  # and gains

    def set_ina226(self, address, power, current=0):
        self.machine.set_register(address, INA226_CURRENT, current)
        self.machine.set_register(address, INA226_POWER, power)

    def set_ina238(self, address, power):
        """24 bits, high byte first. The simulated bus keeps the bytes of a block as the low ones of its words."""
        for i in range(3):
            self.machine.set_register(address, INA238_POWER + i, (power >> 8 * (2 - i) & 0xFF) << 8)

    def assert_microwatts(self, name, expected):
        """An integer of the driver, made a double and scaled: two roundings of 2^-53."""
        self.assertAlmostEqual(self.machine.sensors()["rails"][name]["power_w"], expected * 1e-6, delta=expected * 1e-21)

    def test_chips_are_found_and_told_apart(self):
        found = self.machine.sensors()["rails"]
        self.assertEqual({name: rail["device"] for name, rail in found.items()},
                         {"ina226_power1@1-0040": "ina226@1-0040", "ina226_power1@1-0041": "ina226@1-0041",
                          "ina238_power1@1-0044": "ina238@1-0044", "ina238_power1@1-0045": "ina238@1-0045"})
        self.assertFalse(any(rail["is_total"] for rail in found.values()))

    def test_watts_of_an_ina226_are_exact(self):
        for address, shunt in self.ina226.items():
            step_uw = 25 * round(2500000 / shunt)  # 25 steps of current, which the driver rounds to microamperes
            for power in (0, 1, 1000, 0x7FFF, 0x8000, 0xFFFF):
                with self.subTest(shunt=shunt, power=power):
                    self.set_ina226(address, power)
                    self.assertEqual(int(self.machine.read(self.machine.hwmon(address, "ina2xx") + "/power1_input")), power * step_uw)
                    self.assert_microwatts(f"ina226_power1@1-{address:04x}", power * step_uw)

    def test_watts_of_an_ina238_are_exact(self):
        for address, (shunt, gain) in self.ina238.items():
            for power in (0, 1, 2, 1000, 0x123456, 0x7FFFFF, 0x800000, 0xFFFFFF):
                with self.subTest(shunt=shunt, gain=gain, power=power):
                    self.set_ina238(address, power)
                    expected = power * 1000 * 20000 * gain // (20 * shunt)  # the driver truncates
                    self.assertEqual(int(self.machine.read(self.machine.hwmon(address, "ina238") + "/power1_input")), expected)
                    self.assert_microwatts(f"ina238_power1@1-{address:04x}", expected)

    def test_power_of_a_current_that_flows_back_is_its_magnitude(self):
        """The chip's register of power has no sign (TI SBOS547, Power Register). Nothing above it can know better."""
        self.set_ina226(0x40, 400, current=-1600)
        self.assertEqual(int(self.machine.read(self.machine.hwmon(0x40, "ina2xx") + "/curr1_input")), -2000)
        self.assert_microwatts("ina226_power1@1-0040", 400 * 31250)

    def test_the_time_of_a_value_is_that_of_the_register(self):
        samples = (1, 4, 16, 64, 128, 256, 512, 1024)  # TI SBOS547, Configuration Register
        folder, seen = self.machine.hwmon(0x40, "ina2xx"), set()
        for interval in (2, 9, 35, 141, 282, 563, 1126, 2253):
            with self.subTest(interval=interval):
                self.machine.write(f"{folder}/update_interval", interval)
                count = samples[self.machine.register(0x40, CONFIG) >> 9 & 7]
                seen.add(count)
                rail = self.machine.sensors()["rails"]["ina226_power1@1-0040"]
                # Volts and amperes for 1.1 ms each; the driver shows whole milliseconds.
                self.assertAlmostEqual(rail["refresh_s"], count * 2 * 1100e-6, delta=0.5e-3)
                self.assertEqual(rail["aperture_s"], rail["refresh_s"])
                self.assertEqual(rail["averaging"], 1)
        self.assertEqual(seen, set(samples))
        self.machine.write(f"{folder}/update_interval", 35)

    def test_the_time_of_a_value_of_an_ina238_is_that_of_the_register(self):
        """This driver shows none: layerwatt says what the driver sets. INA238 data sheet, ADC_CONFIG."""
        config = self.machine.register(0x44, INA238_ADC_CONFIG)
        times_us = (50, 84, 150, 280, 540, 1052, 2074, 4120)
        cycle_us = (1, 4, 16, 64, 128, 256, 512, 1024)[config & 7] * sum(times_us[config >> at & 7] for at in (9, 6, 3))
        rail = self.machine.sensors()["rails"]["ina238_power1@1-0044"]
        self.assertAlmostEqual(rail["refresh_s"], cycle_us * 1e-6, delta=1e-12)
        self.assertAlmostEqual(rail["aperture_s"], cycle_us * 1e-6, delta=1e-12)

    def test_a_fault_of_the_bus_is_said_and_passes(self):
        self.machine.parameter("fault", errno.EREMOTEIO)
        found = self.machine.sensors()
        self.machine.parameter("fault", 0)
        self.assertEqual(found["rails"], {})
        for what in ("ina226@1-0040 power1", "ina238@1-0045 power1"):
            self.assertIn("Remote I/O error", found["skipped"][what])
        self.assertEqual(len(self.machine.sensors()["rails"]), 4)

    def test_a_chip_that_times_out_stays_in_the_list(self):
        self.machine.parameter("fault", errno.ETIMEDOUT)
        rails = self.machine.sensors()["rails"]
        self.machine.parameter("fault", 0)
        self.assertEqual(len(rails), 4)
        for rail in rails.values():
            self.assertIn("timed out", rail["unreadable"])

    def test_a_chip_that_is_unplugged_is_gone_and_comes_back(self):
        usual = set(self.machine.sensors()["rails"])
        for driver, device, rail in (("ina2xx", "1-0041", "ina226_power1"), ("ina238", "1-0045", "ina238_power1")):
            self.machine.write(f"/sys/bus/i2c/drivers/{driver}/unbind", device)
            # Alone of its kind, the other needs no address in its name.
            left = set(self.machine.sensors()["rails"])
            self.assertEqual(len(left), 3)
            self.assertIn(rail, left)
            self.machine.write(f"/sys/bus/i2c/drivers/{driver}/bind", device)
            self.assertEqual(set(self.machine.sensors()["rails"]), usual)

    def test_paces_are_measured_while_a_processor_leaves(self):
        self.machine.parameter("transfer_us", 500)
        process = self.machine.do("start", "/layerwatt", "sensors", "--measure", "--json")
        self.machine.batch(("sleep", 700), ("write", f"{CPU}/cpu1/online", 0))
        found = json.loads(self.machine.do("finish", process))
        self.machine.write(f"{CPU}/cpu1/online", 1)
        for sensor in found["sensors"]:
            if sensor["driver"] == "hwmon":
                self.assertGreater(sensor["rails"][0]["measured"]["reads"], 100)


class Clocks(Generic):
    """cpufreq-dt and imx-bus as Debian builds them, on clocks that do as they are told."""
    policy, bus = f"{CPU}/cpufreq/policy0", "/sys/class/devfreq/memory-bus"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for module in ("simulated_clock", "cpufreq-dt", "governor_userspace", "imx-bus"):
            cls.machine.do("load", f"/{module}.ko")

    def setUp(self):
        super().setUp()
        self.machine.write(f"{self.policy}/scaling_governor", "schedutil")
        self.machine.write(f"{self.policy}/scaling_max_freq", CLOCKS_KHZ[-1])
        self.machine.write(f"{self.policy}/scaling_min_freq", CLOCKS_KHZ[0])

    def test_a_clock_that_may_move_is_a_warning(self):
        facts, findings = self.machine.doctor()
        self.assertEqual((facts["governor.cpu0"], facts["clock_khz.cpu0.minimum"], facts["clock_khz.cpu0.maximum"]),
                         ("schedutil", str(CLOCKS_KHZ[0]), str(CLOCKS_KHZ[-1])))
        self.assertIn(int(facts["clock_khz.cpu0.now"]), CLOCKS_KHZ)
        self.assertNotIn("clock_khz.cpu1.now", facts)  # both processors have one policy
        self.assertEqual(findings["clocks"]["severity"], "warning")
        self.assertIn("cpu0 (schedutil)", findings["clocks"]["why"])

    def test_a_governor_that_holds_the_clock_is_good(self):
        self.machine.write(f"{self.policy}/scaling_governor", "performance")
        facts, findings = self.machine.doctor()
        self.assertEqual((facts["governor.cpu0"], facts["clock_khz.cpu0.now"]), ("performance", str(CLOCKS_KHZ[-1])))
        self.assertEqual(findings["clocks"]["severity"], "ok")
        self.assertIn("cpu0 (performance)", findings["clocks"]["why"])

    def test_limits_that_leave_one_frequency_hold_the_clock(self):
        for khz in (CLOCKS_KHZ[0], CLOCKS_KHZ[1]):
            with self.subTest(khz=khz):
                self.setUp()
                self.machine.write(f"{self.policy}/scaling_max_freq", khz)
                self.machine.write(f"{self.policy}/scaling_min_freq", khz)
                facts, findings = self.machine.doctor()
                self.assertEqual({facts[f"clock_khz.cpu0.{which}"] for which in ("now", "minimum", "maximum")}, {str(khz)})
                self.assertEqual(findings["clocks"]["severity"], "ok")

    def test_the_clock_of_a_device_is_recorded(self):
        for hz in BUS_HZ:
            with self.subTest(hz=hz):
                self.machine.write(f"{self.bus}/userspace/set_freq", hz)
                facts, findings = self.machine.doctor()
                self.assertEqual([facts[f"clock_hz.memory-bus.{which}"] for which in ("now", "minimum", "maximum")],
                                 [str(hz), str(BUS_HZ[0]), str(BUS_HZ[-1])])
                self.assertEqual(facts["governor.memory-bus"], "userspace")

    def test_a_processor_that_is_slowed_down_is_a_warning(self):
        cooling = next(path for path in (f"/sys/class/thermal/{name}" for name in self.machine.do("list", "/sys/class/thermal").split())
                       if path.rpartition("/")[2].startswith("cooling_device") and "cpufreq" in self.machine.read(f"{path}/type"))
        self.machine.write(f"{cooling}/cur_state", 1)
        facts, findings = self.machine.doctor()
        self.machine.write(f"{cooling}/cur_state", 0)
        self.assertEqual(findings["throttling"]["severity"], "warning")
        self.assertIn("cpufreq-cpu0", findings["throttling"]["why"])
        self.assertNotIn("throttling", self.machine.doctor()[1])

    def test_a_processor_that_is_offline_is_recorded(self):
        self.assertEqual(self.machine.doctor()[0]["cpu.online"], "0-1")
        self.machine.write(f"{CPU}/cpu1/online", 0)
        facts, _ = self.machine.doctor()
        self.machine.write(f"{CPU}/cpu1/online", 1)
        self.assertEqual(facts["cpu.online"], "0")


class Battery(Generic):
    parameters = {"battery_present": "true", "battery_status": "discharging", "battery_voltage": 7600000, "battery_current": -1500000}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.machine.do("load", "/test_power.ko")

    def setUp(self):
        super().setUp()
        for name, value in self.parameters.items():
            self.machine.parameter(name, value, "test_power")

    def rail(self):
        return self.machine.sensors()["rails"].get("test_battery")

    def test_what_it_gives_counts_whatever_the_sign_of_its_current(self):
        """Microvolts and microamperes, each made a double and scaled, multiplied: a few roundings of 2^-53."""
        for voltage, current in ((7600000, -1500000), (7600000, 1500000), (3701234, -1), (12345678, 2345678), (7600000, 0)):
            with self.subTest(voltage=voltage, current=current):
                self.machine.parameter("battery_voltage", voltage, "test_power")
                self.machine.parameter("battery_current", current, "test_power")
                expected = voltage * abs(current) * 1e-12
                self.assertAlmostEqual(self.rail()["power_w"], expected, delta=expected * 1e-15)

    def test_its_rate_is_that_of_a_slow_gauge(self):
        self.assertEqual(self.rail()["refresh_s"], 1)

    def test_only_a_battery_that_discharges_is_read(self):
        for status, shown in (("charging", "Charging"), ("full", "Full"), ("not-charging", "Not charging")):
            with self.subTest(status=status):
                self.machine.parameter("battery_status", status, "test_power")
                found = self.machine.sensors()
                self.assertNotIn("test_battery", found["rails"])
                self.assertIn(f'"{shown}": the machine is fed from elsewhere', found["skipped"]["battery test_battery"])
        self.machine.parameter("battery_status", "discharging", "test_power")
        self.assertIn("power_w", self.rail())

    def test_a_battery_that_is_taken_out_is_no_sensor(self):
        self.machine.parameter("battery_present", "false", "test_power")
        self.assertIsNone(self.rail())
        self.machine.parameter("battery_present", "true", "test_power")
        self.assertIn("power_w", self.rail())

    def test_it_is_read_only_when_asked_for(self):
        _, findings = self.machine.doctor()
        self.assertIn("read only with --sensor battery", findings["battery test_battery"]["why"])


class Counters(Generic):
    """The kernel's own powercap class, with counters below it that stand in for those of intel_rapl."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.machine.do("load", "/powercap_sys.ko")
        cls.machine.do("load", "/simulated_counters.ko")

    def test_joules_are_exact_up_to_the_end_of_the_counter(self):
        for package, core in ((0, 0), (1, 0), (123456789, 98765432), (LARGEST_UJ, LARGEST_UJ - 1)):
            with self.subTest(package=package, core=core):
                self.machine.parameter("package_uj", package, "simulated_counters")
                self.machine.parameter("core_uj", core, "simulated_counters")
                rails = self.machine.sensors()["rails"]
                self.assertEqual((rails["package-0"]["energy_j"], rails["core"]["energy_j"]), (package * 1e-6, core * 1e-6))

    def test_cores_are_part_of_their_package(self):
        rails = self.machine.sensors()["rails"]
        self.assertEqual(rails["core"]["part_of"], "package-0")
        self.assertTrue(rails["package-0"]["is_total"])
        self.assertEqual(rails["core"]["meaning"], rails["package-0"]["meaning"])

    def test_who_is_not_root_hears_why_the_counters_are_closed(self):
        found = json.loads(self.machine.do("nobody", "/layerwatt", "sensors", "--json"))
        self.assertNotIn("rapl", [sensor["driver"] for sensor in found["sensors"]])
        why = {skip["what"]: skip["why"] for skip in found["skipped"]}
        self.assertIn("closed to users against CVE-2020-8694", why["rapl package-0, core"])


class Run(Generic):
    """ONNX Runtime runs a network while sensors of three drivers are read, each by a thread of its own, and things happen
    to all of them. One run, since that takes longest; each test looks at what happened to one. Layers are not what is
    tested here: the simplest method for them will do."""
    status = "/sys/module/test_power/parameters/battery_status"
    fault = "/sys/module/simulated_bus/parameters/fault"
    online = f"{CPU}/cpu1/online"
    driver_folder = "/sys/bus/i2c/drivers/ina2xx"
    stays, leaves, battery, package = "ina226_power1@1-0040", "ina226_power1@1-0041", "test_battery", "package-0"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "layerwatt-runner" not in cls.machine.do("list", "/").split():
            raise unittest.SkipTest("no ONNX Runtime of arm64; third_party/onnxruntime/fetch --machine aarch64 gets it")
        for module in ("test_power", "powercap_sys", "simulated_counters"):
            cls.machine.do("load", f"/{module}.ko")
        for address, power in ((0x40, 1000), (0x41, 800)):
            cls.machine.set_register(address, INA226_POWER, power)
        for name, value in Battery.parameters.items():
            cls.machine.parameter(name, value, "test_power")
        cls.machine.parameter("package_mw", 8000, "simulated_counters")
        cls.machine.parameter("package_uj", LARGEST_UJ - 64000000, "simulated_counters")  # 8 s to the wrap
        process = cls.machine.do(
            "start", "/layerwatt", "profile", "lenet5", "--sensor", "hwmon,rapl,battery", "--max-time", "14s", "--method",
            "time-proportional", "-q", "-o", "/tmp/run.lw", "--rail", ",".join((cls.stays, cls.leaves, cls.battery, cls.package)))
        # From the energy pass on: the sampler is off in the latency pass before it.
        cls.machine.batch(
            ("sleep", 6500), ("write", cls.online, 0), ("sleep", 300), ("write", cls.online, 1),
            ("write", cls.status, "charging"), ("sleep", 1000), ("write", cls.status, "discharging"),
            ("write", cls.fault, errno.EREMOTEIO), ("sleep", 30), ("write", cls.fault, 0), ("sleep", 300),
            ("write", cls.fault, errno.ETIMEDOUT), ("sleep", 2000), ("write", cls.fault, 0), ("sleep", 300),
            ("write", f"{cls.driver_folder}/unbind", "1-0041"), ("sleep", 200), ("write", f"{cls.driver_folder}/bind", "1-0041"),
            ("write", cls.fault, errno.EREMOTEIO))
        cls.said = cls.machine.ask("finish", process)
        cls.machine.parameter("fault", 0)
        cls.profile = json.loads(cls.machine.do("run", "/layerwatt", "export", "/tmp/run.lw", "--format", "json"))
        cls.rails = {rail["rail"]: rail for rail in cls.profile["rails"]}
        cls.gaps = list(csv.DictReader(io.StringIO(cls.machine.do("run", "/layerwatt", "export", "/tmp/run.lw", "--table", "gap"))))

    def gap(self, rail, why):
        """(from, to, why) in seconds: the only one that the rail has for this reason."""
        found = [gap for gap in self.gaps if gap["rail"] == rail and why in gap["why"]]
        self.assertEqual(len(found), 1, (rail, why, self.gaps))
        return float(found[0]["from_s"]), float(found[0]["to_s"]), found[0]["why"]

    def test_the_run_ends_as_any_other(self):
        self.assertEqual(self.said[0], 0, self.said[1])
        self.assertTrue(self.profile["complete"])
        self.assertEqual(self.profile["origin"], "measured")

    def test_power_is_that_of_registers_parameters_and_counter(self):
        """It never changes, so where readings are missing nothing else is. Times are whole nanoseconds, a millionth of an
        inference of a millisecond; the counter is read at both ends of stretches of some milliseconds, between two stamps
        that are some microseconds apart."""
        for rail, watts, relative in ((self.stays, 31.25, 1e-6), (self.leaves, 7.14, 1e-6), (self.battery, 7.6 * 1.5, 1e-6),
                                      (self.package, 8.0, 1e-3)):
            with self.subTest(rail=rail):
                self.assertAlmostEqual(self.rails[rail]["power_w"], watts, delta=watts * relative)

    def test_the_counter_wrapped_on_the_way(self):
        self.assertLess(int(self.machine.read("/sys/class/powercap/intel-rapl:0/energy_uj")), LARGEST_UJ // 2)

    def test_a_sampler_whose_processor_leaves_goes_on_and_says_so(self):
        self.assertIsNone(self.profile["provenance"]["sampler"]["core"])
        self.assertIn("CPU 1 was taken from the sampling thread during the run", " ".join(self.profile["notes"]))
        self.assertEqual(self.rails[self.package]["missing"], 0)

    def test_a_battery_that_is_plugged_in_has_a_gap_with_its_reason_and_goes_on(self):
        begin, end, _ = self.gap(self.battery, "the machine is fed from elsewhere")
        # Read every 0.4 s.
        self.assertGreater(end - begin, 0.5)
        self.assertLess(end - begin, 1.5)

    def test_faults_that_pass_are_gaps_with_their_reason_and_readings_again(self):
        """That readings came between two gaps is why they are two."""
        end_of_last = 0.0
        for why, at_least_s in (("Remote I/O error", 0.01), ("timed out", 1.9)):
            with self.subTest(why=why):
                found = [gap for gap in self.gaps if gap["rail"] == self.stays and why in gap["why"] and "broken" not in gap["why"]]
                self.assertEqual(len(found), 1)
                begin, end = float(found[0]["from_s"]), float(found[0]["to_s"])
                self.assertGreater(end - begin, at_least_s)
                self.assertGreater(begin, end_of_last + 0.2)
                end_of_last = end
        self.assertGreater(self.gap(self.stays, "broken: ")[0], end_of_last + 0.2)

    def test_a_fault_that_stays_ends_the_rail_and_is_said(self):
        self.assertIn("Remote I/O error", self.gap(self.stays, "broken: ")[2])
        self.assertRegex(" ".join(self.profile["notes"]), f"The sensor of .*{self.stays}.* left during the run")

    def test_a_chip_that_is_plugged_in_again_stays_gone_for_this_run_and_is_there_for_the_next(self):
        begin, end, why = self.gap(self.leaves, "gone: ")
        self.assertIn("No such device", why)
        self.assertGreater(end, self.gap(self.stays, "broken: ")[0])  # up to the end of the run
        self.assertRegex(" ".join(self.profile["notes"]), f"The sensor of .*{self.leaves}.* left during the run")
        self.assertIn("power_w", self.machine.sensors()["rails"][self.leaves])


if __name__ == "__main__":
    unittest.main()
