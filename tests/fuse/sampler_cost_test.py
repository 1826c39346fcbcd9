# SPDX-License-Identifier: Apache-2.0
"""What the sampler costs beside a loop that does nothing but the same reads, from a board that takes 300 us for each."""
import subprocess
import unittest

from mounted import BUILD, MountedBoard

BENCH = BUILD / "bench" / "sampler"
TURNS = 25  # 30 s
UNDECIDED = 77


@unittest.skipUnless(BENCH.exists(), "SKIPPED WHOLE: bench/sampler is not built")
class SamplerCost(MountedBoard):
    chip = "triggered"

    def test_it_adds_at_most_a_hundredth_of_a_core_to_the_reads(self):
        """The limit is in bench/sampler.cpp, with what is compared."""
        done = subprocess.run([BENCH, str(TURNS), self.root], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              timeout=250, check=False)
        print(done.stdout)
        if done.returncode == UNDECIDED:
            self.skipTest("SKIPPED WHOLE: the machine is too busy to tell: " + done.stdout.strip().splitlines()[-1])
        self.assertEqual(done.returncode, 0, done.stdout)


if __name__ == "__main__":
    unittest.main()
