// SPDX-License-Identifier: Apache-2.0
// See run_loop.h.
#include "runner/run_loop.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <latch>
#include <mutex>
#include <optional>
#include <thread>

namespace layerwatt {

namespace {

using namespace std::chrono_literals;

// Uniform gaps, the same from one seed everywhere: splitmix64 (Steele, Lea, Flood 2014), scaled.
class Gaps {
 public:
  // `place`: of the context among all, each of which has gaps of its own.
  Gaps(const RunPlan& plan, std::uint64_t place)
      : state_{plan.gap_seed + (place << 32)}, least_{plan.gap_min}, span_{plan.gap_max - plan.gap_min} {}
  Nanoseconds next() {
    state_ += 0x9e3779b97f4a7c15U;
    std::uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
    const double part = static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;  // [0, 1)
    return least_ + Nanoseconds{static_cast<Nanoseconds::rep>(part * static_cast<double>(span_.count()))};
  }

 private:
  std::uint64_t state_;
  Nanoseconds least_, span_;
};

// In slices, so that Ctrl-C does not wait for a long gap. False when it was cut short.
bool sleep_until(Instant when, const Clock& clock, const std::function<bool()>& stop_asked) {
  for (Instant now = clock.now(); now < when; now = clock.now()) {
    if (stop_asked()) return false;
    clock.sleep_until(std::min(when, now + 20ms));
  }
  return true;
}

Result<Inference> run_one(ExecutionContext& context, std::uint32_t number, std::uint64_t input,
                          RunnerMarks* marks, const Clock& clock) {
  Inference inference;
  inference.load_begin = clock.now();
  if (auto loaded = context.load(input); !loaded) return loaded.error();
  inference.compute_begin = clock.now();
  if (marks != nullptr) {
    marks->begin_inference(number, inference.compute_begin);
    if (auto computed = context.compute_marked(*marks); !computed) return computed.error();
  } else {
    if (auto computed = context.compute(); !computed) return computed.error();
  }
  inference.compute_end = clock.now();
  if (marks != nullptr) marks->end_inference(inference.compute_end);
  if (auto unloaded = context.unload(); !unloaded) return unloaded.error();
  inference.unload_end = clock.now();
  return inference;
}

// What the threads of one run share.
class Run {
 public:
  Run(const RunPlan& plan, const Clock& clock, const std::function<bool()>& stop_asked)
      : plan_{plan}, clock_{clock}, stop_asked_{stop_asked} {}
  [[nodiscard]] const RunPlan& plan() const { return plan_; }
  [[nodiscard]] const Clock& clock() const { return clock_; }

  // Of the next inference; empty when there are enough.
  std::optional<std::uint32_t> next_number() {
    const std::uint64_t number = next_.fetch_add(1);
    return number < plan_.count ? std::optional{static_cast<std::uint32_t>(number)} : std::nullopt;
  }
  bool over() {
    const std::lock_guard lock{mutex_};
    if (!failed_ && !failure_ && stopped_ != Stopped::request && stop_asked_()) stopped_ = Stopped::request;
    return failed_ || failure_ || stopped_ == Stopped::request;
  }
  void out_of_time() {
    const std::lock_guard lock{mutex_};
    if (stopped_ == Stopped::count) stopped_ = Stopped::time;
  }
  void fail(const Error& error) {
    const std::lock_guard lock{mutex_};
    if (!failure_) failure_ = error;
  }
  void fail(std::exception_ptr thrown) {
    const std::lock_guard lock{mutex_};
    if (!failed_) failed_ = std::move(thrown);
  }
  // When all threads are through; throws what one of them threw.
  [[nodiscard]] Result<Stopped> outcome() const {
    if (failed_) std::rethrow_exception(failed_);
    if (failure_) return *failure_;
    return stopped_;
  }

 private:
  const RunPlan& plan_;
  const Clock& clock_;
  const std::function<bool()>& stop_asked_;
  std::atomic<std::uint64_t> next_{0};
  std::mutex mutex_;
  Stopped stopped_ = Stopped::count;
  std::optional<Error> failure_;
  std::exception_ptr failed_;
};

// One context and what it ran.
class Worker {
 public:
  Worker(ExecutionContext& context, RunnerMarks* marks, const RunPlan& plan, std::uint64_t place,
         std::size_t workers)
      : context_{context}, marks_{marks}, gaps_{plan, place}, is_first_{place == 0} {
    ran_.reserve(plan.count / workers + 1);
  }
  void prepare() {
    if (marks_ != nullptr) marks_->prepare();
  }
  // Contexts beside the first begin with a gap, so that they do not keep step from the start.
  void work(Run& run) {
    try {
      const Instant begin = run.clock().now();
      Instant ready = is_first_ ? begin : begin + gaps_.next();
      while (sleep_until(ready, run.clock(), [&run] { return run.over(); }) && !run.over()) {
        const Nanoseconds longest = run.plan().longest;
        if (longest > 0ns && ready - begin >= longest && !ran_.empty()) return run.out_of_time();
        const auto number = run.next_number();
        if (!number) return;
        const auto inference =
            run_one(context_, *number, run.plan().first_input + *number, marks_, run.clock());
        if (!inference) return run.fail(inference.error());
        ran_.push_back({*number, *inference});
        ready = inference->unload_end + gaps_.next();
      }
    } catch (...) {
      run.fail(std::current_exception());
    }
  }
  struct Numbered {
    std::uint32_t number;
    Inference inference;
  };
  [[nodiscard]] const std::vector<Numbered>& ran() const { return ran_; }

 private:
  ExecutionContext& context_;
  RunnerMarks* marks_;
  Gaps gaps_;
  bool is_first_;
  std::vector<Numbered> ran_;
};

void work_at_once(std::vector<Worker>& workers, Run& run) {
  std::latch all_prepared{static_cast<std::ptrdiff_t>(workers.size())};
  std::vector<std::jthread> threads;
  for (Worker& worker : workers)
    threads.emplace_back([&] {
      worker.prepare();
      all_prepared.arrive_and_wait();
      worker.work(run);
    });
}

std::vector<Inference> by_number(const std::vector<Worker>& workers) {
  std::vector<Worker::Numbered> all;
  for (const Worker& worker : workers) all.insert(all.end(), worker.ran().begin(), worker.ran().end());
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
  std::vector<Inference> inferences;
  inferences.reserve(all.size());
  for (const Worker::Numbered& one : all) inferences.push_back(one.inference);
  return inferences;
}

}  // namespace

Result<RunOutcome> run_inferences(std::span<const std::unique_ptr<ExecutionContext>> contexts,
                                  const RunPlan& plan, std::span<RunnerMarks> marks, const Clock& clock,
                                  const std::function<bool()>& stop_asked) {
  std::vector<Worker> workers;
  for (std::size_t i = 0; i < contexts.size(); ++i)
    workers.emplace_back(*contexts[i], marks.empty() ? nullptr : &marks[i], plan, i, contexts.size());
  Run run{plan, clock, stop_asked};
  if (workers.size() == 1) {
    workers.front().prepare();
    workers.front().work(run);
  } else {
    work_at_once(workers, run);
  }
  const auto stopped = run.outcome();
  if (!stopped) return stopped.error();
  return RunOutcome{by_number(workers), *stopped};
}

}  // namespace layerwatt
