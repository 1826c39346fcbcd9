# SPDX-License-Identifier: Apache-2.0
"""Settings that a run changes: put back after its end, Ctrl-C, a crash, kill -9; and nothing else is touched.

The machine is a tree of plain files that say at once what was written to them: what the drivers make of it is in
src/controls/testing, and not covered here."""
import os
import random
import shutil
import signal
import time
import unittest

from program import SOURCE, LayerwattTest

ORIN = "sys/bus/i2c/drivers/ina3221/1-0040/hwmon/hwmon1"
NANO = "sys/bus/i2c/drivers/ina3221x/6-0040/iio:device0"
FAST = {"samples": "1", "update_interval": "1", "in1_enable": "1", "in2_enable": "0", "in3_enable": "0"}
SLOW = {"samples": "64", "update_interval": "7", "in1_enable": "1", "in2_enable": "1", "in3_enable": "1"}


class ControlsTest(LayerwattTest):
    def setUp(self):
        super().setUp()
        self.environment["XDG_STATE_HOME"] = str(self.folder / "state")
        self.journal = self.folder / "state" / "layerwatt" / "undo-journal"
        self.tree = self.folder / "tree"
        self.plant("jetson-orin-nano-l4t36")
        for name, value in SLOW.items():
            (self.tree / ORIN / name).write_text(value + "\n")

    def plant(self, board):
        shutil.rmtree(self.tree, ignore_errors=True)
        shutil.copytree(SOURCE / "tests" / "fixtures" / "boards" / board, self.tree)
        random_folder = self.tree / "proc/sys/kernel/random"
        random_folder.mkdir(parents=True)
        (random_folder / "boot_id").write_text("6f1f3c5e-0000-4000-8000-000000000001\n")

    def settings(self):
        return {name: (self.tree / ORIN / name).read_text().strip() for name in SLOW}

    def best(self, name, *options):
        return ["profile", "lenet5", "--sysroot", self.tree, "--sensor-mode", "best", "-o", name, *options]

    def start_until(self, there, *arguments):
        """Starts a run and comes back as soon as there() is true."""
        process = self.start(*arguments)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and process.poll() is None:
            if there():
                return process
            time.sleep(0.0005)
        process.kill()
        self.fail(process.communicate())

    def start_fast(self, name, seconds=30):
        return self.start_until(lambda: self.settings() == FAST,
                                *self.best(name, "-e", "VDD_IN", "--max-time", f"{seconds}s"))

    def in_energy_pass(self, name):
        process = self.start_fast(name)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.05)
            try:
                if self.query(name, "select count(*) from span")[0][0] > 0:
                    return process
            except Exception:  # not a run file yet
                continue
        process.kill()
        self.fail("no energy pass within 60 s")


