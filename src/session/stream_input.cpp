// SPDX-License-Identifier: Apache-2.0
// See stream_input.h.
#include "session/stream_input.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "session/spawn.h"
#include "session/thread_cpu_time.h"

namespace layerwatt {

using namespace std::chrono_literals;

namespace {

constexpr std::size_t most_waiting = 64 << 20;  // bytes between two take()s: a minute of 20 kHz
constexpr std::size_t at_once = 65536;
constexpr int look_at_stop_ms = 50;
constexpr auto patience = 500ms;  // between SIGTERM and SIGKILL

}  // namespace

std::optional<std::filesystem::path> program_in_path(const std::string& name) {
  if (name.find('/') != std::string::npos) return name;
  const char* path = std::getenv("PATH");
  std::string_view rest = path == nullptr ? "/usr/local/bin:/usr/bin:/bin" : path;
  while (!rest.empty()) {
    const std::string_view folder = rest.substr(0, rest.find(':'));
    const std::filesystem::path place = std::filesystem::path{folder} / name;
    if (!folder.empty() && ::access(place.c_str(), X_OK) == 0) return place;
    rest.remove_prefix(std::min(rest.size(), folder.size() + 1));
  }
  return std::nullopt;
}

Result<std::unique_ptr<StreamInput>> StreamInput::open(const StreamPlan& plan, const Clock& clock) {
  const std::string name = plan.command.empty() ? plan.file.string() : plan.command.front();
  std::unique_ptr<StreamInput> input{new StreamInput{clock, name}};
  const auto opened = plan.command.empty() ? input->open_file(plan.file) : input->start(plan);
  if (!opened) return opened.error();
  input->thread_ = std::jthread{[self = input.get()](const std::stop_token& stop) { self->read(stop); }};
  return input;
}

Result<void> StreamInput::start(const StreamPlan& plan) {
  const auto program = program_in_path(plan.command.front());
  if (!program) return Error{Errc::not_found, name_, "is not installed; " + plan.remedy};
  int in[2], out[2], said[2];
  if (::pipe2(in, O_CLOEXEC) != 0) return system_error(errno, name_, "making a pipe");
  Descriptor their_in{in[0]};
  kept_open_ = Descriptor{in[1]};
  if (::pipe2(out, O_CLOEXEC) != 0) return system_error(errno, name_, "making a pipe");
  bytes_ = Descriptor{out[0]};
  Descriptor their_out{out[1]};
  if (::pipe2(said, O_CLOEXEC) != 0) return system_error(errno, name_, "making a pipe");
  messages_ = Descriptor{said[0]};
  Descriptor their_said{said[1]};
  ::fcntl(bytes_.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(messages_.get(), F_SETFL, O_NONBLOCK);
  last_words_.emplace(messages_.get(), false);
  SpawnPlan spawning{*program, {plan.command.begin() + 1, plan.command.end()}, {}, {}};
  spawning.descriptors = {
      {STDIN_FILENO, their_in.get()}, {STDOUT_FILENO, their_out.get()}, {STDERR_FILENO, their_said.get()}};
  const auto process = spawn(spawning);
  if (!process) return process.error();
  process_ = *process;
  return {};
}

Result<void> StreamInput::open_file(const std::filesystem::path& path) {
  bytes_ = Descriptor{path == "-" ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                                  : ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)};
  if (bytes_.get() < 0) return system_error(errno, name_, "opening");
  struct stat facts {};
  if (::fstat(bytes_.get(), &facts) != 0) return system_error(errno, name_, "looking at");
  if (S_ISDIR(facts.st_mode)) return Error{Errc::malformed, name_, "is a folder"};
  is_file_ = S_ISREG(facts.st_mode);
  is_fifo_ = S_ISFIFO(facts.st_mode) && path != "-";
  return {};
}

StreamInput::~StreamInput() { stop(); }

void StreamInput::end(std::string why) {
  const std::lock_guard lock{mutex_};
  ended_ = std::move(why);
}

// False when nothing more will come.
bool StreamInput::read_once(std::vector<char>& buffer) {
  const ssize_t n = ::read(bytes_.get(), buffer.data(), buffer.size());
  const int failure = errno;
  const Instant now = clock_.now();
  if (n > 0) {
    any_ = true;
    const std::lock_guard lock{mutex_};
    waiting_ += static_cast<std::size_t>(n);
    if (waiting_ > most_waiting) {
      ended_ = "more came than was fetched in time";
      return false;
    }
    chunks_.push_back({now, {buffer.data(), static_cast<std::size_t>(n)}, false});
    cpu_time_ = thread_cpu_time();
    return true;
  }
  if (n < 0 && (failure == EAGAIN || failure == EINTR)) return true;
  // A file may grow; a FIFO may still get its first writer.
  if (n == 0 && (is_file_ || (is_fifo_ && !any_))) {
    std::this_thread::sleep_for(5ms);
    return true;
  }
  end(n == 0 ? ending() : system_error(failure, name_, "reading").detail);
  return false;
}

void StreamInput::read(const std::stop_token& stop) {
  std::vector<char> buffer(at_once);
  if (is_file_) {
    // What is there already tells what is in it, and not when that was.
    for (ssize_t n = 1; n > 0 && !stop.stop_requested();) {
      n = ::read(bytes_.get(), buffer.data(), buffer.size());
      const std::lock_guard lock{mutex_};
      if (n > 0) waiting_ += static_cast<std::size_t>(n);
      if (waiting_ > most_waiting) break;
      if (n > 0) chunks_.push_back({clock_.now(), {buffer.data(), static_cast<std::size_t>(n)}, true});
    }
  }
  while (!stop.stop_requested()) {
    pollfd wanted[2]{{bytes_.get(), POLLIN, 0}, {messages_.get(), POLLIN, 0}};
    ::poll(wanted, messages_.get() < 0 ? 1 : 2, look_at_stop_ms);
    if ((wanted[1].revents & (POLLIN | POLLHUP)) != 0 && messages_.get() >= 0 && !last_words_->take())
      messages_ = Descriptor{};
    if ((wanted[0].revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)) != 0 && !read_once(buffer)) return;
  }
}

