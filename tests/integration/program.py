# SPDX-License-Identifier: Apache-2.0
"""How the tests start layerwatt and look at what it left."""
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile
import unittest

BUILD = pathlib.Path(os.environ["LAYERWATT_BUILD"])
SOURCE = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = BUILD / "layerwatt"


class LayerwattTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="layerwatt-test-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.environment = dict(os.environ, NO_COLOR="1", LC_ALL="C", TMPDIR=str(self.folder),
                                XDG_DATA_HOME=str(self.folder / "data"))

    def start(self, *arguments, **options):
        return subprocess.Popen(
            [PROGRAM, *map(str, arguments)], cwd=self.folder, env=self.environment, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True, **options)

    def run_program(self, *arguments, expect=0, timeout=300, **options):
        process = self.start(*arguments, **options)
        try:
            out, err = process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            self.fail(f"{arguments} did not end within {timeout} s")
        self.assertEqual(process.returncode, expect, f"{arguments}\n{out}\n{err}")
        self.assertNotIn("Sanitizer", err)
        return out, err

    def runners(self):
        """Processes of layerwatt-runner that this test started and that still live."""
        mine = f"TMPDIR={self.folder}".encode()
        found = []
        for entry in pathlib.Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                name = os.readlink(entry / "exe")
                environment = (entry / "environ").read_bytes().split(b"\0")
                state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            except OSError:
                continue
            if name == str(BUILD / "layerwatt-runner") and mine in environment and state != "Z":
                found.append(int(entry.name))
        return found

    def needs_engine(self):
        """Real runs need ONNX Runtime; a machine without it says so instead of failing."""
        out, err = "", ""
        process = self.start("profile", "lenet5", "--max-time", "1s", "-o", "probe.lw", "-q")
        out, err = process.communicate(timeout=120)
        if process.returncode != 0 and "onnxruntime" in err.lower() and "librar" in err.lower():
            self.skipTest("ONNX Runtime is not on this machine: " + err.strip())

    def profile_json(self, run_file, *options):
        out, _ = self.run_program("export", run_file, "--format", "json", *options)
        return json.loads(out)

    def query(self, run_file, sql):
        database = sqlite3.connect(f"file:{self.folder / run_file}?mode=ro", uri=True)
        try:
            return database.execute(sql).fetchall()
        finally:
            database.close()
