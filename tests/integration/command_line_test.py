# SPDX-License-Identifier: Apache-2.0
"""What is typed and what comes back: help, exit codes, sensors of recorded machines, the zoo."""
import json
import os
import unittest

from program import SOURCE, LayerwattTest

BOARDS = SOURCE / "tests" / "fixtures" / "boards"


class CommandLine(LayerwattTest):
    def test_help_of_every_command_has_examples(self):
        out, _ = self.run_program("--help")
        commands = [line.split()[0] for line in out.split("Subcommands:")[1].split("Examples:")[0].splitlines() if line.strip()]
        self.assertIn("profile", commands)
        for command in commands:
            out, _ = self.run_program(command, "--help")
            self.assertIn("layerwatt " + command, out, command)
            self.assertIn("Examples:", out, command)

    def test_wrong_usage_is_exit_code_2_and_said_on_standard_error(self):
        for arguments in ([], ["frobnicate"], ["profile"], ["profile", "lenet5", "--no-such-option"],
                          ["profile", "lenet5", "--max-time", "20"], ["profile", "lenet5", "--max-time", "-3s"],
                          ["profile", "lenet5", "-r", "many"], ["profile", "lenet5", "-r", "0"],
                          ["profile", "lenet5", "--precision", "0%"], ["profile", "lenet5", "--precision", "200%"],
                          ["profile", "lenet5", "--precision", "abc"], ["profile", "lenet5", "--precision", "5"],
                          ["profile", "lenet5", "--precision", "5%", "--method", "chronological"],
                          ["profile", "lenet5", "-i", "1ns"], ["profile", "lenet5", "--threads", "0"],
                          ["show"], ["export", "x.lw", "--format", "pdf"], ["show", "x.lw", "--method", "guess"]):
            out, err = self.run_program(*arguments, expect=2)
            self.assertEqual(out, "", arguments)
            self.assertTrue(err.strip(), arguments)
        self.assertEqual(list(self.folder.iterdir()), [])

    def test_version(self):
        out, _ = self.run_program("--version")
        self.assertRegex(out, r"^layerwatt \d+\.\d+\.\d+\n$")

    @unittest.skipUnless(os.path.exists("/dev/full"), "no /dev/full")
    def test_a_full_standard_output_is_an_error(self):
        with open("/dev/full", "w") as full:
            import subprocess
            from program import PROGRAM
            process = subprocess.run([PROGRAM, "sensors"], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        self.assertEqual(process.returncode, 1)
        self.assertIn("standard output", process.stderr)


class Sensors(LayerwattTest):
    def rails(self, board):
        out, _ = self.run_program("sensors", "--sysroot", BOARDS / board, "--json")
        found = json.loads(out)
        return {rail["rail"]: rail for sensor in found["sensors"] if sensor["origin"] == "measured" for rail in sensor["rails"]}

    def test_a_nano_has_its_three_rails_and_the_total_is_marked(self):
        rails = self.rails("jetson-nano-l4t32")
        self.assertEqual(set(rails), {"POM_5V_IN", "POM_5V_GPU", "POM_5V_CPU"})
        self.assertTrue(rails["POM_5V_IN"]["is_total"])
        self.assertFalse(rails["POM_5V_GPU"]["is_total"])
        for rail in rails.values():
            self.assertGreater(rail["power_w"], 0)

    def test_an_orin_has_its_three_rails(self):
        rails = self.rails("jetson-orin-nano-l4t36")
        self.assertEqual(set(rails), {"VDD_IN", "VDD_CPU_GPU_CV", "VDD_SOC"})
        self.assertTrue(rails["VDD_IN"]["is_total"])

    def test_constructed_trees_say_so(self):
        for board in BOARDS.iterdir():
            text = (board / "PROVENANCE").read_text()
            self.assertIn("constructed from driver source", text.lower(), board)

    def test_doctor_finds_a_recorded_board_measurable_and_an_empty_tree_not(self):
        self.run_program("doctor", "--sysroot", BOARDS / "jetson-orin-nano-l4t36")
        empty = self.folder / "empty"
        empty.mkdir()
        out, _ = self.run_program("doctor", "--sysroot", empty, expect=1)
        self.assertIn("remedy", out)
        _, err = self.run_program("doctor", "--sysroot", self.folder / "missing", expect=1)
        self.assertIn("missing", err)

    def test_a_laptop_says_what_is_part_of_what_and_what_is_read_only_when_asked_for(self):
        tree = self.folder / "laptop"
        def put(path, text):
            (tree / path).parent.mkdir(parents=True, exist_ok=True)
            (tree / path).write_text(text + "\n")
        for zone, name in (("intel-rapl:0", "package-0"), ("intel-rapl:0:0", "core"), ("intel-rapl-mmio:0", "package-0")):
            put(f"sys/class/powercap/{zone}/name", name)
            put(f"sys/class/powercap/{zone}/energy_uj", "4310000")
            put(f"sys/class/powercap/{zone}/max_energy_range_uj", "262143328850")
        for file, text in (("type", "Battery"), ("status", "Discharging"), ("power_now", "8250000")):
            put(f"sys/class/power_supply/BAT0/{file}", text)
        out, _ = self.run_program("sensors", "--sysroot", tree, "--json")
        found = json.loads(out)
        rails = {rail["rail"]: rail for sensor in found["sensors"] for rail in sensor["rails"]}
        self.assertEqual(rails["package-0"]["energy_j"], 4.31)
        self.assertTrue(rails["package-0"]["is_total"])
        self.assertEqual(rails["core"]["part_of"], "package-0")
        self.assertEqual(rails["BAT0"]["power_w"], 8.25)
        self.assertIn("not counted twice", found["skipped"][0]["why"])
        out, _ = self.run_program("sensors", "--sysroot", tree)
        self.assertIn("(read only with --sensor battery)", out)
        self.run_program("doctor", "--sysroot", tree)
        (tree / "sys/class/powercap/intel-rapl:0/energy_uj").write_text("")
        (tree / "sys/class/powercap/intel-rapl:0:0/energy_uj").write_text("")
        out, _ = self.run_program("doctor", "--sysroot", tree, expect=1)  # a battery alone does not see layers
        self.assertIn("energy_uj", out)

    def test_broken_trees_are_told_and_never_crash(self):
        chip = "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3"
        contents = {"in1_input": "", "curr1_input": "12x", "in2_input": "-5", "curr2_input": "99999999999999999999",
                    "in3_input": "4096", "curr3_input": "-80", "in1_label": "", "in2_label": "A\x00B", "in3_label": "VDD_SOC"}
        tree = self.folder / "tree"
        (tree / chip).mkdir(parents=True)
        (tree / chip / "name").write_text("ina3221\n")
        for name, text in contents.items():
            (tree / chip / name).write_text(text)
        (tree / chip / "samples").mkdir()
        (tree / "sys/class/hwmon").mkdir(parents=True)
        os.symlink("../../bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon3", tree / "sys/class/hwmon/hwmon3")
        out, _ = self.run_program("sensors", "--sysroot", tree)
        self.assertIn("VDD_SOC", out)
        self.assertIn("-0.3", out)  # 4.096 V x -0.080 A: a negative current is legal
        self.run_program("sensors", "--sysroot", tree, "--json")


class Calibrate(LayerwattTest):
    def test_the_cost_of_reading_that_the_virtual_nano_has_is_found(self):
        out, _ = self.run_program("calibrate", "--sensor", "virtual:jetson-nano", "--rounds", "8", "--json")
        found = json.loads(out)
        self.assertEqual(found["phases"], 32)
        rails = {rail["rail"]: rail for rail in found["rails"]}
        # 0.1 mJ a read on the CPU's rail; on the total with the loss of 1 % between them.
        for rail, planted in (("POM_5V_CPU", 1e-4), ("POM_5V_IN", 1.01e-4), ("POM_5V_GPU", 0)):
            self.assertEqual(rails[rail]["origin"], "simulated")
            self.assertLess(abs(rails[rail]["a_read_j"] - planted), 2 * rails[rail]["a_read_half_width_j"], rail)
            self.assertLess(rails[rail]["a_read_half_width_j"], 2e-5)
        out, _ = self.run_program("calibrate", "--sensor", "virtual:jetson-nano")
        self.assertIn("SIMULATED", out)

    def test_what_cannot_be_calibrated_is_said(self):
        self.run_program("calibrate", "--sensor", "estimate", expect=1)
        self.run_program("calibrate", "--sensor", "virtual:toaster", expect=1)
        self.run_program("calibrate", "--sensor", "virtual:jetson-nano", "--phase", "2", expect=2)
        self.run_program("calibrate", "--sensor", "virtual:jetson-nano", "--phase", "1ms", expect=2)


class Boards(LayerwattTest):
    def test_boards_are_listed_and_shown(self):
        out, _ = self.run_program("board", "list", "--json")
        ids = [board["id"] for board in json.loads(out)["boards"]]
        self.assertIn("jetson-agx-thor", ids)
        for board in ids:
            out, _ = self.run_program("board", "show", board)
            self.assertIn("Sources", out)
        out, _ = self.run_program("board", "show", "jetson-nano")
        self.assertRegex(out, r"POM_5V_IN \(total\).*5 mOhm.*40 mW")
        self.assertIn("remembers 53.3 ms", out)  # 0.84 ms / -ln(1 - 1/64)
        _, err = self.run_program("board", "show", "toaster", expect=1)
        self.assertIn("jetson-nano", err)

    def test_a_record_stands_in_for_the_machine(self):
        tree = BOARDS / "jetson-orin-nano-l4t36"
        _, err = self.run_program("board", "record", "--sysroot", tree, "-o", "orin.json", "--note", "a test")
        self.assertIn("look through it", err)
        for command in (("sensors", "--json"), ("board", "show")):
            recorded, _ = self.run_program(*command, "--sysroot", "orin.json")
            self.assertEqual(recorded, self.run_program(*command, "--sysroot", tree)[0])
        self.run_program("doctor", "--sysroot", "orin.json")
        record = json.loads((self.folder / "orin.json").read_text())
        self.assertEqual(record["provenance"]["note"], "a test")
        self.assertEqual(record["provenance"]["board.id"], "jetson-orin-nano")
        _, err = self.run_program("board", "record", "-o", "orin.json", expect=1)
        self.assertIn("--force", err)
        self.run_program("board", "unpack", "orin.json", "tree")
        self.assertEqual(self.run_program("sensors", "--sysroot", "tree")[0],
                         self.run_program("sensors", "--sysroot", tree)[0])

    def test_a_record_carries_a_run(self):
        self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-r", "50", "-o", "run.lw")
        self.run_program("board", "record", "-o", "record.json", "--run", "run.lw")
        self.run_program("board", "unpack", "record.json", "tree")
        self.assertEqual((self.folder / "tree/run.lw").read_bytes(), (self.folder / "run.lw").read_bytes())
        (self.folder / "no_run").write_text("no run")
        self.run_program("board", "record", "-o", "other.json", "--run", "no_run", expect=1)
        self.assertFalse((self.folder / "other.json").exists())

    def test_what_is_no_record_is_told(self):
        (self.folder / "broken.json").write_text('{"schema": "layerwatt.board-record/1", "files": [{"path": "/a/../../b"}]}')
        for command in ("sensors", "doctor"):
            _, err = self.run_program(command, "--sysroot", "broken.json", expect=1)
            self.assertIn("broken.json", err)
        self.run_program("board", "unpack", "broken.json", "tree", expect=1)
        self.assertFalse((self.folder / "tree").exists())


class Models(LayerwattTest):
    def test_the_zoo_is_listed_written_and_described(self):
        out, _ = self.run_program("model", "list", "--json")
        names = [network["name"] for network in json.loads(out)["networks"]]
        self.assertTrue({"squeezenet1.1", "mobilenet_v2", "resnet18", "lenet5"} <= set(names))
        self.run_program("model", "new", "lenet5", "-o", "a.onnx")
        self.run_program("model", "new", "lenet5", "-o", "b.onnx")
        self.assertEqual((self.folder / "a.onnx").read_bytes(), (self.folder / "b.onnx").read_bytes())
        self.run_program("model", "new", "lenet5", "-o", "c.onnx", "--seed", "2")
        self.assertNotEqual((self.folder / "a.onnx").read_bytes(), (self.folder / "c.onnx").read_bytes())
        _, err = self.run_program("model", "new", "lenet5", "-o", "a.onnx", expect=1)
        self.assertIn("--force", err)
        out, _ = self.run_program("model", "describe", "a.onnx", "--json")
        network = json.loads(out)["network"]
        self.assertTrue(network["random_weights"])
        self.assertGreater(sum(layer.get("macs") or 0 for layer in network["layers"]), 0)
        described, _ = self.run_program("model", "describe", "lenet5")
        self.assertIn("RANDOM weights", described)

    def test_layers_are_exported_as_csv_with_what_json_says(self):
        import csv
        import io
        out, _ = self.run_program("model", "describe", "squeezenet1.1", "--csv")
        rows = list(csv.DictReader(io.StringIO(out)))
        out, _ = self.run_program("model", "describe", "squeezenet1.1", "--json")
        layers = json.loads(out)["network"]["layers"]
        self.assertEqual([row["layer"] for row in rows], [layer["name"] for layer in layers])
        self.assertEqual([int(row["macs"]) for row in rows], [layer["macs"] for layer in layers])
        self.assertEqual(rows[0]["kernel"], "3x3")
        self.assertEqual(rows[0]["output"], "1x64x111x111")
        self.assertEqual(rows[3]["module"], "fire2")
        self.assertAlmostEqual(float(rows[0]["macs_per_byte"]), layers[0]["macs"] / layers[0]["bytes"], places=3)
        self.run_program("model", "describe", "lenet5", "--csv", "--json", expect=2)

    PROTOTXT = """name: "net"
        layer { name: "data" type: "Input" top: "data" input_param { shape { dim: 10 dim: 3 dim: 8 dim: 8 } } }
        layer { name: "conv" type: "Convolution" bottom: "data" top: "conv" convolution_param { num_output: 4 kernel_size: 3 } }
        layer { name: "relu" type: "ReLU" bottom: "conv" top: "conv" }
        layer { name: "drop" type: "Dropout" bottom: "conv" top: "conv" }
        layer { name: "fc" type: "InnerProduct" bottom: "conv" top: "fc" inner_product_param { num_output: 5 } }"""

    def test_a_caffe_net_is_described_converted_and_profiled_as_onnx(self):
        (self.folder / "net.prototxt").write_text(self.PROTOTXT)
        described, _ = self.run_program("model", "describe", "net.prototxt")
        self.assertIn("1x4x6x6", described)
        self.assertIn("left out", described)
        _, err = self.run_program("model", "convert", "net.prototxt", expect=2)
        self.assertIn("--random-weights", err)
        self.run_program("model", "convert", "net.prototxt", "w.caffemodel", "--random-weights", expect=2)
        out, err = self.run_program("model", "convert", "net.prototxt", "--random-weights", "-o", "net.onnx")
        self.assertEqual(out, "net.onnx\n")
        self.assertIn("RANDOM", err)
        _, err = self.run_program("model", "convert", "net.prototxt", "--random-weights", expect=1)
        self.assertIn("--force", err)
        converted, _ = self.run_program("model", "describe", "net.onnx", "--csv")
        original, _ = self.run_program("model", "describe", "net.prototxt", "--csv")
        self.assertEqual(converted, original)
        _, err = self.run_program("profile", "net.prototxt", expect=1)
        self.assertIn("model convert", err)
        self.needs_engine()
        self.run_program("profile", "net.onnx", "--max-time", "1s", "-o", "net.lw", "-q")
        shown, _ = self.run_program("show", "net.lw")
        self.assertIn("random weights", shown)
        self.assertIn("left out", shown)

    def test_parts_and_series_run_by_themselves(self):
        out, _ = self.run_program("model", "extract", "resnet18", "--layer", "layer1.0.conv1", "-o", "l.onnx")
        self.assertEqual(out, "l.onnx\n")
        described, _ = self.run_program("model", "describe", "l.onnx")
        self.assertIn("1x64x56x56", described)
        self.run_program("model", "extract", "lenet5", "--from", "c1", "--to", "s2", "-o", "range.onnx")
        for wrong in ((), ("--from", "c1"), ("--layer", "c1", "--from", "c1", "--to", "s2")):
            self.run_program("model", "extract", "lenet5", *wrong, expect=2)
        _, err = self.run_program("model", "extract", "lenet5", "--layer", "c9", "-o", "none.onnx", expect=1)
        self.assertIn("model describe", err)
        out, _ = self.run_program("model", "series", "conv", "--kernel", "1,3", "--stride", "1,2", "--channels", "3,6", "-o", "s")
        self.assertEqual(out.splitlines()[0], "file,factor,kernel,stride,channels")
        self.assertEqual([line.split(",")[1] for line in out.splitlines()[1:]], ["base", "kernel", "stride", "channels"])
        _, err = self.run_program("model", "series", "conv", "-o", "s", expect=1)
        self.assertIn("--force", err)
        self.needs_engine()
        for model in ("l.onnx", "range.onnx", "s/conv_k3_s1_c3.onnx"):
            self.run_program("profile", model, "--max-time", "1s", "-o", "part.lw", "-q")
            (self.folder / "part.lw").unlink()

    def test_a_caffe_net_that_cannot_be_read_is_refused_with_its_place(self):
        (self.folder / "net.prototxt").write_text(self.PROTOTXT.replace("ReLU", "Detect"))
        for command in (("describe", "net.prototxt"), ("convert", "net.prototxt", "--random-weights")):
            _, err = self.run_program("model", *command, expect=1)
            self.assertIn("net.prototxt", err)
            self.assertIn("relu", err)
            self.assertIn("Detect", err)
        (self.folder / "net.prototxt").write_text(self.PROTOTXT)
        (self.folder / "net.caffemodel").write_bytes(b"\x12\xff\xff\xff\x7fshort")
        _, err = self.run_program("model", "convert", "net.prototxt", "net.caffemodel", expect=1)
        self.assertIn("truncated", err)
        _, err = self.run_program("model", "describe", "net.caffemodel", expect=1)
        self.assertIn("prototxt", err)
        self.assertFalse((self.folder / "net.onnx").exists())

    def test_unknown_names_are_told_what_there_is(self):
        _, err = self.run_program("model", "new", "alexnet9", expect=1)
        self.assertIn("squeezenet1.1", err)
        _, err = self.run_program("profile", "alexnet9", expect=1)
        self.assertIn("squeezenet1.1", err)


if __name__ == "__main__":
    unittest.main()
