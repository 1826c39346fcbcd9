# SPDX-License-Identifier: Apache-2.0
"""Pictures and labels, end to end: what was loaded is recorded, right answers are counted, bad input is refused."""
import random
import unittest

from program import SOURCE, LayerwattTest


class Inputs(LayerwattTest):
    def setUp(self):
        super().setUp()
        self.needs_engine()
        self.run_program("model", "pictures", "-o", "shapes")

    def profile(self, *options, model="shapes", name="a.lw", expect=0):
        return self.run_program("profile", model, "-o", name, "--force", "--sensor", "virtual:jetson-nano", "--max-time",
                                "2s", *options, expect=expect, timeout=120)

    def test_accuracy_stands_beside_latency_and_energy(self):
        out, _ = self.profile("--labels", "shapes")
        for words in ("latency", "energy", "93.0 % top-1", "90.4 to 94.9 %", "465 of 500", "per right answer"):
            self.assertIn(words, out)
        self.assertNotIn("random weights", out)
        result = self.profile_json("a.lw")
        answers = result["answers"]
        self.assertEqual(answers["top1"]["right"], 465)
        self.assertEqual(answers["top5"]["right"], 495)
        self.assertAlmostEqual(answers["right_energy_j"], answers["energy_j"] / 0.93, places=12)
        # A slow machine may not have had the blocks that an interval of the energy takes.
        self.assertEqual(answers["right_energy_low_j"] is None, answers["energy_low_j"] is None)
        if answers["energy_low_j"] is not None:
            self.assertLess(answers["right_energy_low_j"], answers["right_energy_j"])
            self.assertLess(answers["right_energy_j"], answers["right_energy_high_j"])
        self.assertEqual(result["settings"]["input.pictures"], "500")
        self.assertRegex(result["settings"]["input.hash"], "^fnv1a:[0-9a-f]{16}$")
        # The pass has a phase of its own, after all that is measured, in which nothing is read.
        (begin, end), = self.query("a.lw", "select from_ns, to_ns from phase where phase = 'accuracy'")
        self.assertGreaterEqual(begin, self.query("a.lw", "select to_ns from phase where phase = 'idle_after'")[0][0])
        self.assertEqual(self.query("a.lw", f"select count(*) from inference where load_begin_ns >= {begin}"), [(0,)])
        features, _ = self.run_program("export", "a.lw", "--format", "features")
        self.assertIn("input_hash", features.splitlines()[0])
        self.assertIn(result["settings"]["input.hash"], features.splitlines()[1])

    def test_destroyed_weights_are_seen(self):
        self.run_program("model", "new", "shapes", "-o", "s.onnx")
        model = (self.folder / "s.onnx").read_bytes()
        weights = (SOURCE / "src/networks/shapes.weights").read_bytes()
        last = weights[-40 - 512 * 40:-40]  # of the linear layer
        self.assertIn(last, model)
        words = [last[i:i + 4] for i in range(0, len(last), 4)]
        random.seed(1)
        random.shuffle(words)
        (self.folder / "s.onnx").write_bytes(model.replace(last, b"".join(words)))
        self.profile("--labels", "shapes", model="s.onnx")
        self.assertLess(self.profile_json("a.lw")["answers"]["top1"]["right"], 150)

    def test_the_kind_of_input_is_recorded(self):
        for name in ("black", "gradient"):
            out, _ = self.profile("--input", name)
            self.assertIn(name, out)
            settings = self.profile_json("a.lw")["settings"]
            self.assertEqual(settings["input"], name)
            self.assertIsNone(self.profile_json("a.lw")["answers"])

    def test_a_grey_network_takes_pictures_of_colour(self):
        self.profile("--input", "shapes/0-disc", model="lenet5")
        self.assertEqual(self.profile_json("a.lw")["settings"]["input.pictures"], "50")

    def test_bad_input_is_refused_before_anything_is_measured(self):
        (self.folder / "empty").mkdir()
        (self.folder / "cut").mkdir()
        whole = (self.folder / "shapes/0-disc/0000.ppm").read_bytes()
        (self.folder / "cut" / "x.ppm").write_bytes(whole[:500])
        (self.folder / "text.png").write_text("not a picture")
        (self.folder / "cut" / "beyond.txt").write_text("x.ppm 10\n")
        (self.folder / "empty" / "missing.txt").write_text("nothing.ppm 1\n")
        cases = {"empty": (("--input", "empty"), "no pictures"), "cut": (("--input", "cut"), "cut short"),
                 "text": (("--input", "text.png"), "not a picture"),
                 "missing": (("--input", "nowhere"), "neither random"),
                 "size": (("--input", "shapes/0-disc", "--preprocess", "imagenet", "--resize", "crop:8"), "shorter"),
                 "class": (("--labels", "cut/beyond.txt"), "class 10"),
                 "label": (("--labels", "empty/missing.txt"), "nothing.ppm"),
                 "mean": (("--input", "black", "--mean", "1,2"), "has 2 values")}
        for name, (options, words) in cases.items():
            with self.subTest(name):
                _, err = self.profile(*options, name="bad.lw", expect=1)
                self.assertIn(words, err)
                self.assertFalse((self.folder / "bad.lw").exists())


if __name__ == "__main__":
    unittest.main()
