# SPDX-License-Identifier: Apache-2.0
"""A chip in real time whose power jumps 50 times a second on one rail and 5 times on the others: what a real run of
layerwatt records of it, beside the chip's own log. All judgements are about where a reading's stamps and values lie, not
about how soon it came: a busy machine makes fewer readings, with stamps further apart, and none wrong."""
import bisect
import collections
import math
import sqlite3
import statistics
import subprocess
import unittest

from mounted import BUILD, MountedBoard

FAST, SLOW, SLOW_TOO = 0, 1, 2  # rails, by their waves: 50 Hz, 5 Hz, 5 Hz
FEWEST = 30  # readings of a level; a run of 8 s gives about a thousand

Reading = collections.namedtuple("Reading", "before after watts")
Conversion = collections.namedtuple("Conversion", "fetched begin end watts")
Wave = collections.namedtuple("Wave", "period start low high")


class WavesTest(MountedBoard):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        run = cls.folder / "run.lw"
        done = subprocess.run(
            [BUILD / "layerwatt", "profile", "lenet5", "--sysroot", cls.root, "--sensor", "ina3221", "--max-time", "8s",
             "-o", run, "-q"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=120, check=False)
        if done.returncode != 0 and "onnxruntime" in done.stderr.lower() and "librar" in done.stderr.lower():
            raise unittest.SkipTest("SKIPPED WHOLE: " + done.stderr.strip())
        if done.returncode not in (0, 3):  # 3: nothing to say of layers, which is so here
            raise RuntimeError(done.stderr)
        cls.read_log()
        cls.read_run(run)

    @classmethod
    def read_log(cls):
        cls.waves, cls.conversions = [], collections.defaultdict(list)
        for line in cls.log.read_text().splitlines(keepends=True):
            kind, rail, *numbers = line.split()
            if kind == "rail":
                period, start, low, high = numbers
                cls.waves.append(Wave(int(period), int(start), float(low), float(high)))
            elif line.endswith("\n"):  # the last one may be under way
                *times, watts = numbers
                cls.conversions[int(rail)].append(Conversion(*map(int, times), float(watts)))

    @classmethod
    def read_run(cls, run):
        database = sqlite3.connect(run)
        cls.addClassCleanup(database.close)
        (start,) = database.execute("SELECT start_raw_ns FROM recording").fetchone()
        cls.readings = collections.defaultdict(list)
        for rail, before, took, watts in database.execute("SELECT * FROM reading ORDER BY before_ns"):
            cls.readings[rail].append(Reading(start + before, start + before + took, watts))
        cls.channels = [dict(zip(("name", "aperture", "refresh", "averaging", "quantum", "voltage"), row))
                        for row in database.execute("SELECT name, aperture_ns, refresh_ns, averaging, quantum_w, "
                                                    "voltage_aperture_ns FROM rail ORDER BY id")]

    def recorded(self, setting):
        return [channel[setting] for channel in self.channels]

    def pairs(self, rail):
        """Each reading with what the chip did for it: the one value that was fetched between its stamps."""
        conversions = self.conversions[rail]
        fetched = [conversion.fetched for conversion in conversions]
        self.assertGreaterEqual(len(self.readings[rail]), 2 * FEWEST)
        for reading in self.readings[rail]:
            first, end = bisect.bisect_left(fetched, reading.before), bisect.bisect_right(fetched, reading.after)
            self.assertEqual(end - first, 1, reading)
            self.assertAlmostEqual(reading.watts, conversions[first].watts, 9)
            yield reading, conversions[first]

    def window(self, rail, reading):
        """Where the conversion that a reading shows last lies for who knows the rail's record and the stamps alone. A
        read starts one where no refresh is known. Else the register is latched at some moment between the stamps, and
        holds what ended up to a refresh earlier."""
        channel = self.channels[rail]
        if channel["refresh"] is None:
            return reading.before, reading.after
        return reading.before - channel["refresh"] - channel["aperture"], reading.after

    def check_windows(self):
        for rail in range(len(self.channels)):
            for reading, conversion in self.pairs(rail):
                begin, end = self.window(rail, reading)
                self.assertLessEqual(begin, conversion.begin)
                self.assertLessEqual(conversion.end, end)
                self.assertEqual(conversion.end - conversion.begin, self.channels[rail]["aperture"])

    def level_at(self, rail, begin, end):
        """low or high, or None where the wave jumps meanwhile."""
        wave = self.waves[rail]
        first, last = ((moment - wave.start) * 2 // wave.period for moment in (begin, end))
        return None if first != last else (wave.high if first % 2 else wave.low)

    def check_levels_of_single_conversions(self, rail):
        """A conversion between two jumps is of one level, and differs from it by rounding alone: half a step."""
        seen = collections.defaultdict(list)
        for reading in self.readings[rail]:
            seen[self.level_at(rail, *self.window(rail, reading))].append(reading.watts)
        wave, bound = self.waves[rail], self.channels[rail]["quantum"] / 2
        for level in wave.low, wave.high:
            self.assertGreaterEqual(len(seen[level]), FEWEST)
            self.assertLessEqual(max(abs(watts - level) for watts in seen[level]), bound + 1e-9)
        print(f"{self.channels[rail]['name']}: {describe(wave)}: each of {len(seen[wave.low])} and {len(seen[wave.high])} "
              f"readings within {1e3 * bound:.0f} mW, half a step")


class Triggered(WavesTest):
    chip = "triggered"

    def test_stamps_bracket_each_conversion(self):
        self.assertEqual(self.recorded("refresh"), [None] * 3)
        self.check_windows()

    def test_fast_wave_is_recovered(self):
        self.check_levels_of_single_conversions(FAST)

    def test_slow_waves_are_recovered(self):
        self.check_levels_of_single_conversions(SLOW)
        self.check_levels_of_single_conversions(SLOW_TOO)


class Cycle(WavesTest):
    chip = "cycle"

    def test_the_modelled_window_contains_each_conversion(self):
        self.assertEqual(self.recorded("averaging"), [1] * 3)
        self.check_windows()

    def test_conversions_are_whole_refreshes_apart(self):
        for rail in range(len(self.channels)):
            begins = [conversion.begin for _, conversion in self.pairs(rail)]
            for begin in begins:
                self.assertEqual((begin - begins[0]) % self.channels[rail]["refresh"], 0)

    def test_fast_wave_is_recovered(self):
        self.check_levels_of_single_conversions(FAST)

    def test_slow_waves_are_recovered(self):
        self.check_levels_of_single_conversions(SLOW)
        self.check_levels_of_single_conversions(SLOW_TOO)


class Averaging(WavesTest):
    chip = "averaging"

    def setUp(self):
        self.assertEqual(self.recorded("averaging"), [64] * 3)
        # What layerwatt takes for the memory of such an average: core/vocabulary.h, time_constant_of().
        self.memories = [channel["refresh"] / -math.log(1 - 1 / channel["averaging"]) for channel in self.channels]

    def settled(self, rail):
        """Readings of a register that has forgotten how it began: to exp(-10), 0.4 mW."""
        return [reading for reading in self.readings[rail] if reading.before > self.waves[rail].start + 10 * self.memories[rail]]

    def response(self, rail, moment):
        """Of an exponential average, long after its begin, to the rail's wave between 0 and 1: each half period it falls
        from 1 / (1 + exp(-half / memory)) or rises from what that leaves."""
        wave, memory = self.waves[rail], self.memories[rail]
        half = wave.period / 2
        highest = 1 / (1 + math.exp(-half / memory))
        is_high, since = divmod((moment - wave.start) % wave.period, half)
        falling = highest * math.exp(-since / memory)
        return 1 - falling if is_high else falling

    def test_the_modelled_window_contains_the_last_conversion(self):
        self.check_windows()

    def test_each_reading_is_what_the_modelled_average_gives_somewhere_in_its_window(self):
        """Between jumps the response is monotonic: its extremes over a window are at the ends or at a jump. The chip's
        average goes by conversions, with steps of 1/64 of the distance to the level, and each is rounded by half a step
        of the sensor."""
        for rail, (channel, wave) in enumerate(zip(self.channels, self.waves)):
            swing, half = wave.high - wave.low, wave.period / 2
            allowed = swing / channel["averaging"] + channel["quantum"] / 2
            for reading in self.settled(rail):
                begin, end = self.window(rail, reading)
                jumps = range(math.ceil((begin - wave.start) / half), math.floor((end - wave.start) / half) + 1)
                powers = [wave.low + swing * self.response(rail, moment)
                          for moment in (begin, end, *(wave.start + n * half for n in jumps))]
                self.assertGreaterEqual(reading.watts, min(powers) - allowed)
                self.assertLessEqual(reading.watts, max(powers) + allowed)

    def fitted(self, rail):
        """Both levels by least squares, the moments of the jumps given, and how far off they may be.

        y = mean + amplitude g, g from -tanh(half / 2 memory) to its opposite: the wave of amplitude A swings by R = 2 A
        tanh(half / 2 memory) when it comes out. Between jumps its slope falls by `bend` = exp(half / memory), so parts of
        the range are at most `bend` times as frequent as others.
        * Rounding to steps q. Over one whole step the error is a sawtooth whose product with y integrates to q^3 / 12; R / q
          of them, and at both ends a part of a step, R/2 from the mean, of at most q^2 / 8. Compared with R^3 / 12, which
          the square of y integrates to: 2.5 (q / R)^2 of the amplitude.
        * The register is latched within half a read of the middle of the stamps. A triangle of this period moved by d is
          seen smaller by 24 (d / period)^2.
        * The rest is chance: the value's age (uniform over a refresh: its mean is in the memory) times the slope, and where
          in a step the readings happened to be. Readings of one conversion, or within one step, count as one. Five
          standard errors."""
        channel, wave, memory = self.channels[rail], self.waves[rail], self.memories[rail]
        readings = self.settled(rail)
        usual = statistics.median(reading.after - reading.before for reading in readings)
        readings = [reading for reading in readings if reading.after - reading.before <= 1.5 * usual]
        self.assertGreaterEqual(len(readings), 2 * FEWEST)
        g = [2 * self.response(rail, (reading.before + reading.after - channel["aperture"]) / 2) - 1 for reading in readings]
        y = [reading.watts for reading in readings]
        amplitude = statistics.covariance(g, y) / statistics.variance(g)
        mean = statistics.fmean(y) - amplitude * statistics.fmean(g)

        half, q = wave.period / 2, channel["quantum"]
        bend = math.exp(half / memory)
        R = 2 * amplitude * math.tanh(half / memory / 2)
        systematic = amplitude * bend * (2.5 * (q / R) ** 2 + 24 * (0.75 * usual / wave.period) ** 2)
        slope = R / half
        spacing = statistics.median(b.before - a.before for a, b in zip(readings, readings[1:]))
        alike = max(1, channel["refresh"] / spacing, q * bend / slope / spacing)
        error = math.hypot(q, slope * channel["refresh"]) / math.sqrt(12 * len(readings) / alike)
        bound = systematic + 5 * error * math.hypot(1, 1 / statistics.stdev(g))
        return mean - amplitude, mean + amplitude, bound

    def check_levels(self, rail):
        low, high, bound = self.fitted(rail)
        wave = self.waves[rail]
        print(f"{self.channels[rail]['name']}: {describe(wave)}: found {low:.3f} and {high:.3f} W, bound {1e3 * bound:.0f} mW")
        if bound > 0.1 * (wave.high - wave.low):
            self.skipTest("SKIPPED: reads take too long on this busy machine for the bound to say anything")
        self.assertLessEqual(abs(low - wave.low), bound)
        self.assertLessEqual(abs(high - wave.high), bound)

    def test_fast_wave_is_recovered(self):
        self.check_levels(FAST)

    def test_slow_waves_are_recovered(self):
        self.check_levels(SLOW)
        self.check_levels(SLOW_TOO)


def describe(wave):
    return f"{wave.low:.3f} and {wave.high:.3f} W at {1e9 / wave.period:.0f} Hz"


if __name__ == "__main__":
    unittest.main()
