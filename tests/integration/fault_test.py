# SPDX-License-Identifier: Apache-2.0
"""Bad input, full disks, Ctrl-C, crashes and kill -9: a clear end, a readable file, nothing left behind."""
import os
import random
import signal
import sqlite3
import subprocess
import time
import unittest

from program import LayerwattTest


class BadModels(LayerwattTest):
    def assert_refused(self, model, *words):
        before = sorted(self.folder.rglob("*"))
        _, err = self.run_program("profile", model, "--max-time", "2s", "-o", "out.lw", expect=1, timeout=60)
        self.assertTrue(err.startswith("layerwatt: "), err)
        for word in words:
            self.assertIn(word, err)
        self.assertEqual(sorted(self.folder.rglob("*")), before)
        _, described = self.run_program("model", "describe", model, expect=1, timeout=60)
        self.assertTrue(described.strip())
        self.assertEqual(self.runners(), [])

    def test_a_missing_file(self):
        self.assert_refused("nothing.onnx", "nothing.onnx")

    def test_a_folder(self):
        (self.folder / "folder.onnx").mkdir()
        self.assert_refused("folder.onnx")

    def test_files_that_are_not_onnx(self):
        random.seed(5)
        cases = {"empty.onnx": b"", "random.onnx": random.randbytes(4096), "text.onnx": b"hello\n" * 100,
                 "zeros.onnx": bytes(100_000), "png.onnx": b"\x89PNG\r\n\x1a\n" + random.randbytes(300)}
        for name, content in cases.items():
            with self.subTest(name):
                (self.folder / name).write_bytes(content)
                self.assert_refused(name, name)

    def test_a_truncated_model(self):
        self.run_program("model", "new", "lenet5", "-o", "whole.onnx")
        whole = (self.folder / "whole.onnx").read_bytes()
        for part in (0.1, 0.5, 0.99):
            (self.folder / "cut.onnx").write_bytes(whole[: int(len(whole) * part)])
            self.assert_refused("cut.onnx", "cut.onnx")

    def test_a_model_that_claims_two_gigabytes(self):
        # Field 7 (graph) of 2 GB - 1 that the file does not have.
        (self.folder / "huge.onnx").write_bytes(b"\x08\x07\x3a\xff\xff\xff\xff\x07" + b"\x00" * 64)
        self.assert_refused("huge.onnx", "huge.onnx")


class BadFiles(LayerwattTest):
    def simulate(self, name, *options):
        self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-r", "50", "-o", name, *options)

    def test_an_existing_file_is_kept_unless_forced(self):
        self.simulate("a.lw")
        before = (self.folder / "a.lw").read_bytes()
        _, err = self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-r", "50", "-o", "a.lw", expect=1)
        self.assertIn("--force", err)
        self.assertEqual((self.folder / "a.lw").read_bytes(), before)
        # What fails before it measures leaves the old run alone even when forced.
        self.run_program("profile", "nothing.onnx", "-o", "a.lw", "--force", expect=1)
        self.assertEqual((self.folder / "a.lw").read_bytes(), before)
        self.simulate("a.lw", "--force", "--seed", "3")
        self.assertNotEqual((self.folder / "a.lw").read_bytes(), before)

    def test_files_that_are_no_run(self):
        (self.folder / "text.lw").write_text("no database\n" * 50)
        (self.folder / "empty.lw").write_bytes(b"")
        (self.folder / "folder.lw").mkdir()
        other = sqlite3.connect(self.folder / "other.lw")
        other.execute("create table t(x)")
        other.commit()
        other.close()
        for name in ("text.lw", "empty.lw", "folder.lw", "other.lw", "missing.lw"):
            out, err = self.run_program("show", name, expect=1)
            self.assertEqual(out, "")
            self.assertIn(name, err)

    def test_a_damaged_run_is_told_or_read_but_never_crashes(self):
        self.simulate("a.lw")
        whole = bytearray((self.folder / "a.lw").read_bytes())
        random.seed(11)
        for _ in range(25):
            damaged = bytearray(whole)
            for _ in range(20):
                damaged[random.randrange(len(damaged))] = random.randrange(256)
            (self.folder / "d.lw").write_bytes(damaged)
            process = self.start("show", "d.lw")
            _, err = process.communicate(timeout=60)
            self.assertIn(process.returncode, (0, 1), err)
            self.assertNotIn("Sanitizer", err)

    def test_a_newer_schema_is_refused_by_its_number(self):
        self.simulate("a.lw")
        database = sqlite3.connect(self.folder / "a.lw")
        database.execute("pragma user_version = 99")
        database.commit()
        database.close()
        _, err = self.run_program("show", "a.lw", expect=1)
        self.assertIn("99", err)

    def test_a_full_disk_is_told_and_leaves_no_half_export(self):
        small = self.folder / "small"
        small.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", small], check=False).returncode != 0:
            self.skipTest("only root can mount a small file system")
        self.addCleanup(subprocess.run, ["umount", small], check=False)
        _, err = self.run_program("profile", "lenet5", "--board", "virtual:jetson-nano", "-r", "20000", "-o", "small/f.lw", expect=1)
        self.assertRegex(err, "(?i)full|space")
        out, _ = self.run_program("show", "small/f.lw")  # what was committed is there
        self.assertIn("c1", out)
        self.simulate("a.lw")
        _, err = self.run_program("export", "a.lw", "--table", "reading", "-o", "small/r.csv", expect=1)
        self.assertIn("r.csv", err)
        self.assertEqual(sorted(path.name for path in small.glob("r.csv*")), [])