class ChangedSettings(ControlsTest):
    def setUp(self):
        super().setUp()
        self.needs_engine()

    def test_best_reads_single_conversions_and_puts_everything_back(self):
        before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in self.tree.rglob("*") if path.is_file()}
        out, err = self.run_program(*self.best("b.lw", "-e", "VDD_IN", "--max-time", "2s"))
        self.assertEqual(self.settings(), SLOW)
        self.assertFalse(self.journal.exists())
        self.assertEqual(self.query("b.lw", "select averaging from rail"), [(1,)])
        changes = [text for text, in self.query("b.lw", "select text from event where kind = 'control' order by at_ns")]
        self.assertEqual([text.rsplit("/", 1)[1] for text in changes],
                         ["samples: 64 -> 1", "update_interval: 7 -> 1", "in2_enable: 1 -> 0", "in3_enable: 1 -> 0"])
        undone = [text for text, in self.query("b.lw", "select text from event where kind = 'restore' order by at_ns, rowid")]
        self.assertEqual([text.rsplit("/", 1)[1] for text in undone],
                         ["in3_enable is 1 again", "in2_enable is 1 again", "update_interval is 7 again", "samples is 64 again"])
        facts = dict(self.query("b.lw", "select key, value from run"))
        self.assertEqual(facts["sensor_mode"], "best")
        self.assertEqual(facts["sensor_mode_before.1-0040.samples"], "64")
        self.assertEqual(facts["sensor_mode.1-0040.samples"], "1")
        self.assertIn("fastest mode", " ".join(out.split()))
        self.assertIn("below --sysroot", " ".join(out.split()))
        # A write changes the time of a file even where it writes what was there.
        touched = {path.name for path, (content, when) in before.items() if path.stat().st_mtime_ns != when}
        self.assertEqual(touched, {"samples", "update_interval", "in2_enable", "in3_enable"})
        self.assertEqual({path: path.read_bytes() for path in before}, {path: content for path, (content, _) in before.items()})
        self.assertEqual({path for path in self.tree.rglob("*") if path.is_file()}, set(before))

    def test_asis_writes_nothing_and_says_what_best_would_gain(self):
        before = {path: path.stat().st_mtime_ns for path in self.tree.rglob("*") if path.is_file()}
        out, _ = self.run_program("profile", "lenet5", "--sysroot", self.tree, "--max-time", "1s", "-o", "a.lw")
        self.assertEqual({path: path.stat().st_mtime_ns for path in before}, before)
        self.assertIn("--sensor-mode best would read single conversions", " ".join(out.split()))
        self.assertFalse(self.journal.parent.exists())

    def test_a_nano_is_triggered_and_continuous_again(self):
        self.plant("jetson-nano-l4t32")
        mode = self.tree / NANO / "running_mode"
        out, _ = self.run_program("profile", "lenet5", "--sysroot", self.tree, "--sensor-mode", "best", "--max-time", "2s", "-o", "n.lw")
        self.assertEqual(mode.read_text(), "1\n")
        self.assertEqual(self.query("n.lw", "select distinct averaging, aperture_ns from rail"), [(1, 140_000)])
        self.assertIn("running_mode was continuous", " ".join(out.split()))

    def test_ctrl_c_puts_back(self):
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            process = self.in_energy_pass(f"c{number}.lw")
            process.send_signal(number)
            _, err = process.communicate(timeout=30)
            self.assertEqual(process.returncode, 130, err)
            self.assertEqual(self.settings(), SLOW)
            self.assertFalse(self.journal.exists())

    def test_ctrl_c_while_the_average_settles_puts_back(self):
        process = self.start_fast("s.lw")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)
        self.assertEqual(self.settings(), SLOW)

    def test_a_crash_of_the_engine_puts_back(self):
        process = self.in_energy_pass("e.lw")
        [runner] = self.runners()
        os.kill(runner, signal.SIGABRT)
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1, err)
        self.assertEqual(self.settings(), SLOW)
        self.assertFalse(self.journal.exists())

    def test_what_fails_before_it_measures_puts_back(self):
        (self.folder / "folder").mkdir()
        self.run_program(*self.best("no/such/folder.lw", "-e", "VDD_IN", "--max-time", "1s"), expect=1)
        self.assertEqual(self.settings(), SLOW)
        self.assertFalse(self.journal.exists())

    def test_a_second_run_is_refused_while_the_first_lives(self):
        first = self.in_energy_pass("1.lw")
        _, err = self.run_program(*self.best("2.lw"), expect=1)
        self.assertIn(f"process {first.pid} has changed settings", err)
        _, err = self.run_program("restore", "--sysroot", self.tree, expect=1)
        self.assertIn("still runs", err)
        self.assertEqual(self.settings(), FAST)
        out, _ = self.run_program("doctor", "--sysroot", self.tree)
        self.assertIn("wait for its end", out)
        first.send_signal(signal.SIGINT)
        first.communicate(timeout=30)
        self.assertEqual(self.settings(), SLOW)

    def test_what_somebody_else_changed_meanwhile_is_left_and_told(self):
        process = self.in_energy_pass("o.lw")
        (self.tree / ORIN / "samples").write_text("16\n")
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=30)
        self.assertIn("is 16, which layerwatt did not write", err)
        self.assertEqual(self.settings(), {**SLOW, "samples": "16"})
        _, err = self.run_program(*self.best("p.lw"), expect=1)
        self.assertIn("--force", err)
        _, err = self.run_program("restore", "--sysroot", self.tree, expect=1)
        self.assertIn("--keep", err)
        self.run_program("restore", "--sysroot", self.tree, "--keep")
        self.assertEqual(self.settings()["samples"], "16")
        self.assertFalse(self.journal.exists())


class KilledWhileItChanges(ControlsTest):
    """kill -9, at ten moments while the sensor is set and just after."""

    def setUp(self):
        super().setUp()
        self.needs_engine()

    def test_restore_brings_back_what_was_before(self):
        random.seed(11)
        changed = 0
        for i in range(10):
            process = self.start_until(self.journal.exists, *self.best(f"k{i}.lw", "-e", "VDD_IN", "--max-time", "5s"))
            time.sleep(random.uniform(0, 0.03) if i % 2 == 0 else random.uniform(0, 1.5))
            process.kill()
            process.communicate()
            changed += self.settings() != SLOW
            self.assertTrue(self.journal.exists())
            out, _ = self.run_program("doctor", "--sysroot", self.tree)
            self.assertIn("which was killed, left", out)
            self.run_program("restore", "--sysroot", self.tree)
            self.assertEqual(self.settings(), SLOW)
            self.assertFalse(self.journal.exists())
        self.assertGreater(changed, 0)
        out, _ = self.run_program("restore", "--sysroot", self.tree)
        self.assertIn("Nothing to put back", out)

    def test_the_next_run_that_changes_settings_puts_back_first_and_says_so(self):
        process = self.start_fast("k.lw")
        process.kill()
        process.communicate()
        self.assertEqual(self.settings(), FAST)
        out, _ = self.run_program("profile", "lenet5", "--sysroot", self.tree, "--max-time", "1s", "-o", "a.lw")
        self.assertIn("changed settings", " ".join(out.split()))
        self.assertEqual(self.settings(), FAST)
        _, err = self.run_program(*self.best("n.lw", "--max-time", "1s"))
        self.assertIn(f"put back what process {process.pid}, which was killed, left", err)
        self.assertEqual(self.settings(), SLOW)
        self.assertIn("64", self.query("n.lw", "select value from run where key = 'sensor_mode_before.1-0040.samples'")[0])

    def test_a_reboot_ends_the_journal(self):
        process = self.start_fast("k.lw")
        process.kill()
        process.communicate()
        (self.tree / "proc/sys/kernel/random/boot_id").write_text("6f1f3c5e-0000-4000-8000-000000000002\n")
        out, _ = self.run_program("restore", "--sysroot", self.tree)
        self.assertIn("reboot", out)
        self.assertEqual(self.settings(), FAST)
        self.assertFalse(self.journal.exists())


