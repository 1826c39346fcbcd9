# SPDX-License-Identifier: Apache-2.0
"""The main job: real and simulated runs, what they write, and that it adds up."""
import json
import os
import shutil
import time
import unittest

from program import SOURCE, LayerwattTest


class RealRun(LayerwattTest):
    def test_a_real_network_is_profiled_and_its_energy_adds_up(self):
        self.needs_engine()
        out, err = self.run_program("profile", "squeezenet1.1", "--max-time", "5s", "-o", "s.lw", "--sensor", "estimate")
        self.assertIn("ESTIMATED, proportional to CPU time", out.splitlines()[0])
        self.assertIn("conv10", out)
        self.assertLessEqual(max(len(line) for line in out.splitlines()), 100)
        self.assertTrue(out.isascii())
        self.assertIn("s.lw", err)
        self.assertEqual(sorted(path.name for path in self.folder.glob("s.lw*")), ["s.lw"])
        self.assert_conserved("s.lw")
        shown, _ = self.run_program("show", "s.lw")
        self.assertEqual(shown, out)
        self.assertEqual(self.query("s.lw", "select complete from recording"), [(1,)])
        self.assertEqual(list(self.folder.glob("layerwatt-*")), [])

    def test_sensors_of_two_drivers_are_read_each_at_a_rate_of_its_own(self):
        """The Orin's chip, new every 6.6 ms, and beside it one whose pace nobody tells: read every millisecond."""
        self.needs_engine()
        tree = self.folder / "tree"
        shutil.copytree(SOURCE / "tests" / "fixtures" / "boards" / "jetson-orin-nano-l4t36", tree)
        chip = tree / "sys/devices/platform/i2c-9/9-0044/hwmon/hwmon9"
        chip.mkdir(parents=True)
        (chip / "name").write_text("ina226\n")
        (chip / "power1_input").write_text("5000000\n")
        (chip / "device").symlink_to("../..")
        (tree / "sys/class/hwmon").mkdir(parents=True, exist_ok=True)
        (tree / "sys/class/hwmon/hwmon9").symlink_to("../../devices/platform/i2c-9/9-0044/hwmon/hwmon9")
        run = ["profile", "lenet5", "--sysroot", tree, "--sensor", "ina3221,hwmon", "-q"]
        self.run_program(*run, "--max-time", "3s", "-o", "two.lw")
        counts = {name: (sensor, count) for name, sensor, count in self.query(
            "two.lw", "select rail.name, rail.sensor, count(*) from reading join rail on rail.id = reading.rail group by rail.id")}
        self.assertEqual({name: sensor for name, (sensor, _) in counts.items()},
                         {"VDD_IN": "ina3221", "VDD_CPU_GPU_CV": "ina3221", "VDD_SOC": "ina3221", "ina226_power1": "hwmon"})
        self.assertGreater(counts["ina226_power1"][1], 1.5 * counts["VDD_IN"][1])
        rails = {rail["rail"]: rail for rail in json.loads(self.run_program("export", "two.lw", "--format", "json")[0])["rails"]}
        # Times are whole nanoseconds: one of the 10 us that an inference takes at least.
        self.assertAlmostEqual(rails["ina226_power1"]["power_w"], 5, delta=5 * 1e-4)
        self.run_program(*run, "--max-time", "1s", "-e", "ina226_power1", "-o", "one.lw")
        self.assertEqual(self.query("one.lw", "select name from rail"), [("ina226_power1",)])
        _, err = self.run_program(*run, "-e", "VDD_NOTHING", "-o", "none.lw", expect=1)
        self.assertIn("ina226_power1", err)

    def test_virtual_readings_of_a_real_run_are_called_simulated_everywhere(self):
        self.needs_engine()
        out, _ = self.run_program("profile", "lenet5", "--max-time", "3s", "-o", "l.lw", "--sensor", "virtual:jetson-nano")
        self.assertIn("SIMULATED", out.splitlines()[0])
        rows = self.run_program("export", "l.lw", "--format", "csv")[0].splitlines()
        self.assertTrue(all(",simulated," in row for row in rows[1:]))
        profile = self.assert_conserved("l.lw")
        self.assertIn("SIMULATED", json.dumps(profile))
        self.assertGreater(self.query("l.lw", "select count(*) from truth")[0][0], 0)
        self.assertEqual({row[0] for row in self.query("l.lw", "select origin from rail")}, {"simulated"})

    def test_fused_layers_name_their_sources(self):
        self.needs_engine()
        self.run_program("profile", "squeezenet1.1", "--max-time", "2s", "-o", "f.lw", "-q")
        layers = self.profile_json("f.lw")["layers"]
        fused = [layer for layer in layers if len(layer["sources"]) > 1]
        first, = [layer for layer in fused if "conv1" in layer["sources"]]
        self.assertEqual(sum(first["source_macs"]), first["macs"])
        self.assertEqual(first["source_macs"][first["sources"].index("conv1")], first["macs"])
        whole, _ = self.run_program("show", "f.lw")
        self.assertNotIn("by MACs", whole)
        split, _ = self.run_program("show", "f.lw", "--split-fused")
        self.assertRegex(split, r"   conv1 +by MACs")
        self.assertIn("NOT MEASURED", split)

    def test_inferences_in_flight_overlap_and_their_energy_adds_up(self):
        self.needs_engine()
        run = ["profile", "squeezenet1.1", "--threads", "1", "--sensor", "estimate"]
        out, _ = self.run_program(*run, "--max-time", "5s", "--in-flight", "2", "-o", "two.lw")
        self.assertIn("2 in flight", out)
        self.assertIn("inputs/s", out)
        overlapping = self.query(
            "two.lw", "select count(*) from inference a join inference b on a.id < b.id and a.phase = b.phase"
                      " and a.load_begin_ns < b.unload_end_ns and b.load_begin_ns < a.unload_end_ns")[0][0]
        self.assertGreater(overlapping, 10)
        profile = self.assert_conserved("two.lw")
        inference, latency = profile["inference"], profile["latency"]
        self.assertEqual((inference["batch"], inference["in_flight"]), (1, 2))
        self.assertAlmostEqual(inference["inputs_per_second"] * inference["time_per_input_s"], 1, places=9)
        self.assertLess(inference["time_per_input_s"], latency["whole"]["mean_s"])
        self.assertGreater(latency["standard_deviation_s"], 0)
        shares = sum(layer["duration_s"] for layer in profile["layers"])
        parts = shares + inference["load_s"] + inference["gap_s"] + inference["unload_s"]
        self.assertAlmostEqual(parts / inference["duration_s"], 1, places=6)
        runs = {layer["runs"] for layer in profile["layers"]}
        self.assertEqual(runs, {inference["measured"]})  # every layer of every inference was marked
        self.assertTrue(any("2 inferences were in flight" in note for note in profile["notes"]), profile["notes"])

    def test_several_in_flight_are_refused_where_they_make_no_sense(self):
        run = ["profile", "lenet5", "-o", "no.lw"]
        _, err = self.run_program(*run, "--mode", "sync", "--in-flight", "2", expect=2)
        self.assertIn("--mode async", err)
        self.run_program(*run, "--mode", "async", "--in-flight", "1", expect=2)
        _, err = self.run_program(*run, "--mode", "async", "--board", "virtual:jetson-nano", expect=1)
        self.assertIn("one inference at a time", err)

    def test_the_network_computes_on_the_cpus_it_was_given_and_the_sampler_elsewhere(self):
        self.needs_engine()
        allowed = sorted(os.sched_getaffinity(0))
        if len(allowed) < 2:
            self.skipTest("needs two CPUs")
        run = ["profile", "squeezenet1.1", "--sensor", "estimate", "--max-time", "5s", "-q"]
        chosen = allowed[0]
        process = self.start(*run, "--threads", "2", "--affinity", str(chosen), "-o", "one.lw")
        while process.poll() is None and not (self.folder / "one.lw").exists():
            time.sleep(0.02)
        threads = [int(thread) for runner in self.runners() for thread in os.listdir(f"/proc/{runner}/task")]
        cpus = [os.sched_getaffinity(thread) for thread in threads]
        _, err = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 0, err)
        self.assertGreaterEqual(len(cpus), 2)
        self.assertTrue(all(one == {chosen} for one in cpus), cpus)
        self.assertEqual(dict(self.query("one.lw", "select key, value from run"))["affinity"], str(chosen))
        self.assertEqual(self.query("one.lw", "select core from sampler"), [(allowed[-1],)])
        self.assertEqual(self.profile_json("one.lw")["settings"]["affinity"], str(chosen))
        features = self.run_program("export", "one.lw", "--format", "features")[0].splitlines()
        column = features[0].split(",").index("affinity")
        self.assertEqual(features[1].split(",")[column], str(chosen))
        everything = ",".join(map(str, allowed))
        self.run_program(*run, "--affinity", everything, "-o", "all.lw")
        notes = " ".join(self.profile_json("all.lw")["notes"])
        self.assertIn("no core of its own for the sampler", notes)

    def test_cpus_that_are_not_there_are_refused(self):
        self.needs_engine()
        run = ["profile", "lenet5", "-o", "no.lw"]
        _, err = self.run_program(*run, "--affinity", "0-", expect=2)
        self.assertIn("0-3,6", err)
        _, err = self.run_program(*run, "--affinity", "8191", expect=1)
        self.assertIn("CPU 8191: is offline, or not among those this process may use", err)
        _, err = self.run_program(*run, "--affinity", "0", "--board", "virtual:jetson-nano", expect=1)
        self.assertIn("no cores to choose", err)
        self.assertFalse((self.folder / "no.lw").exists())

    def assert_conserved(self, run_file):
        profile = self.profile_json(run_file)
        self.assertTrue(profile["layers"])
        for rail in profile["conservation"]:
            parts = rail["layers_j"] + rail["gaps_j"] + rail["unexplained_j"]
            self.assertAlmostEqual(parts / rail["inference_j"], 1, delta=0.001)
        return profile


