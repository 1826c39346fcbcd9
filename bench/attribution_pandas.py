# SPDX-License-Identifier: Apache-2.0
"""What `layerwatt show --method chronological` works out, as one would write it with pandas: every reading to the
layers that ran while it was read (merge_asof), then means by layer (groupby), with the same checks of the data before
and the same quantiles and intervals beside. The other side of bench/attribution, which runs it; by itself: python3
attribution_pandas.py RUN.lw. Needs Debian's python3-pandas."""
import pathlib
import sqlite3
import sys
import time

import numpy as np
import pandas as pd


def mebibytes(line):
    for row in pathlib.Path("/proc/self/status").read_text().splitlines():
        if row.startswith(line + ":"):
            return int(row.split()[1]) / 1024
    return 0


QUARTILES = [0.25, 0.5, 0.75, 0.99]
BETWEEN = -1  # as a layer: the time of an inference that no layer has


def load(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as file:
        return {
            "spans": pd.read_sql_query(
                "SELECT layer, inference, begin_ns AS begin, begin_ns + duration_ns AS end FROM span", file),
            "inferences": pd.read_sql_query(
                "SELECT id, block, load_begin_ns AS load_begin, compute_begin_ns AS compute_begin, "
                "compute_end_ns AS compute_end, unload_end_ns AS unload_end FROM inference WHERE phase = 'energy'",
                file, index_col="id"),
            "phases": pd.read_sql_query("SELECT * FROM phase", file),
            "readings": pd.read_sql_query(
                "SELECT rail, before_ns AS before, before_ns + took_ns AS after, before_ns + took_ns / 2 AS moment, "
                "value AS watts FROM reading", file),
        }


def kept(table, good):
    """The good rows; no copy of millions when all are."""
    return table if good.all() else table[good]


def sorted_by(table, column):
    return table if table[column].is_monotonic_increasing else table.sort_values(column)


def possible_inferences(inferences):
    length = inferences.unload_end - inferences.load_begin
    in_order = ((inferences.load_begin <= inferences.compute_begin) & (inferences.compute_end <= inferences.unload_end)
                & (inferences.compute_begin <= inferences.compute_end))
    stalled = length > max(100 * length.median(), length.median() + 1e9)
    inferences = sorted_by(kept(inferences, in_order & ~stalled), "load_begin")
    return kept(inferences, inferences.load_begin >= inferences.unload_end.shift(fill_value=0))


def possible_spans(spans, inferences):
    """Cut to their inference, of inferences that kept all their marks, none while another runs."""
    load_begin, unload_end = (spans.inference.map(inferences[column]) for column in ("load_begin", "unload_end"))
    length = spans.end - spans.begin
    good = ((length >= 0) & (length <= unload_end - load_begin) & (spans.begin < unload_end)
            & (spans.end >= load_begin))  # False where the inference is not known
    if not (good & (spans.begin >= load_begin) & (spans.end <= unload_end)).all():
        spans = spans.assign(begin=np.maximum(spans.begin, load_begin), end=np.minimum(spans.end, unload_end))
    spans = kept(spans, good)
    marks = spans.inference.value_counts()
    if marks.nunique() > 1:
        spans = spans[spans.inference.isin(marks.index[marks == marks.mode().iloc[-1]])]
    spans = sorted_by(spans, "begin")
    if (spans.begin.to_numpy()[1:] < spans.end.to_numpy()[:-1]).any():
        sys.exit("layers overlap: this script cannot divide them")
    return spans


def with_time_between(spans, inferences):
    """Layers, and what is left of their inferences."""
    inference, begin, end = (spans[column].to_numpy() for column in ("inference", "begin", "end"))
    change = np.flatnonzero(np.diff(inference))
    first, last = np.append(0, change + 1), np.append(change, len(spans) - 1)
    since = np.append(0, end[:-1])
    since[first] = inferences.load_begin[inference[first]]
    gap = since < begin
    until = inferences.unload_end[inference[last]].to_numpy()
    gaps = pd.DataFrame({"layer": BETWEEN, "begin": np.append(since[gap], end[last]),
                         "end": np.append(begin[gap], until)})
    gaps = gaps[gaps.begin < gaps.end]
    pieces = spans[["layer", "begin", "end"]]
    if len(gaps) > 0:
        pieces = pd.concat([pieces, gaps]).sort_values("begin")
    return pieces.assign(place=np.arange(len(pieces)))


def possible_readings(readings):
    """Of one rail: those that are a number and later than all before; each moment belongs to the earlier one."""
    readings = kept(readings, np.isfinite(readings.watts) & (readings.after >= readings.before))
    readings = kept(readings, readings.moment > readings.moment.cummax().shift(fill_value=-1))
    before = np.maximum(readings.before, readings.after.cummax().shift(fill_value=0))
    return readings.assign(before=before, after=np.maximum(before, readings.after)).reset_index(drop=True)


def oddities(rail, readings, begin, end):
    """What a user should hear: holes, and a sensor that stands still."""
    steps = readings.moment.diff()
    hole = max(50e6, 20 * steps.median())
    unread = steps[steps > hole].sum() / (end - begin)
    notes = [f"rail {rail}: {unread:.1%} was not read"] if unread > 0.01 else []
    watts = readings.watts[(readings.moment >= begin) & (readings.moment < end)].to_numpy()
    changes = np.flatnonzero(np.diff(watts))
    longest = np.diff(changes, prepend=-1, append=len(watts) - 1).max()
    if longest >= 100 and longest >= 50 * len(watts) / (len(changes) + 1):
        notes.append(f"rail {rail}: {longest} readings in a row are the same")
    return notes


def layer_table(readings, pieces):
    """Power, its interval and readings by layer: a reading counts for each by the share of its read."""
    places = pieces[["begin", "place"]]
    first = pd.merge_asof(readings[["before"]], places, left_on="before", right_on="begin").place.fillna(0)
    last = pd.merge_asof(readings[["after"]], places, left_on="after", right_on="begin").place.fillna(-1)
    first, last = first.to_numpy(dtype=int), last.to_numpy(dtype=int)
    count = np.maximum(last - first + 1, 0)
    row = np.repeat(np.arange(len(readings)), count)
    place = np.arange(len(row)) + np.repeat(first - (np.cumsum(count) - count), count)
    before, after, watts = (readings[column].to_numpy()[row] for column in ("before", "after", "watts"))
    layer, begin, end = (pieces[column].to_numpy()[place] for column in ("layer", "begin", "end"))
    share = (np.minimum(after, end) - np.maximum(before, begin)).clip(min=0) / np.maximum(after - before, 1)
    share = np.where(after > before, share, (begin <= before) & (before < end))
    power = share * watts
    parts = pd.DataFrame({"share": share, "power": power, "squares": power * watts, "weights": share**2})
    sums = parts.groupby(layer).sum()
    sums = sums[sums.share > 0]
    mean = sums.power / sums.share
    effective = sums.share**2 / sums.weights
    variance = (sums.squares / sums.share - mean**2) * effective / (effective - 1)
    return pd.DataFrame({"mean": mean, "half_width": 1.96 * np.sqrt(variance / effective),
                         "readings": sums.share.round().clip(lower=1)})


class Energy:
    """Of one rail until any moment, by trapezoids; where nothing was read, none."""

    def __init__(self, readings):
        self.moment, watts = readings.moment.to_numpy(), readings.watts.to_numpy()
        steps = np.diff(self.moment)
        read = steps <= max(50e6, 20 * np.median(steps))
        self.joules = np.concatenate([[0], np.cumsum(read * steps * (watts[1:] + watts[:-1]) / 2e9)])

    def between(self, begin, end):
        return np.interp(end, self.moment, self.joules) - np.interp(begin, self.moment, self.joules)


def with_interval(values, weights):
    """Mean of batches, and the half-width of its interval."""
    mean = np.average(values, weights=weights)
    count = len(values)
    if count < 2:
        return mean, np.nan
    parts = weights / weights.sum() * (values - mean)
    return mean, 2.1 * np.sqrt((parts**2).sum() * count / (count - 1))


def idle_power(energy, phases):
    idle = phases[phases.phase.isin(["idle_before", "idle_after"])]
    edges = [np.linspace(one.from_ns, one.to_ns, 1 + int(np.clip((one.to_ns - one.from_ns) / 2e8, 1, 20)))
             for one in idle.itertuples()]
    begin, end = np.concatenate([one[:-1] for one in edges]), np.concatenate([one[1:] for one in edges])
    return with_interval(energy.between(begin, end) / (end - begin) * 1e9, end - begin)


def inference_energy(energy, inferences, idle):
    """Of the mean inference, from blocks or pieces of them, pauses at idle power taken off."""
    blocks = [one for _, one in inferences.groupby("block")]
    if len(blocks) < 5:
        blocks = [one.iloc[i] for one in blocks for i in np.array_split(np.arange(len(one)), 8)]
    begin = np.array([one.load_begin.iloc[0] for one in blocks])
    end = np.array([one.unload_end.iloc[-1] for one in blocks])
    busy = np.array([(one.unload_end - one.load_begin).sum() for one in blocks])
    count = np.array([len(one) for one in blocks])
    return with_interval((energy.between(begin, end) - idle * (end - begin - busy) * 1e-9) / count, count)


def attribute(data):
    inferences = possible_inferences(data["inferences"])
    spans = possible_spans(data["spans"], inferences)
    pieces = with_time_between(spans, inferences)
    by_layer = (spans.end - spans.begin).groupby(spans.layer)
    latencies = [(end - begin).describe(percentiles=QUARTILES)
                 for begin, end in ((inferences.load_begin, inferences.unload_end),
                                    (inferences.compute_begin, inferences.compute_end))]
    mean_duration = by_layer.mean()
    rails, notes = {}, []
    for rail, readings in data["readings"].groupby("rail"):
        readings = possible_readings(readings)
        notes += oddities(rail, readings, inferences.load_begin.iloc[0], inferences.unload_end.iloc[-1])
        energy = Energy(readings)
        table = layer_table(readings, pieces)
        table["energy"] = table["mean"] * mean_duration * 1e-9
        idle = idle_power(energy, data["phases"])
        whole = inference_energy(energy, inferences, idle[0])
        rails[rail] = table, idle, whole, whole[0] - table.energy.sum()
    return rails, by_layer.describe(percentiles=QUARTILES), latencies, notes


def main():
    start = time.perf_counter()
    data = load(sys.argv[1])
    print("load_s", time.perf_counter() - start)
    print("loaded_mib", mebibytes("VmRSS"))
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # VmHWM is the peak of what follows
    start = time.process_time()  # of one processor: others may want it, too
    rails = attribute(data)[0]
    print("attribute_s", time.process_time() - start)
    print("peak_mib", mebibytes("VmHWM"))
    print("readings", len(data["readings"]))
    for rail, (table, *_) in rails.items():
        for layer, power in table["mean"].drop(BETWEEN, errors="ignore").items():
            print(f"power.{int(rail)}.{int(layer)} {power}")


if __name__ == "__main__":
    main()
