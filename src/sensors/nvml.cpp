// SPDX-License-Identifier: Apache-2.0
// NVIDIA GPUs through NVML, which comes with the driver and is opened at run time. Reads one rail a GPU: its
// counter of energy, or where it has none, power. Not Jetson boards: their NVML starts and gives no power.
//
// Facts: NVIDIA's NVML API reference (units; counter since Volta; power usage "averaged over 1 sec" from
// GA10x on). Windows of power: Yang, Adamek, Armour, "Part-time power measurements", SC'24 (arXiv 2312.02741)
// and its table of 70 GPUs: GA100 and Hopper show 25 ms of every 100 ms, Volta and Pascal 10 ms of 20 ms.
// That the counter moves every 100 ms or so is documented by its users (Zeus, ml.energy), not by NVIDIA.
#include <array>
#include <cstring>

#include "sensors/nvml_session.h"
#include "sensors/sensor.h"
#include "sensors/sysfs_quantity.h"

namespace layerwatt {

namespace {

using namespace std::chrono_literals;
using Mode = std::map<std::string, std::string>;
using nvml::Session;

constexpr unsigned most_gpus = 256;
constexpr unsigned long long largest_milliwatts = 100'000'000;  // 100 kW: no card

// One way to read a GPU.
enum class Way { energy, instant, average, usage };

// What a power reading is the mean of, and when there is a new one.
struct Window {
  std::optional<Nanoseconds> length, every;
};

struct Gpu {
  unsigned index = 0;
  std::string name, bus_id;
  unsigned architecture = 0;
  int major = 0;
  int minor = 0;
};

// Ampere of the data centre, whose sensor is not that of the other chips.
bool is_ga100(const Gpu& gpu) { return gpu.major == 8 && gpu.minor == 0; }

Window window_of(const Gpu& gpu, Way way) {
  switch (gpu.architecture) {
    case nvml::pascal:
    case nvml::volta: return {10ms, 20ms};
    case nvml::turing: return {100ms, 100ms};
    case nvml::ampere:
    case nvml::ada:
      if (is_ga100(gpu)) return {25ms, 100ms};
      if (way == Way::instant) return {100ms, 100ms};
      return {1s, 1s};  // renewed every 100 ms, but nearer values share most of what they average
    case nvml::hopper:
      if (way == Way::instant) return {25ms, 100ms};
      return {1s, 1s};
    default: return {};
  }
}

const char* name_of(Way way) {
  switch (way) {
    case Way::energy: return "counter of energy";
    case Way::instant: return "power, instant (field 186)";
    case Way::average: return "power, average (field 185)";
    case Way::usage: return "power usage";
  }
  return "";
}

const char* name_of_architecture(unsigned architecture) {
  constexpr std::array names{"Kepler", "Maxwell", "Pascal", "Volta",    "Turing",
                             "Ampere", "Ada",     "Hopper", "Blackwell"};
  const bool known = architecture >= nvml::kepler && architecture - nvml::kepler < names.size();
  return known ? names[architecture - nvml::kepler] : "not known";
}

class Reader {
 public:
  Reader(const Session& session, nvml::Device device, Way way)
      : session_{session},
        device_{device},
        way_{way},
        energy_{session.find<nvml::GetEnergy>("nvmlDeviceGetTotalEnergyConsumption")},
        power_{session.find<nvml::GetPower>("nvmlDeviceGetPowerUsage")},
        fields_{session.find<nvml::GetFieldValues>("nvmlDeviceGetFieldValues")} {}
  [[nodiscard]] Result<Value> read() const;

 private:
  [[nodiscard]] Result<Value> read_energy() const;
  [[nodiscard]] Result<Value> read_field() const;
  [[nodiscard]] Result<Value> read_usage() const;
  static Result<Value> as_power(unsigned long long milliwatts, const char* function);

