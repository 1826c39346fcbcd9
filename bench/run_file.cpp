// SPDX-License-Identifier: Apache-2.0
// What keeping a long run costs: the run file beside the CSV files that a script would write through ofstream
// and read back with ifstream. 30 000 inferences of 66 layers and 3 rails at 1 kHz: 8.5 min at 17 ms.
//   bench/run_file [inferences] [folder]
#include "timeline/run_file.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace layerwatt {
namespace {

using Stopwatch = std::chrono::steady_clock;
constexpr std::uint32_t layers = 66, rails = 3;
constexpr std::int64_t inference_ns = 17'000'000, reading_ns = 1'000'000, layer_ns = 240'000;

double seconds_since(Stopwatch::time_point start) {
  return std::chrono::duration<double>(Stopwatch::now() - start).count();
}

double resident_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

double megabytes(const std::filesystem::path& path) {
  return static_cast<double>(std::filesystem::file_size(path)) / 1e6;
}

// A second of the run at a time, as the sampler's writer would hand it on.
struct Second {
  std::vector<Inference> inferences;
  std::vector<LayerSpan> spans;
  std::vector<Reading> readings;  // the same on every rail
};

// Stamps of a machine that has been up for a day, jittered by a small generator.
class Run {
 public:
  explicit Run(std::uint32_t inferences) : left_{inferences} {}
  bool next(Second& second) {
    second = {};
    const std::int64_t end = now_ + 1'000'000'000;
    for (; left_ > 0 && now_ < end; --left_, ++done_, now_ += inference_ns) {
      const std::int64_t compute = now_ + 400'000 + jitter();
      for (std::uint32_t i = 0; i < layers; ++i) {
        const std::int64_t begin = compute + i * layer_ns + jitter();
        second.spans.push_back({i, done_, stamp(begin), stamp(begin + 200'000 + jitter())});
      }
      const std::int64_t computed = compute + layers * layer_ns + 30'000;
      second.inferences.push_back({Phase::energy, done_ / 100, stamp(now_), stamp(compute), stamp(computed),
                                   stamp(computed + 50'000)});
    }
    for (; reading_ < now_; reading_ += reading_ns) {
      const std::int64_t before = reading_ + jitter();
      second.readings.push_back(
          {stamp(before), stamp(before + 40'000 + jitter()), Watts{2.5 + 1e-4 * double(jitter())}});
    }
    return !second.inferences.empty();
  }

 private:
  static Instant stamp(std::int64_t nanoseconds) { return Instant{Nanoseconds{nanoseconds}}; }
  std::int64_t jitter() {
    state_ = state_ * 6364136223846793005u + 1442695040888963407u;
    return static_cast<std::int64_t>(state_ >> 51);  // below 8.2 us
  }
  std::uint64_t state_ = 1;
  std::uint32_t left_, done_ = 0;
  std::int64_t now_ = 86'400'000'000'000, reading_ = now_;
};

template <class T>
T must(Result<T> result) {
  if (result) return std::move(*result);
  fmt::print(stderr, "{}: {}\n", result.error().where, result.error().detail);
  std::exit(1);
}
void must(const Result<void>& result) {
  if (result) return;
  fmt::print(stderr, "{}: {}\n", result.error().where, result.error().detail);
  std::exit(1);
}

double write_run(const std::filesystem::path& path, std::uint32_t inferences) {
  Second second;
  Run run{inferences};
  double taken = 0;
  auto start = Stopwatch::now();
  auto writer = must(RunFileWriter::create(path, true));
  must(writer.add_layers(std::vector<Layer>(layers)));
  for (std::uint32_t i = 0; i < rails; ++i) must(writer.add_rail(RailRecord{}));
  taken += seconds_since(start);
  while (run.next(second)) {
    start = Stopwatch::now();
    for (std::uint32_t i = 0; i < rails; ++i) must(writer.append_readings(i, second.readings));
    must(writer.append_inferences(second.inferences));
    must(writer.append_spans(second.spans));
    must(writer.commit());
    taken += seconds_since(start);
  }
  start = Stopwatch::now();
  must(writer.close(true));
  return taken + seconds_since(start);
}

long long count(Instant stamp) { return stamp.time_since_epoch().count(); }

double write_csv(const std::filesystem::path& folder, std::uint32_t inferences) {
  Second second;
  Run run{inferences};
  std::ofstream readings{folder / "readings.csv"}, spans{folder / "spans.csv"},
      whole{folder / "inferences.csv"};
  double taken = 0;
  while (run.next(second)) {
    const auto start = Stopwatch::now();
    for (std::uint32_t i = 0; i < rails; ++i)
      for (const auto& one : second.readings)
        readings << i << ',' << count(one.before) << ',' << count(one.after) << ','
                 << std::get<Watts>(one.value).value() << '\n';
    for (const auto& one : second.inferences)
      whole << count(one.load_begin) << ',' << count(one.compute_begin) << ',' << count(one.compute_end)
            << ',' << count(one.unload_end) << '\n';
    for (const auto& one : second.spans)
      spans << one.layer << ',' << one.inference << ',' << count(one.begin) << ',' << count(one.end) << '\n';
    readings.flush();
    spans.flush();
    whole.flush();
    taken += seconds_since(start);
  }
  return taken;
}

double read_csv(const std::filesystem::path& folder) {
  const auto start = Stopwatch::now();
  double sum = 0;
  char comma = 0;
  for (const char* name : {"readings.csv", "spans.csv", "inferences.csv"}) {
    std::ifstream file{folder / name};
    double a = 0, b = 0, c = 0, d = 0;
    while (file >> a >> comma >> b >> comma >> c >> comma >> d) sum += d;
  }
  const double taken = seconds_since(start);
  if (sum == 0) fmt::print("nothing read\n");
  return taken;
}

int bench(std::uint32_t inferences, const std::filesystem::path& folder) {
  const auto path = folder / "bench.lw";
  const double written = write_run(path, inferences);
  const double before = resident_megabytes();
  const auto start = Stopwatch::now();
  const Timeline timeline = must(read_run_file(path));
  const double read = seconds_since(start);
  const double after = resident_megabytes();
  const double rows = static_cast<double>(timeline.spans.size() + timeline.inferences.size() +
                                          rails * timeline.rails[0].readings.size());
  const double size = megabytes(path);
  const double csv_written = write_csv(folder, inferences);
  const double csv_read = read_csv(folder);
  const double csv_size = megabytes(folder / "readings.csv") + megabytes(folder / "spans.csv") +
                          megabytes(folder / "inferences.csv");
  const double run_time = static_cast<double>(inferences) * inference_ns / 1e9;
  fmt::print("{} spans, {} readings, {} inferences: a run of {:.0f} s\n", timeline.spans.size(),
             rails * timeline.rails[0].readings.size(), timeline.inferences.size(), run_time);
  fmt::print("              {:>12} {:>12} {:>12}\n", "run file", "CSV", "file / CSV");
  fmt::print("write, s      {:>12.2f} {:>12.2f} {:>12.2f}\n", written, csv_written, written / csv_written);
  fmt::print("read, s       {:>12.2f} {:>12.2f} {:>12.2f}\n", read, csv_read, read / csv_read);
  fmt::print("size, MB      {:>12.1f} {:>12.1f} {:>12.2f}\n", size, csv_size, size / csv_size);
  fmt::print("write, ns/row {:>12.0f} {:>12.0f}\n", written / rows * 1e9, csv_written / rows * 1e9);
  fmt::print("memory, MiB   {:>12.0f}  while writing; {:.0f} with the timeline read\n", before, after);
  fmt::print("of the run    {:>11.2f}%  of its time was spent writing\n", 100 * written / run_time);
  return 0;
}

}  // namespace
}  // namespace layerwatt

int main(int argc, char** argv) {
  const auto inferences = argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 30'000;
  std::string folder =
      argc > 2 ? argv[2] : (std::filesystem::temp_directory_path() / "layerwatt_XXXXXX").string();
  if (argc <= 2 && mkdtemp(folder.data()) == nullptr) return 1;
  const int outcome = layerwatt::bench(static_cast<std::uint32_t>(inferences), folder);
  if (argc <= 2) std::filesystem::remove_all(folder);
  return outcome;
}
