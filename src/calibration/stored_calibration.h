// SPDX-License-Identifier: Apache-2.0
// A calibration as it is kept: of which sensor, set how, and how it came about; and whether it is of a rail
// that is read now. Pure; calibration_file.h has the text.
#pragma once
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "core/circumstances.h"
#include "timeline/timeline.h"

namespace layerwatt {

// What must be the same for a calibration to hold. The unit itself is not in it: the file belongs to one
// machine, and a copy on a second board of the kind would be taken for its own.
struct CalibratedSensor {
  std::string board;                        // board.id of the circumstances, else board
  std::string sensor, device, rail;         // driver, place, label
  std::optional<Ohms> shunt;                // that power is worked out with
  std::optional<int> averaging;             // N of an exponential average
  std::map<std::string, std::string> mode;  // settings of the device, as the driver names them
  bool operator==(const CalibratedSensor&) const = default;
};

// Of a rail of a run with these circumstances, or of a machine now.
CalibratedSensor sensor_of(const RailRecord& rail, const Circumstances& circumstances);

// How a rail's readings followed a load, as `layerwatt calibrate` saw it. Half-widths of 95 % intervals.
struct MeasuredResponse {
  struct Delay {  // StepResponse has what they are
    Nanoseconds lag{}, lag_half_width{}, time_constant{}, time_constant_half_width{};
    [[nodiscard]] bool averages() const { return time_constant > time_constant_half_width; }
    bool operator==(const Delay&) const = default;
  };
  struct Refresh {  // between new values; resolved to the time between two reads
    Nanoseconds time{}, half_width{};
    bool operator==(const Refresh&) const = default;
  };
  std::optional<Delay> delay;      // empty: no load moved the rail
  std::optional<Refresh> refresh;  // empty: the rail was not read fast enough, or stood still
  std::string made;                // as RailCalibration::made
  bool operator==(const MeasuredResponse&) const = default;
};

// How much later than the meter's the readings show a load. Half-width of a 95 % interval.
struct MeterLag {
  Nanoseconds lag{}, half_width{};
  std::string meter, made;  // as in RailCalibration
  bool operator==(const MeterLag&) const = default;
};

struct StoredCalibration {
  CalibratedSensor of;
  std::optional<RailCalibration> line;
  std::optional<SupplyLoss> supply_loss;
  std::optional<MeasuredResponse> response;
  std::optional<MeterLag> meter_lag;
  Circumstances provenance;  // "line.kernel", "response.load", ...: by part, how it came about
  bool operator==(const StoredCalibration&) const = default;
};

// What of `stored` is of this rail.
struct FoundCalibration {
  const StoredCalibration* fits = nullptr;
  // Of the same rail, and of something else: "sensor mode samples was 64, is 1". Empty when one fits, or none
  // is of this rail.
  std::string differs;
};
FoundCalibration find_calibration(std::span<const StoredCalibration> stored, const CalibratedSensor& now);

// What the table does not say of the channel and was measured: how often it is new, and how it averages. The
// sentence on it; empty when nothing was filled in.
std::string fill_in(const MeasuredResponse& response, Channel& channel);

// Puts what fits into the record. The sentences on what was filled in, and on what is there and does not fit;
// empty otherwise.
std::string attach_calibration(std::span<const StoredCalibration> stored, const Circumstances& circumstances,
                               RailRecord& rail);

// Each part of `made` replaces that part of what is stored for the same sensor, set alike; the rest stays.
void keep(StoredCalibration made, std::vector<StoredCalibration>& stored);

}  // namespace layerwatt
