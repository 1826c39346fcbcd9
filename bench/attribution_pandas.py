# SPDX-License-Identifier: Apache-2.0
"""What `layerwatt show --method chronological` works out, as one would write it with pandas: every reading to the
layer that ran at its moment (merge_asof), then means by layer (groupby). The other side of bench/attribution, which
runs it; by itself: python3 attribution_pandas.py RUN.lw. Needs Debian's python3-pandas."""
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


def load(path):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as file:
        return {
            "spans": pd.read_sql_query(
                "SELECT layer, inference, begin_ns AS begin, begin_ns + duration_ns AS end FROM span", file),
            "inferences": pd.read_sql_query("SELECT * FROM inference WHERE phase = 'energy'", file),
            "phases": pd.read_sql_query("SELECT * FROM phase", file),
            "readings": pd.read_sql_query(
                "SELECT rail, before_ns + took_ns / 2 AS moment, value AS watts FROM reading", file),
        }


def idle_power(readings, phases):
    idle = phases[phases.phase.isin(["idle_before", "idle_after"])]
    inside = np.zeros(len(readings), dtype=bool)
    for phase in idle.itertuples():
        inside |= ((readings.moment >= phase.from_ns) & (readings.moment < phase.to_ns)).to_numpy()
    return readings[inside].groupby("rail").watts.mean()


def inference_energy(readings, inferences, idle):
    """Energy of the blocks by trapezoids, pauses at idle power taken off, of the mean inference."""
    energy = {}
    blocks = inferences.groupby("block").agg(begin=("load_begin_ns", "min"), end=("unload_end_ns", "max"))
    busy = (inferences.unload_end_ns - inferences.load_begin_ns).sum()
    for rail, one in readings.groupby("rail"):
        moment, watts = one.moment.to_numpy(), one.watts.to_numpy()
        total = 0.0
        for block in blocks.itertuples():
            first, last = np.searchsorted(moment, [block.begin, block.end])
            total += np.trapz(watts[first:last], moment[first:last]) * 1e-9
        pauses = (blocks.end - blocks.begin).sum() - busy
        energy[rail] = (total - idle.get(rail, 0.0) * pauses * 1e-9) / len(inferences)
    return pd.Series(energy)


def layer_table(data):
    """Power, its interval and energy by rail and layer."""
    spans = data["spans"].sort_values("begin")
    readings = data["readings"].sort_values("moment")
    merged = pd.merge_asof(readings, spans, left_on="moment", right_on="begin")
    merged = merged[merged.moment < merged.end]
    table = merged.groupby(["rail", "layer"]).watts.agg(["mean", "std", "count"])
    table["half_width"] = 1.96 * table["std"] / np.sqrt(table["count"])
    duration = (spans.end - spans.begin) * 1e-9
    mean_duration = duration.groupby(spans.layer).mean()
    table["energy"] = table["mean"] * table.index.get_level_values("layer").map(mean_duration).to_numpy()
    return table, duration.groupby(spans.layer).describe(percentiles=[0.25, 0.5, 0.75, 0.99])


def attribute(data):
    table, durations = layer_table(data)
    idle = idle_power(data["readings"], data["phases"])
    whole = inference_energy(data["readings"], data["inferences"], idle)
    latency = (data["inferences"].unload_end_ns - data["inferences"].load_begin_ns).describe(
        percentiles=[0.25, 0.5, 0.75, 0.99])
    unexplained = whole - table.energy.groupby("rail").sum()
    return table, durations, latency, whole, unexplained


def main():
    start = time.perf_counter()
    data = load(sys.argv[1])
    print("load_s", time.perf_counter() - start)
    print("loaded_mib", mebibytes("VmRSS"))
    pathlib.Path("/proc/self/clear_refs").write_text("5")  # VmHWM is the peak of what follows
    start = time.process_time()  # of one processor: others may want it, too
    table = attribute(data)[0]
    print("attribute_s", time.process_time() - start)
    print("peak_mib", mebibytes("VmHWM"))
    print("readings", len(data["readings"]))
    for (rail, layer), power in table["mean"].items():
        print(f"power.{int(rail)}.{int(layer)} {power}")


if __name__ == "__main__":
    main()