  const Session& session_;
  nvml::Device device_;
  Way way_;
  nvml::GetEnergy* energy_;
  nvml::GetPower* power_;
  nvml::GetFieldValues* fields_;
};

Result<Value> Reader::read() const {
  switch (way_) {
    case Way::energy: return read_energy();
    case Way::usage: return read_usage();
    default: return read_field();
  }
}

Result<Value> Reader::as_power(unsigned long long milliwatts, const char* function) {
  if (milliwatts > largest_milliwatts)
    return Error{Errc::malformed, function, "out of range: more than 100 kW"};
  return Value{Watts{static_cast<double>(milliwatts) * 1e-3}};
}

Result<Value> Reader::read_energy() const {
  constexpr const char* function = "nvmlDeviceGetTotalEnergyConsumption";
  unsigned long long millijoules = 0;
  const int result = energy_ != nullptr ? energy_(device_, &millijoules) : int{nvml::not_supported};
  if (result != nvml::success) return session_.error(result, function);
  return Value{Joules{static_cast<double>(millijoules) * 1e-3}};
}

Result<Value> Reader::read_usage() const {
  constexpr const char* function = "nvmlDeviceGetPowerUsage";
  unsigned milliwatts = 0;
  const int result = power_ != nullptr ? power_(device_, &milliwatts) : int{nvml::not_supported};
  if (result != nvml::success) return session_.error(result, function);
  return as_power(milliwatts, function);
}

Result<Value> Reader::read_field() const {
  constexpr const char* function = "nvmlDeviceGetFieldValues";
  nvml::FieldValue value{};
  value.field = way_ == Way::instant ? nvml::power_instant : nvml::power_average;
  value.scope = nvml::scope_gpu;
  int result = fields_ != nullptr ? fields_(device_, 1, &value) : int{nvml::not_supported};
  if (result == nvml::success) result = value.result;
  if (result != nvml::success) return session_.error(result, function);
  switch (value.type) {
    case nvml::is_unsigned: return as_power(value.value.of_unsigned, function);
    case nvml::is_unsigned_long: return as_power(value.value.of_unsigned_long, function);
    case nvml::is_unsigned_long_long: return as_power(value.value.of_unsigned_long_long, function);
    default:
      return Error{Errc::malformed, function, "power of an unknown type " + std::to_string(value.type)};
  }
}

Channel channel_of(const Gpu& gpu, Way way) {
  Channel channel;
  channel.rail = "gpu" + std::to_string(gpu.index);
  if (way == Way::energy) {
    channel.meaning = Meaning::energy_total;
    channel.refresh = 100ms;
    channel.tick = Joules{1e-3};
    return channel;
  }
  const Window window = window_of(gpu, way);
  channel.aperture = window.length;
  channel.refresh = window.every;
  if (window.length) channel.averaging = 1;  // a plain mean
  channel.quantum = Watts{1e-3};
  return channel;
}

class Nvml final : public Sensor {
 public:
  Nvml(std::unique_ptr<Session> session, const Reader& reader, const Gpu& gpu, Way way, Mode mode)
      : session_{std::move(session)},
        reader_{reader},
        device_{gpu.bus_id},
        channel_{channel_of(gpu, way)},
        mode_{std::move(mode)} {}
  [[nodiscard]] std::string device() const override { return device_; }
  [[nodiscard]] std::span<const Channel> channels() const override { return {&channel_, 1}; }
  [[nodiscard]] Mode mode() const override { return mode_; }
  Result<Value> read(std::size_t) override { return reader_.read(); }