class VirtualBoard(LayerwattTest):
    def test_two_runs_of_one_seed_differ_in_provenance_only(self):
        profiles, tables = [], []
        for name in ("a.lw", "b.lw"):
            self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-r", "300", "-o", name)
            profiles.append(self.profile_json(name))
            tables.append(self.query(name, "select * from reading"))
        self.assertEqual(tables[0], tables[1])
        self.assertIn("provenance", profiles[0])
        for profile in profiles:
            del profile["provenance"]
        self.assertEqual(profiles[0], profiles[1])
        self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-r", "300", "-o", "c.lw", "--seed", "2")
        self.assertNotEqual(tables[0], self.query("c.lw", "select * from reading"))

    def test_r_is_exact_and_auto_reads_the_fastest_layer_often_enough(self):
        self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-r", "137", "-o", "n.lw")
        self.assertEqual(self.query("n.lw", "select count(*) from inference where phase = 'energy'"), [(137,)])
        self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-r", "auto:5", "-o", "m.lw", "-e", "POM_5V_IN")
        fastest, = self.query("m.lw", "select layer from span group by layer order by avg(duration_ns) limit 1")[0]
        readings = self.query("m.lw", f"""select count(*) from span s join reading r on r.before_ns + r.took_ns / 2 between
            s.begin_ns and s.begin_ns + s.duration_ns - 1 where s.layer = {fastest}""")
        self.assertGreaterEqual(readings[0][0], 5)

    def test_rails_that_are_read_too_slowly_together_take_turns(self):
        """The Nano as shipped: three reads take longer than a conversion cycle."""
        out, _ = self.run_program("profile", "squeezenet1.1", "--board", "virtual:jetson-nano", "-r", "600", "-o", "t.lw")
        self.assertIn("took turns, one a block", " ".join(out.split()))
        profile = self.profile_json("t.lw")
        self.assertEqual(len(profile["rails"]), 3)
        read_of_each = [rail["period_s"] for rail in profile["rails"]]
        self.assertLess(max(read_of_each), 0.9 * 840e-6)
        self.run_program("profile", "squeezenet1.1", "--board", "virtual:jetson-nano", "-r", "600", "-o", "a.lw", "--together")
        self.assertEqual(self.query("a.lw", "select count(*) from gap"), [(0,)])
        together = self.profile_json("a.lw")
        for rail, also in zip(profile["rails"], together["rails"]):
            self.assertLess(abs(rail["energy_j"] - also["energy_j"]), 0.02 * also["energy_j"])
        # Only turns tell when the sensor converted, and with that, what layers draw.
        self.assertTrue(any(layer["rails"][0]["energy_j"] for layer in profile["layers"]))

    def test_unknown_boards_rails_and_sensors_are_told_what_there_is(self):
        _, err = self.run_program("profile", "lenet5", "--board", "virtual:toaster", expect=1)
        self.assertIn("jetson-nano", err)
        _, err = self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-e", "VDD_X", expect=1)
        self.assertIn("POM_5V_IN", err)
        _, err = self.run_program("profile", "lenet5", "--sensor", "thermometer", expect=1)
        self.assertIn("ina3221", err)
        self.assertEqual(list(self.folder.glob("*.lw*")), [])

    def test_totals_come_back_within_their_interval(self):
        self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-r", "2000", "-o", "t.lw", "-e", "POM_5V_IN")
        rail = self.profile_json("t.lw")["rails"][0]
        layers = self.query("t.lw", "select sum(mean_energy_j) from truth")[0][0]
        energy = rail["energy_j"]
        # The truth has the layers alone; loading, unloading and marks add a little, which is never negative.
        self.assertGreater(energy, 0.9 * layers)
        self.assertLess(layers, energy * 1.1)

    def test_intervals_allow_for_the_place_of_marks_that_is_asked_for(self):
        self.run_program("profile", "squeezenet1.1", "--board", "virtual:jetson-nano,averaging=1", "-r", "400", "-o", "b.lw",
                         "-e", "POM_5V_IN")
        def width(*arguments):
            profile = self.profile_json("b.lw", *arguments)
            rail = profile["layers"][0]["rails"][0]
            return profile["mark_bias_s"], rail["energy_high_j"] - rail["energy_low_j"]
        usual, none, much = width(), width("--mark-bias", "0us"), width("--mark-bias", "20us")
        self.assertEqual([usual[0], none[0], much[0]], [1e-6, 0, 20e-6])
        self.assertLess(none[1], usual[1])
        self.assertLess(usual[1], much[1])
        for wrong in ("1", "-1us", "2ms"):
            self.run_program("show", "b.lw", "--mark-bias=" + wrong, expect=2)

    def test_the_absolute_interval_is_withheld_until_all_it_takes_is_known(self):
        runs = [f"u{seed}.lw" for seed in range(1, 6)]
        for seed, run in enumerate(runs, 1):
            self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-r", "300", "--seed", seed, "-o", run)
        out, _ = self.run_program("show", runs[0], "--uncertainty")
        self.assertIn("SIMULATED", out.splitlines()[0])
        self.assertIn("absolute: withheld; not known of this sensor: tolerance of shunt", out)
        self.assertIn("needs 5 runs, there is 1", out)
        out, _ = self.run_program("show", runs[0], "--uncertainty", "--shunt-tolerance", "1%", "--with", *runs[1:])
        self.assertIn("expanded, k = 2", out)
        self.assertIn("tolerance of the shunt: assumed", out)
        self.assertNotIn("needs 5 runs", out)
        self.assertLessEqual(max(len(line) for line in out.splitlines()), 100)
        rail = self.profile_json(runs[0], "--shunt-tolerance", "1%")["rails"][0]
        self.assertLess(rail["energy_absolute_low_j"], rail["energy_low_j"])
        _, err = self.run_program("show", runs[0], "--uncertainty", "--with", runs[0], expect=1)
        self.assertIn("twice", err)


