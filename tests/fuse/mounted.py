# SPDX-License-Identifier: Apache-2.0
"""A mounted board, for as long as a class of tests lasts."""
import os
import pathlib
import subprocess
import tempfile
import time
import unittest

BUILD = pathlib.Path(os.environ["LAYERWATT_BUILD"])
TRANSFER_S = 300e-6  # of one read


@unittest.skipUnless(os.access("/dev/fuse", os.R_OK | os.W_OK), "SKIPPED WHOLE: /dev/fuse cannot be opened here")
class MountedBoard(unittest.TestCase):
    chip = "counting"

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="layerwatt-test-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        cls.root = cls.folder / "root"
        cls.root.mkdir()
        cls.log = cls.folder / "log"
        chip = cls.chip if cls.chip == "counting" else f"{cls.chip}:{cls.log}"
        server = subprocess.Popen([BUILD / "tests" / "layerwatt_fuse_board", chip, cls.root, "-f", "-s"],
                                  stderr=subprocess.PIPE, text=True)
        cls.addClassCleanup(cls.unmount, server)
        deadline = time.monotonic() + 20
        while not (cls.root / "proc").exists():
            if server.poll() is not None:
                raise unittest.SkipTest("SKIPPED WHOLE: cannot mount here: " + server.stderr.read().strip())
            if time.monotonic() > deadline:
                raise RuntimeError("the board is not mounted after 20 s")
            time.sleep(0.01)

    @classmethod
    def unmount(cls, server):
        subprocess.run(["fusermount3", "-u", cls.root], check=False, stderr=subprocess.DEVNULL)
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        server.stderr.close()
