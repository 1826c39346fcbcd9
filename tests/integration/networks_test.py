# SPDX-License-Identifier: Apache-2.0
"""Networks in batches, ones that contradict themselves, that an engine cannot run, or that are enormous."""
import csv
import io
import json
import struct
import unittest

import onnx_bytes as onnx
from program import LayerwattTest


def blob(*shape):
    elements = 1
    for extent in shape:
        elements *= extent
    dimensions = onnx.field(7, b"".join(onnx.field(1, extent) for extent in shape))
    return onnx.field(7, dimensions + onnx.field(5, struct.pack(f"<{elements}f", *[0.5] * elements)))


def caffemodel(**layers):
    """Fields of caffe.proto: NetParameter.layer, LayerParameter.name and .blobs."""
    return b"".join(onnx.field(100, onnx.field(1, name) + b"".join(blobs)) for name, blobs in layers.items())


class Networks(LayerwattTest):
    def setUp(self):
        super().setUp()
        self.needs_engine()

    def has_engine(self, name):
        _, err = self.start("profile", "nothing.onnx", "--engine", name).communicate(timeout=60)
        return "not built" not in err

    def engines(self, *names):
        return [name for name in names if self.has_engine(name)]

    def write(self, name, content):
        (self.folder / name).write_bytes(content)

    def assert_refused(self, model, *words, engine="onnxruntime", options=()):
        before = sorted(self.folder.rglob("*"))
        _, err = self.run_program("profile", model, "--engine", engine, "--max-time", "1s", "-o", "bad.lw", *options,
                                  expect=1, timeout=120)
        self.assertTrue(err.startswith("layerwatt: "), err)
        for word in words:
            self.assertIn(word, err)
        self.assertEqual(sorted(self.folder.rglob("*")), before)
        self.assertEqual(self.runners(), [])

    def test_an_operator_that_an_engine_lacks_is_named_with_who_has_it(self):
        self.write("erf.onnx", onnx.model([onnx.node("Relu", "fine", ["x"], "r"), onnx.node("Erf", "odd", ["r"], "y")],
                                          {"x": [1, 4]}, ("y", [1, 4])))
        for engine in self.engines("onednn"):
            self.assert_refused("erf.onnx", "odd", "Erf", "engine onednn", "engine onnxruntime may run it", engine=engine)
        self.run_program("profile", "erf.onnx", "--max-time", "1s", "-o", "good.lw", "-q")
        self.write("made_up.onnx", onnx.model([onnx.node("Frobnicate", "odd", ["x"], "y")], {"x": [1, 4]}, ("y", [1, 4])))
        for engine in self.engines("onnxruntime", "onednn", "opencv"):
            self.assert_refused("made_up.onnx", "odd", "Frobnicate", engine=engine)

    def test_shapes_that_do_not_fit_are_refused_by_every_engine(self):
        cases = {
            "sum": (onnx.model([onnx.node("Add", "odd", ["x", "w"], "y")], {"x": [1, 4]}, ("y", [1, 4]), {"w": [3]}),
                    "operand of 3"),
            "inputs": (onnx.model([onnx.node("Add", "odd", ["x", "z"], "y")], {"x": [1, 4], "z": [1, 3]}, ("y", [1, 4])),
                       "operand of 1x3"),
            "wide": (onnx.model([onnx.node("Conv", "odd", ["x", "w"], "y")], {"x": [1, 3, 8, 8]}, ("y", [1, 4, 6, 6]),
                                {"w": [4, 5, 3, 3]}), "weights of 4x5x3x3"),
            "narrow": (onnx.model([onnx.node("Conv", "odd", ["x", "w"], "y")], {"x": [1, 3, 8, 8]}, ("y", [1, 4, 6, 6]),
                                  {"w": [4, 1, 3, 3]}), "weights of 4x1x3x3"),
            "product": (onnx.model([onnx.node("MatMul", "odd", ["x", "w"], "y")], {"x": [1, 4]}, ("y", [1, 2]),
                                   {"w": [5, 2]}), "weights for 5 values")}
        engines = self.engines("onnxruntime", "onednn", "opencv")
        for name, (content, words) in cases.items():
            self.write(f"{name}.onnx", content)
            for engine in engines:
                with self.subTest(f"{name} {engine}"):
                    self.assert_refused(f"{name}.onnx", *(("odd", words) if engine == "onednn" else ()), engine=engine)

    def test_pictures_do_not_fit_a_network_that_takes_none(self):
        self.write("row.onnx", onnx.chain(2, [1, 4]))
        self.assert_refused("row.onnx", "t0", "picture", options=("--input", "black"))

    def test_a_cycle_is_refused_by_its_members(self):
        self.write("cycle.onnx", onnx.model(
            [onnx.node("Add", "first", ["x", "b"], "a"), onnx.node("Relu", "second", ["a"], "b")], {"x": [1, 4]}, ("b", [1, 4])))
        for engine in self.engines("onnxruntime", "onednn", "opencv"):
            self.assert_refused("cycle.onnx", "cyclic", "first", "second", engine=engine)
        _, err = self.run_program("model", "describe", "cycle.onnx", expect=1)
        self.assertIn("cyclic", err)

    PROTOTXT = b"""name: "net"
        layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 1 dim: 3 dim: 8 dim: 8 } } }
        layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 } }
        layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 5 } }"""

    def test_a_caffemodel_that_lacks_blobs_is_refused(self):
        self.write("net.prototxt", self.PROTOTXT)
        conv = [blob(4, 3, 3, 3), blob(4)]
        cases = {"bias": (caffemodel(conv=conv, fc=[blob(5, 144)]), ("fc", "needs number 2")),
                 "layer": (caffemodel(conv=conv), ("fc", "no weights")),
                 "shape": (caffemodel(conv=conv, fc=[blob(5, 140), blob(5)]), ("fc", "5x140", "5x144"))}
        for name, (content, words) in cases.items():
            with self.subTest(name):
                self.write("net.caffemodel", content)
                _, err = self.run_program("model", "convert", "net.prototxt", "net.caffemodel", expect=1)
                for word in words:
                    self.assertIn(word, err)
                self.assertFalse((self.folder / "net.onnx").exists())
                for engine in self.engines("opencv"):
                    self.assert_refused("net.prototxt", "net.caffemodel", *words, engine=engine,
                                        options=("--weights", "net.caffemodel"))
        self.write("net.caffemodel", caffemodel(conv=conv, fc=[blob(5, 144), blob(5)]))
        self.run_program("model", "convert", "net.prototxt", "net.caffemodel")
        self.run_program("profile", "net.onnx", "--max-time", "1s", "-o", "good.lw", "-q")

    def test_a_batch_has_its_work_and_figures_for_each_input(self):
        described = json.loads(self.run_program("model", "describe", "lenet5", "--json")[0])["network"]["layers"]
        whole = sum(layer["macs"] for layer in described)
        self.assertEqual(whole, 416_520)
        for engine in self.engines("onnxruntime", "onednn"):
            self.run_program("profile", "lenet5", "--engine", engine, "--batch", "4", "--sensor", "virtual:jetson-nano",
                             "--max-time", "2s", "-o", f"{engine}.lw", "-q")
            profile = self.profile_json(f"{engine}.lw")
            by_source = {source: layer["macs"] for layer in profile["layers"] for source in layer["sources"] if layer["macs"]}
            for layer in described:
                if layer["macs"]:
                    self.assertEqual(by_source[layer["name"]], 4 * layer["macs"], layer["name"])
            self.assertEqual(sum(layer["macs"] or 0 for layer in profile["layers"]), 4 * whole)
            self.assertEqual(profile["layers"][-1]["outputs"], [[4, 10]])
            inference, rail = profile["inference"], profile["rails"][0]
            self.assertEqual((inference["batch"], inference["in_flight"]), (4, 1))
            self.assertAlmostEqual(inference["time_per_input_s"], inference["duration_s"] / 4, delta=1e-9)
            self.assertAlmostEqual(inference["inputs_per_second"], 4 / inference["duration_s"], delta=1e-6 / inference["duration_s"])
            self.assertAlmostEqual(rail["energy_per_input_j"], rail["energy_j"] / 4, places=15)
            out, _ = self.run_program("export", f"{engine}.lw", "--format", "features")
            for row in csv.DictReader(io.StringIO(out)):
                self.assertAlmostEqual(float(row["inference_energy_per_input_j"]), rail["energy_j"] / 4, places=15)
                self.assertAlmostEqual(float(row["duration_per_input_s"]), float(row["duration_s"]) / 4, delta=1e-9)
                if row["energy_j"]:
                    self.assertAlmostEqual(float(row["energy_per_input_j"]), float(row["energy_j"]) / 4, places=15)
            shown, _ = self.run_program("show", f"{engine}.lw")
            self.assertIn("4 in a tensor", shown)

    def test_ten_thousand_layers_are_described_and_profiled(self):
        self.write("long.onnx", onnx.chain(10_000, [1, 16]))
        described, _ = self.run_program("model", "describe", "long.onnx", "--json", timeout=60)
        self.assertEqual(len(json.loads(described)["network"]["layers"]), 10_000)
        for engine in self.engines("onnxruntime", "onednn", "opencv"):
            self.run_program("profile", "long.onnx", "--engine", engine, "--max-time", "1s", "-o", f"{engine}.lw", "-q")
            self.assertEqual(self.query(f"{engine}.lw", "select count(*) from layer"), [(10_000,)])
            self.run_program("show", f"{engine}.lw", timeout=60)


if __name__ == "__main__":
    unittest.main()
