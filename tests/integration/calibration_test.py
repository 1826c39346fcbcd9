# SPDX-License-Identifier: Apache-2.0
"""A calibration from beside the meter to the report: a virtual board whose sensor is wrong by a known amount. SIMULATED."""
import json
import unittest

from program import SOURCE, LayerwattTest

BOARD = "virtual:jetson-nano,shunt_error=4%,shunt_offset_uv=60"
RAIL = "POM_5V_IN"
NANO = SOURCE / "tests" / "fixtures" / "boards" / "jetson-nano-l4t32"


class Calibrations(LayerwattTest):
    def calibrate(self, *options, board=BOARD, expect=0):
        return self.run_program("calibrate", "--sensor", board, "--meter", "virtual", "--phase", "2s", "--load", "0s", "-q", *options, expect=expect)

    def calibrated(self):
        """The file that a calibration of the total rail leaves."""
        self.calibrate("--meter-at", RAIL, "--save", "cal.json")
        return json.loads((self.folder / "cal.json").read_text())

    def profile(self, name, *options, board=BOARD, model="lenet5", runs=200):
        self.run_program("profile", model, "--board", board, "-r", runs, "-e", RAIL, "-q", "-o", name, *options)
        return self.profile_json(name)

    def chip(self):
        """The INA3221 of the recorded Nano."""
        sensors = json.loads(self.run_program("sensors", "--sysroot", NANO, "--json")[0])["sensors"]
        return next(sensor for sensor in sensors if sensor["driver"] == "ina3221")

    def keep(self, name, entry):
        (self.folder / name).write_text(json.dumps({"schema": "layerwatt.calibrations/1", "calibrations": [entry]}))

    @staticmethod
    def rail(profile):
        return next(rail for rail in profile["rails"] if rail["rail"] == RAIL)

    def test_the_planted_gain_is_found_kept_and_applied(self):
        stored = self.calibrated()
        entry, = stored["calibrations"]
        line = entry["line"]
        # Power is shunt voltage / shunt x bus voltage: 4 % of the shunt, and 60 uV / 5 mOhm x 5 V.
        self.assertAlmostEqual(line["gain"], 1.04, delta=line["gain_half_width"] + 0.003)  # the chip rounds mA, cuts mW
        offset = line["reads_w"] - line["gain"] * line["at_w"]
        self.assertAlmostEqual(offset, 0.060, delta=line["reads_half_width_w"] + line["at_w"] * line["gain_half_width"])
        self.assertEqual((entry["sensor"], entry["rail"], entry["averaging"]), ("virtual", RAIL, 64))
        self.assertEqual(entry["provenance"]["line.origin"], "simulated")

        profile = self.profile("run.lw", "--calibration", "cal.json", model="mobilenet_v2", runs=1500)
        self.assertEqual(self.rail(profile)["calibration"]["gain"], line["gain"])
        self.assertTrue(any("corrected by a calibration of " + line["made"] in note for note in profile["notes"]), profile["notes"])
        # The run file has readings as they came, and what they were corrected by.
        self.assertEqual(self.query("run.lw", "SELECT gain, made FROM calibration"), [(line["gain"], line["made"])])
        as_read = self.profile_json("run.lw", "--no-calibration", "--shunt-tolerance", "1%")
        self.assertIsNone(self.rail(as_read)["calibration"])
        self.assertTrue(any("not applied: as was asked for" in note for note in as_read["notes"]))
        energy, unlike = self.rail(profile)["energy_j"], self.rail(as_read)["energy_j"]
        self.assertAlmostEqual(unlike / energy, 1.05, delta=0.01)  # 1.04, and 60 mW of some 6 W

        # Truth: what each layer drew. Those of the most energy have the narrowest intervals.
        truth = dict(self.query("run.lw", "SELECT layer, mean_energy_j FROM truth WHERE rail = 0"))
        largest = sorted(truth, key=truth.get)[-10:]

        def holds(report):
            return sum(report["layers"][layer]["energy_absolute_low_j"] <= truth[layer] <= report["layers"][layer]["energy_absolute_high_j"]
                       for layer in largest)

        # k = 2 holds 95 % of them; two of ten outside come once in ten times. Without the calibration they are 5 %
        # off, where the data sheet and 1 % of the shunt promise 2 %.
        self.assertGreaterEqual(holds(profile), 8)
        self.assertLessEqual(holds(as_read), 2)
        found = sum(profile["layers"][layer]["energy_j"] for layer in truth)
        width = self.rail(profile)["energy_absolute_high_j"] - energy
        self.assertAlmostEqual(found, sum(truth.values()), delta=width)

    def test_what_was_made_otherwise_is_not_applied_and_that_is_said(self):
        self.calibrated()
        profile = self.profile("other.lw", "--calibration", "cal.json", board=BOARD + ",averaging=1")
        self.assertIsNone(self.rail(profile)["calibration"])
        self.assertTrue(any(RAIL + ": there is a calibration, and it is not applied: the board was" in note for note in profile["notes"]))
        stored = json.loads((self.folder / "cal.json").read_text())
        stored["calibrations"][0]["shunt_ohm"] = 0.01
        (self.folder / "cal.json").write_text(json.dumps(stored))
        profile = self.profile("shunt.lw", "--calibration", "cal.json")
        self.assertTrue(any("the shunt was 10 mOhm, is 5 mOhm" in note for note in profile["notes"]))
        # Unasked, a virtual board has none.
        self.assertIsNone(self.rail(self.profile("plain.lw"))["calibration"])

    def test_the_loss_before_a_rail_is_kept_beside_its_gain_and_shown(self):
        self.calibrated()
        out, _ = self.calibrate("--meter-rail", RAIL, "--save", "cal.json", "--json")
        found = json.loads(out)
        self.assertEqual(found["beside_meter"]["corrected"], [RAIL])
        entry, = json.loads((self.folder / "cal.json").read_text())["calibrations"]
        self.assertIn("line", entry)
        # The meter is the truth of this very rail: once it is corrected, nothing is missing.
        loss = entry["supply_loss"]
        self.assertAlmostEqual(loss["loaded_w"], 0, delta=loss["loaded_half_width_w"] + 0.05)
        profile = self.profile("run.lw", "--calibration", "cal.json")
        self.assertTrue(any("they are in no figure here" in note for note in profile["notes"]))
        self.assertEqual(self.rail(profile)["supply_loss"]["loaded_w"], loss["loaded_w"])

    def test_how_rails_follow_a_load_is_kept_as_a_record(self):
        self.calibrated()
        self.run_program("calibrate", "--sensor", BOARD, "--phase", "1s", "--rounds", "2", "-q", "--save", "cal.json")
        entries = {entry["rail"]: entry for entry in json.loads((self.folder / "cal.json").read_text())["calibrations"]}
        self.assertEqual(len(entries), 3)
        self.assertIn("line", entries[RAIL])  # what was there stays
        response = entries[RAIL]["response"]
        # 0.84 ms / -ln(1 - 1/64), and the 10 % that data sheets allow an oscillator.
        self.assertAlmostEqual(response["time_constant_s"], 53.3e-3, delta=response["time_constant_half_width_s"] + 0.1 * 53.3e-3)
        # The virtual board's table says how it averages, so nothing is taken from the record.
        profile = self.profile("run.lw", "--calibration", "cal.json")
        self.assertFalse(any("what no table says" in note for note in profile["notes"]))
        self.assertIsNotNone(self.rail(profile)["calibration"])
        _, err = self.run_program("calibrate", "--sensor", BOARD, "--load", "0s", "--save", "cal.json", expect=1)
        self.assertIn("nothing to keep", err)

    def test_nothing_is_written_unasked_or_half(self):
        out, _ = self.calibrate("--meter-at", RAIL)
        self.assertIn("Nothing is kept", out)
        self.assertEqual(list(self.folder.iterdir()), [])
        _, err = self.calibrate("--save", expect=1)
        self.assertIn("name a file", err)
        _, err = self.calibrate("--meter-at", "POM_12V", "--save", "cal.json", expect=1)
        self.assertIn("POM_12V", err)
        # A meter elsewhere: a gain that no sensor has.
        _, err = self.calibrate("--meter-rail", RAIL, "--meter-at", "POM_5V_CPU", "--save", "cal.json", expect=1)
        self.assertIn("does the meter measure this very rail", err)
        self.assertFalse((self.folder / "cal.json").exists())

    def test_a_damaged_file_is_refused_before_anything_is_measured(self):
        stored = self.calibrated()
        text = json.dumps(stored)
        stored["calibrations"][0]["line"]["gain"] = -1
        for damaged in (text[:-20], "", json.dumps(stored), text.replace('"averaging": 64', '"averaging": "64"')):
            (self.folder / "bad.json").write_text(damaged)
            for command in (("profile", "lenet5", "--board", BOARD, "-o", "bad.lw", "--calibration", "bad.json"),
                            ("calibrate", "--sensor", BOARD, "--meter", "virtual", "--save", "bad.json"),
                            ("sensors", "--sysroot", NANO, "--calibration", "bad.json")):
                _, err = self.run_program(*command, expect=1)
                self.assertIn("bad.json: calibrations", err)
            self.assertEqual((self.folder / "bad.json").read_text(), damaged)
        self.assertFalse((self.folder / "bad.lw").exists())

    def test_a_real_run_of_the_same_sensor_is_corrected_and_one_in_another_mode_is_not(self):
        self.needs_engine()
        entry = self.calibrated()["calibrations"][0]
        entry.update(board="jetson-nano", sensor="ina3221", mode=self.chip()["mode"])
        entry["line"].update(gain=1.25, at_w=5, reads_w=6)
        self.keep("nano.json", entry)
        run = ("profile", "lenet5", "--sysroot", NANO, "-r", "50", "--max-time", "3s", "-q")
        self.run_program(*run, "--calibration", "nano.json", "-o", "run.lw")
        corrected, as_read = self.profile_json("run.lw"), self.profile_json("run.lw", "--no-calibration")
        for one, other in zip(corrected["rails"], as_read["rails"]):
            expected = 5 + (other["power_w"] - 6) / 1.25 if one["rail"] == RAIL else other["power_w"]
            # The recorded power stands still. Durations are whole nanoseconds, and of a short inference that shows.
            rounding = other["power_w"] * 2e-9 / as_read["inference"]["duration_s"]
            self.assertAlmostEqual(one["power_w"], expected, delta=rounding)
        entry["mode"]["running_mode"] = "triggered"
        self.keep("nano.json", entry)
        self.run_program(*run, "--calibration", "nano.json", "-o", "other.lw")
        profile = self.profile_json("other.lw")
        self.assertIsNone(self.rail(profile)["calibration"])
        said = RAIL + ": there is a calibration, and it is not applied: sensor mode running_mode was triggered, is continuous."
        self.assertIn(said, profile["notes"])

    def test_sensors_and_doctor_say_what_is_in_place(self):
        entry = self.calibrated()["calibrations"][0]
        entry.update(board="jetson-nano", sensor="ina3221", mode=self.chip()["mode"])
        self.keep("nano.json", entry)
        out, _ = self.run_program("sensors", "--sysroot", NANO, "--calibration", "nano.json")
        self.assertIn("calibrated " + entry["line"]["made"], out)
        report = json.loads(self.run_program("doctor", "--sysroot", NANO, "--calibration", "nano.json", "--json")[0])
        whats = [finding["what"] for finding in report["findings"]]
        self.assertIn("calibration of " + RAIL, whats)
        self.assertIn("not calibrated: POM_5V_GPU, POM_5V_CPU", whats)
        self.assertEqual(out.count("not calibrated"), 2)
        self.assertEqual(self.run_program("sensors", "--sysroot", NANO)[0].count("not calibrated"), 3)


if __name__ == "__main__":
    unittest.main()