class Interruptions(LayerwattTest):
    def in_energy_pass(self, name, *options):
        """Starts a long run and comes back when its energy pass has begun."""
        process = self.start("profile", "lenet5", "--max-time", "6s", "-o", name, "--sensor", "estimate", *options)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            time.sleep(0.1)
            if process.poll() is not None:
                self.fail(process.communicate())
            try:
                if self.query(name, "select count(*) from span")[0][0] > 0:
                    return process
            except sqlite3.Error:
                continue
        process.kill()
        self.fail("no energy pass within 60 s")

    def setUp(self):
        super().setUp()
        self.needs_engine()

    def test_ctrl_c_keeps_what_was_measured(self):
        process = self.in_energy_pass("c.lw")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, err)
        self.assertIn("c1", out)
        self.assertEqual(self.query("c.lw", "select complete from recording"), [(0,)])
        self.run_program("show", "c.lw")
        self.assertEqual(self.runners(), [])

    def test_an_engine_that_crashes_is_named_with_its_signal(self):
        process = self.in_energy_pass("e.lw")
        [runner] = self.runners()
        os.kill(runner, signal.SIGABRT)  # not SEGV, which the sanitizer would catch
        _, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 1, err)
        self.assertRegex(err, "signal 6 ")
        out, _ = self.run_program("show", "e.lw")
        self.assertIn("c1", out)
        self.assertEqual(self.runners(), [])


class Kills(Interruptions):
    """kill -9 of the parent, 20 times, at any moment of the energy pass."""

    test_ctrl_c_keeps_what_was_measured = None
    test_an_engine_that_crashes_is_named_with_its_signal = None

    def test_kill_9_loses_at_most_a_second_and_leaves_nothing_behind(self):
        random.seed(9)
        for i in range(20):
            name = f"k{i}.lw"
            process = self.in_energy_pass(name)
            time.sleep(random.uniform(0, 1.2))
            killed_at = time.clock_gettime(time.CLOCK_MONOTONIC_RAW)
            process.kill()
            process.communicate()
            deadline = time.monotonic() + 2
            while self.runners() and time.monotonic() < deadline:
                time.sleep(0.02)
            self.assertEqual(self.runners(), [])
            out, _ = self.run_program("show", name)
            self.assertIn("c1", out)
            start, = self.query(name, "select start_raw_ns from recording")[0]
            last, = self.query(name, "select max(begin_ns) from span")[0]
            # The ring is a memfd: it is gone with the last process that has it, and no runner lives.
            # A block is 0.6 s and is written when it has ended; the rest allows for a loaded machine.
            self.assertLess(killed_at - (start + last) * 1e-9, 1.5)
        # Private folders of killed runs go with the next run.
        self.run_program("profile", "lenet5", "--max-time", "1s", "-o", "last.lw", "-q")
        self.assertEqual([p for p in self.folder.glob("layerwatt-*")], [])


if __name__ == "__main__":
    unittest.main()