 private:
  std::unique_ptr<Session> session_;  // the reader points to it
  Reader reader_;
  std::string device_;
  Channel channel_;
  Mode mode_;
};

// Texts of a foreign library, made fit to print.
std::string printable(const char* text, std::size_t size) {
  std::string clean{text, strnlen(text, size)};
  for (char& c : clean)
    if (c < 0x20 || c > 0x7e) c = '?';
  return clean;
}

Gpu describe(const Session& session, nvml::Device device, unsigned index) {
  Gpu gpu;
  gpu.index = index;
  std::array<char, 96> name{};
  if (session.call<nvml::DeviceText>("nvmlDeviceGetName", device, name.data(), 96U) == nvml::success)
    gpu.name = printable(name.data(), name.size());
  nvml::PciInfo pci{};
  if (session.call<nvml::GetPci>("nvmlDeviceGetPciInfo_v3", device, &pci) == nvml::success)
    gpu.bus_id = printable(pci.bus_id, sizeof pci.bus_id);
  if (!sysfs::is_label(gpu.bus_id)) gpu.bus_id = "gpu" + std::to_string(index);
  if (session.call<nvml::GetArchitecture>("nvmlDeviceGetArchitecture", device, &gpu.architecture) !=
      nvml::success)
    gpu.architecture = 0;
  if (session.call<nvml::GetComputeCapability>("nvmlDeviceGetCudaComputeCapability", device, &gpu.major,
                                               &gpu.minor) != nvml::success)
    gpu.major = gpu.minor = -1;
  return gpu;
}

Mode mode_of(const Session& session, const Gpu& gpu, Way way) {
  Mode mode{{"source", name_of(way)}, {"architecture", name_of_architecture(gpu.architecture)}};
  if (!gpu.name.empty()) mode["name"] = gpu.name;
  std::array<char, 96> version{};
  if (session.call<nvml::SystemText>("nvmlSystemGetDriverVersion", version.data(), 96U) == nvml::success)
    mode["driver"] = printable(version.data(), version.size());
  return mode;
}

bool is_tegra(const Machine& machine) {
  return machine.exists("/etc/nv_tegra_release") ||
         machine.read("/proc/device-tree/compatible").value_or(std::string{}).find("nvidia,tegra") !=
             std::string::npos;
}

Skipped without_power(const Machine& machine, const Gpu& gpu, const Error& error) {
  const std::string what = "nvml gpu" + std::to_string(gpu.index) + " " + gpu.name;
  const std::string why = error.where + ": " + error.detail;
  if (error.code == Errc::permission) return {what, why, "run as root"};
  if (error.code != Errc::unsupported) return {what, why, "see whether nvidia-smi shows its power"};
  if (is_tegra(machine))
    return {what, why + "; NVML gives no power of the GPU of a Jetson board",
            "its rails are measured by the INA3221: --sensor ina3221"};
  return {what, why + "; this GPU or its driver gives no power",
          "update the driver; nvidia-smi shows whether there is power"};
}

void add_gpu(const Machine& machine, unsigned index, Found& found) {
  auto started = Session::start(machine);
  if (!started) return found.skipped.push_back(without_power(machine, {index, {}, {}}, started.error()));
  auto session = std::make_unique<Session>(std::move(*started));
  nvml::Device device = nullptr;
  constexpr const char* by_index = "nvmlDeviceGetHandleByIndex_v2";
  if (const int result = session->call<nvml::HandleByIndex>(by_index, index, &device);
      result != nvml::success)
    return found.skipped.push_back(without_power(machine, {index, {}, {}}, session->error(result, by_index)));
  const Gpu gpu = describe(*session, device, index);
  // What starts may still give nothing: only a value tells.
  std::optional<Error> first;
  for (const Way way : {Way::energy, Way::instant, Way::average, Way::usage}) {
    const Reader reader{*session, device, way};
    const auto value = reader.read();
    if (value || sysfs::passes(value.error())) {
      Mode mode = mode_of(*session, gpu, way);
      found.sensors.push_back(std::make_unique<Nvml>(std::move(session), reader, gpu, way, std::move(mode)));
      return;
    }
    if (!first) first = value.error();
  }
  found.skipped.push_back(without_power(machine, gpu, *first));
}

// Without the library, a driver or a GPU there is nothing to say; with a part of them, there is.
std::optional<Skipped> reason(const Machine& machine, const Error& error) {
  if (machine.is_recorded()) return std::nullopt;
  if (error.where == nvml::library_name && error.code == Errc::not_found) {
    if (!machine.exists("/proc/driver/nvidia/version")) return std::nullopt;
    return Skipped{"nvml", "NVIDIA's driver is loaded, but " + error.detail,
                   "install the driver's libraries (Debian and Ubuntu: libnvidia-ml1, libnvidia-compute-N)"};
  }
  if (error.code == Errc::not_found) return std::nullopt;
  return Skipped{"nvml", error.where + ": " + error.detail,
                 "see what nvidia-smi says; after an update of the driver, restart"};
}

Found probe(const Machine& machine, const Workload&) {
  Found found;
  const auto session = Session::start(machine);
  if (!session) {
    if (auto skipped = reason(machine, session.error())) found.skipped.push_back(std::move(*skipped));
    return found;
  }
  unsigned count = 0;
  constexpr const char* counting = "nvmlDeviceGetCount_v2";
  if (const int result = session->call<nvml::Count>(counting, &count); result != nvml::success) {
    if (auto skipped = reason(machine, session->error(result, counting)))
      found.skipped.push_back(std::move(*skipped));
    return found;
  }
  for (unsigned index = 0; index < std::min(count, most_gpus); ++index) add_gpu(machine, index, found);
  return found;
}

}  // namespace

extern const SensorDriver nvml_driver;
const SensorDriver nvml_driver{"nvml", "NVIDIA GPUs (NVML)", Origin::measured, probe};

}  // namespace layerwatt