class Precision(LayerwattTest):
    def precise(self, model, board, *arguments):
        """What was printed, and how the energy pass ended."""
        out, err = self.run_program("profile", model, "--board", "virtual:" + board, "-o", "p.lw", "--force", *arguments)
        stopped = self.query("p.lw", "select text from event where kind = 'stopped'")[0][0]
        self.assertIn("the energy pass ended " + stopped, err)
        return " ".join(out.split()), stopped

    def test_it_ends_when_layers_are_known_as_precisely_as_asked(self):
        out, stopped = self.precise("squeezenet1.1", "jetson-nano,averaging=1,conversion_us=332", "--precision",
                                    "15%", "-e", "POM_5V_IN")
        self.assertIn("the precision was reached", stopped)
        self.assertIn("Asked for 15 %, reached", out)
        self.assertIn("averaging 1", out)
        profile = self.profile_json("p.lw")
        rail = profile["rails"][0]
        together = {layer for group in rail["joined"] for layer in group["layers"]}
        alone = [layer["rails"][0] for index, layer in enumerate(profile["layers"]) if index not in together]
        widths = [(unit["energy_high_j"] - unit["energy_low_j"]) / 2 / unit["energy_j"] for unit in alone + rail["joined"]]
        within = sum(width <= 0.15 for width in widths)
        self.assertGreater(len(widths), 1)
        self.assertGreaterEqual(within, 0.95 * len(widths))

    def test_the_first_limit_that_is_met_ends_it(self):
        out, stopped = self.precise("lenet5", "jetson-nano,averaging=1", "--precision", "0.1%", "-r", "70")
        self.assertEqual(self.query("p.lw", "select count(*) from inference where phase = 'energy'"), [(70,)])
        self.assertIn("after 70 inferences", stopped)
        self.assertIn("-r", stopped)
        self.assertIn("Asked for 0.1 %, not reached", out)
        self.assertEqual(len(self.query("p.lw", "select * from event where kind = 'refit'")), 1)
        _, stopped = self.precise("lenet5", "jetson-nano,averaging=1", "--precision", "0.1%", "--max-time", "3s")
        self.assertIn("the time was up", stopped)

    def test_a_sensor_that_averages_is_named_as_what_would_help_most(self):
        out, stopped = self.precise("squeezenet1.1", "jetson-nano", "--precision", "5%")
        self.assertIn("out of reach", stopped)
        self.assertIn("What would help most: a sensor that does not average", out)
        length, = self.query("p.lw", "select max(to_ns) / 1e9 from phase")[0]
        self.assertLess(length, 31)  # the usual session, not the ten minutes that would do nothing

    def test_what_is_read_while_the_run_is_looked_at_is_left_out(self):
        self.needs_engine()
        self.run_program("profile", "lenet5", "--max-time", "4s", "-o", "r.lw", "-q", "--sensor", "estimate",
                         "--precision", "5%")
        refits = self.query("r.lw", "select from_ns, to_ns from phase where phase = 'refit'")
        self.assertTrue(refits)
        for begin, end in refits:
            inside = self.query("r.lw", f"select count(*) from reading where before_ns between {begin} and {end}")
            self.assertEqual(inside, [(0,)])
            ran = self.query("r.lw", f"select count(*) from inference where unload_end_ns > {begin} and load_begin_ns < {end}")
            self.assertEqual(ran, [(0,)])
            off = self.query("r.lw", f"select count(*) from gap where from_ns <= {begin} and to_ns >= {end} and why = 'sampler off'")
            self.assertGreaterEqual(off[0][0], 1)


class LatencyPass(LayerwattTest):
    def test_nothing_is_read_or_marked_while_latency_is_measured(self):
        self.needs_engine()
        self.run_program("profile", "lenet5", "--max-time", "4s", "-o", "q.lw", "-q", "--sensor", "estimate")
        begin, end = self.query("q.lw", "select min(load_begin_ns), max(unload_end_ns) from inference where phase = 'latency'")[0]
        self.assertGreater(end - begin, 100_000_000)
        readings = self.query("q.lw", f"select count(*) from reading where before_ns between {begin} and {end}")
        self.assertEqual(readings, [(0,)])
        spans = self.query("q.lw", f"select count(*) from span where begin_ns between {begin} and {end}")
        self.assertEqual(spans, [(0,)])
        gaps = self.query("q.lw", f"select count(*) from gap where from_ns <= {begin} and to_ns >= {end}")
        self.assertGreaterEqual(gaps[0][0], 1)


if __name__ == "__main__":
    unittest.main()