std::vector<StreamInput::Chunk> StreamInput::take() {
  const std::lock_guard lock{mutex_};
  waiting_ = 0;
  return std::exchange(chunks_, {});
}

std::optional<std::string> StreamInput::ended() {
  const std::lock_guard lock{mutex_};
  return ended_;
}

Nanoseconds StreamInput::cpu_time() {
  const std::lock_guard lock{mutex_};
  return cpu_time_;
}

// Its output has ended: waits a moment for it to end itself.
std::string StreamInput::ending() {
  if (!process_) return "it has ended";
  for (int i = 0; i < 100 && process_; ++i) {
    if (::waitpid(*process_, &status_, WNOHANG) == *process_) {
      process_.reset();
      break;
    }
    std::this_thread::sleep_for(5ms);
  }
  if (messages_.get() >= 0) last_words_->take();
  if (process_) return "closed its output" + last_words_->text();
  const std::string how = WIFSIGNALED(status_) ? "was ended by signal " + std::to_string(WTERMSIG(status_))
                                               : "ended with code " + std::to_string(WEXITSTATUS(status_));
  return how + last_words_->text();
}

void StreamInput::reap() {
  if (!process_) return;
  // Its group: what it started goes as well.
  ::kill(-*process_, SIGTERM);
  const Instant limit = clock_.now() + patience;
  pid_t reaped = 0;
  while (reaped == 0 && clock_.now() < limit) {
    reaped = ::waitpid(*process_, &status_, WNOHANG);
    if (reaped == 0) std::this_thread::sleep_for(2ms);
  }
  ::kill(-*process_, SIGKILL);
  while (reaped == 0 || (reaped < 0 && errno == EINTR)) reaped = ::waitpid(*process_, &status_, 0);
  process_.reset();
}

void StreamInput::stop() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  reap();
}

}  // namespace layerwatt
