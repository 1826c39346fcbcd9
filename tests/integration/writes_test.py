# SPDX-License-Identifier: Apache-2.0
"""What layerwatt and its runner write, as the kernel sees it: run file, journal and asked-for settings, nothing else."""
import re
import shutil
import subprocess
import unittest

from controls_test import ORIN, ControlsTest
from program import PROGRAM

# System calls that change a file system; strace -y shows what descriptors stand for.
CALL = re.compile(r"^\d+\s+(?P<name>\w+)\((?P<arguments>.*)\)\s+= (?P<result>-?\d+)")
ALWAYS = {"creat", "mkdir", "mkdirat", "rename", "renameat", "renameat2", "unlink", "unlinkat", "rmdir", "symlink", "symlinkat",
          "link", "linkat", "chmod", "fchmodat", "chown", "fchownat", "lchown", "truncate", "mknod", "mknodat", "utimensat"}
PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)<(?P<folder>[^>]*)>, )?"(?P<path>(?:[^"\\]|\\.)*)"')


def written(trace):
    """Absolute paths that were opened for writing, made, renamed or removed."""
    found = set()
    for line in trace.splitlines():
        call = CALL.match(line)
        if not call or int(call["result"]) < 0:
            continue
        opened = call["name"] in ("open", "openat") and re.search(r"O_WRONLY|O_RDWR|O_CREAT", call["arguments"])
        if not opened and call["name"] not in ALWAYS:
            continue
        for match in PATH.finditer(call["arguments"]):
            path = match["path"]
            found.add(path if path.startswith("/") else f"{match['folder']}/{path}")
    return found


@unittest.skipUnless(shutil.which("strace"), "SKIPPED WHOLE: no strace")
class Writes(ControlsTest):
    def setUp(self):
        super().setUp()
        probe = subprocess.run(["strace", "-qq", "-e", "trace=none", "true"], capture_output=True, text=True, check=False)
        if probe.returncode != 0:
            self.skipTest("SKIPPED WHOLE: processes cannot be traced here: " + probe.stderr.strip())
        self.temporary = self.folder / "temporary"
        self.temporary.mkdir()
        self.environment["TMPDIR"] = str(self.temporary)
        (self.folder / "out").mkdir()

    def trace(self, *arguments):
        process = subprocess.run(
            ["strace", "-f", "-y", "-qq", "-s", "4096", "-e", "trace=%file", "-o", self.folder / "trace", PROGRAM, *map(str, arguments)],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=300, check=False)
        self.assertEqual(process.returncode, 0, process.stderr)
        return written((self.folder / "trace").read_text())

    def test_a_profile_writes_its_run_file_and_what_it_removes_again(self):
        self.needs_engine()
        paths = self.trace("profile", "lenet5", "--sysroot", self.tree, "-r", "50", "--max-time", "3s", "-q", "-o", "out/run.lw")
        run, temporary = f"{self.folder}/out/run.lw", f"{self.temporary}/"
        others = {path for path in paths if not path.startswith((run, temporary)) and path != "/dev/null"}
        self.assertEqual(others, set())
        self.assertIn(run, paths)
        self.assertEqual([path.name for path in (self.folder / "out").iterdir()], ["run.lw"])
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_with_a_sensor_mode_the_journal_and_the_settings_come_to_that(self):
        self.needs_engine()
        paths = self.trace(*self.best("out/best.lw", "-e", "VDD_IN", "-r", "50", "--max-time", "3s", "-q"))
        allowed = (f"{self.folder}/out/best.lw", f"{self.temporary}/", f"{self.folder}/state")
        self.assertIn(str(self.journal), paths)
        others = {path for path in paths if not path.startswith(allowed) and path != "/dev/null"}
        self.assertEqual(others, {f"{self.tree}/{ORIN}/{name}" for name in ("samples", "update_interval", "in2_enable", "in3_enable")})
        self.assertEqual(list(self.temporary.iterdir()), [])

    def test_looking_writes_nothing(self):
        for command in (("sensors",), ("doctor",), ("board", "show")):
            self.assertEqual(self.trace(*command, "--sysroot", self.tree) - {"/dev/null"}, set(), command)


if __name__ == "__main__":
    unittest.main()