class RefusedChanges(ControlsTest):
    """Found out before a network is opened: no engine is needed."""

    def assert_refused(self, *options, words=(), arguments=None):
        _, err = self.run_program(*(arguments or self.best("r.lw", *options)), expect=1)
        for word in words:
            self.assertIn(word, err)
        self.assertEqual(self.settings(), SLOW)
        self.assertEqual(list(self.folder.glob("*.lw*")), [])

    def test_without_a_journal_nothing_is_changed(self):
        (self.folder / "file").write_text("")
        self.environment["XDG_STATE_HOME"] = str(self.folder / "file")
        self.assert_refused(words=["no setting is changed", "XDG_STATE_HOME"])

    def test_without_a_chip_or_with_another_sensor(self):
        self.assert_refused("--sensor", "estimate", words=["INA3221"])
        self.assert_refused("-e", "VDD_X", words=["VDD_X"])
        empty = self.folder / "empty"
        empty.mkdir()
        self.assert_refused(words=["INA3221"], arguments=["profile", "lenet5", "--sysroot", empty, "--sensor-mode", "best", "-o", "r.lw"])

    @unittest.skipIf(os.geteuid() == 0, "root may write every file")
    def test_without_permission_the_remedy_is_said(self):
        (self.tree / ORIN / "update_interval").chmod(0o444)
        self.assert_refused(words=["sudo layerwatt profile", "nothing was changed"])

    def test_hostile_and_truncated_journals_are_told_and_followed_nowhere(self):
        target = self.folder / "target"
        target.write_text("64\n")
        self.journal.parent.mkdir(parents=True)
        head = f"layerwatt undo journal 1\nboot 6f1f3c5e-0000-4000-8000-000000000001\nowner 1\nsysroot {self.tree}\n"
        up = "../" * 20
        for text in ("", "garbage", head, head + f"set 1 64 /{ORIN}/samples\n", head + f"set 1 64 {target}\nend 1\n",
                     head + f"set 1 64 /{ORIN}/{up}{target}\nend 1\n", head + f"set 1 64 /{ORIN}/samples\nend 2\n",
                     head + f"set 1 64 /{ORIN}/curr1_crit\nend 1\n", head.replace("journal 1", "journal 9") + "end 0\n"):
            self.journal.write_text(text)
            for arguments in (["restore", "--sysroot", self.tree, "--force"], self.best("h.lw")):
                _, err = self.run_program(*arguments, expect=1)
                self.assertIn("undo-journal", err)
            self.assertEqual(target.read_text(), "64\n")
            self.assertEqual(self.settings(), SLOW)
            self.assertEqual(self.journal.read_text(), text)
        self.journal.write_text(head + f"set 1 64 /{ORIN}/samples\nend 1\n")  # and a good one is followed
        self.run_program("restore", "--sysroot", self.tree, "--force")
        self.assertEqual(self.settings()["samples"], "1")

    def test_a_journal_of_another_tree_is_not_followed(self):
        self.journal.parent.mkdir(parents=True)
        self.journal.write_text(f"layerwatt undo journal 1\nboot b\nowner 1\nsysroot /elsewhere\nset 1 64 /{ORIN}/samples\nend 1\n")
        _, err = self.run_program("restore", "--sysroot", self.tree, "--force", expect=1)
        self.assertIn("--sysroot /elsewhere", err)
        self.assertEqual(self.settings(), SLOW)

    def test_a_virtual_board_simulates_the_mode_unless_it_is_told_another(self):
        self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "--sensor-mode", "best", "-r", "50", "-o", "v.lw")
        self.assertEqual(self.query("v.lw", "select distinct averaging, aperture_ns from rail"), [(1, 140_000)])
        self.assertFalse(self.journal.parent.exists())
        _, err = self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano,averaging=64", "--sensor-mode", "best", "-o", "w.lw",
                                  expect=1)
        self.assertIn("both say how the sensor is set", err)


if __name__ == "__main__":
    unittest.main()
