// SPDX-License-Identifier: Apache-2.0
// The first and only process of the emulated machine. Does what the console asks, a line at a time, words
// separated by tabs, and answers each with "reply STATUS LENGTH", a line break and LENGTH bytes. Judges
// nothing: kernel_test.py does. STATUS is errno of what failed, or the exit code of what was run.
#include <fcntl.h>
#include <linux/i2c-dev.h>
#include <linux/i2c.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace {

using Words = std::vector<std::string>;

struct Answer {
  int status = 0;
  std::string text;
};

Answer failure() { return {errno, std::strerror(errno)}; }

std::string all_of(int descriptor) {
  std::string text;
  char part[4096];
  for (ssize_t n = 0; (n = ::read(descriptor, part, sizeof part)) > 0;)
    text.append(part, static_cast<std::size_t>(n));
  return text;
}

// read FILE
Answer read_file(const Words& words) {
  const int file = ::open(words.at(1).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failure();
  Answer answer;
  char part[4096];
  ssize_t n = 0;
  while ((n = ::read(file, part, sizeof part)) > 0) answer.text.append(part, static_cast<std::size_t>(n));
  if (n < 0) answer = failure();
  ::close(file);
  return answer;
}

// write FILE TEXT: in one write(2), as sysfs wants it.
Answer write_file(const Words& words) {
  const int file = ::open(words.at(1).c_str(), O_WRONLY | O_CLOEXEC);
  if (file < 0) return failure();
  const std::string& text = words.at(2);
  const Answer answer = ::write(file, text.data(), text.size()) < 0 ? failure() : Answer{};
  ::close(file);
  return answer;
}

// list FOLDER: a name a line; a folder that is not there is empty.
Answer list_folder(const Words& words) {
  Answer answer;
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator{words.at(1), ignored})
    answer.text += entry.path().filename().string() + "\n";
  return answer;
}

// load FILE [PARAMETER...]; unload NAME
Answer load(const Words& words) {
  const int file = ::open(words.at(1).c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return failure();
  std::string parameters;
  for (std::size_t i = 2; i < words.size(); ++i) parameters += (i == 2 ? "" : " ") + words[i];
  const Answer answer = ::syscall(SYS_finit_module, file, parameters.c_str(), 0) != 0 ? failure() : Answer{};
  ::close(file);
  return answer;
}

Answer unload(const Words& words) {
  return ::syscall(SYS_delete_module, words.at(1).c_str(), O_NONBLOCK) != 0 ? failure() : Answer{};
}

// register DEVICE ADDRESS REGISTER [VALUE]: a chip's register as the chip sees it, high byte first.
Answer access_register(const Words& words) {
  const int bus = ::open(words.at(1).c_str(), O_RDWR | O_CLOEXEC);
  if (bus < 0) return failure();
  const bool writes = words.size() > 4;
  i2c_smbus_data data{};
  if (writes) data.word = __builtin_bswap16(static_cast<__u16>(std::stoul(words[4], nullptr, 0)));
  i2c_smbus_ioctl_data request{};
  request.read_write = writes ? I2C_SMBUS_WRITE : I2C_SMBUS_READ;
  request.command = static_cast<__u8>(std::stoul(words.at(3), nullptr, 0));
  request.size = I2C_SMBUS_WORD_DATA;
  request.data = &data;
  Answer answer;
  // _FORCE: a driver is bound to the address.
  if (::ioctl(bus, I2C_SLAVE_FORCE, std::stoul(words.at(2), nullptr, 0)) != 0 ||
      ::ioctl(bus, I2C_SMBUS, &request) != 0)
    answer = failure();
  else if (!writes)
    answer.text = std::to_string(__builtin_bswap16(data.word));
  ::close(bus);
  return answer;
}

struct Started {
  pid_t process = -1;
  int output = -1;
};

Started start(const Words& words) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const pid_t child = ::fork();
  if (child == 0) {
    ::dup2(::open("/dev/null", O_RDONLY), STDIN_FILENO);
    ::dup2(ends[1], STDOUT_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    std::vector<char*> arguments;
    for (std::size_t i = 1; i < words.size(); ++i) arguments.push_back(const_cast<char*>(words[i].c_str()));
    arguments.push_back(nullptr);
    constexpr uid_t nobody = 65534;
    if (words[0] == "nobody" && ::setuid(nobody) != 0) ::_exit(126);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  ::close(ends[1]);
  return {child, ends[0]};
}

Answer finish(const Started& started) {
  if (started.process < 0) return failure();
  Answer answer{0, all_of(started.output)};
  int state = 0;
  ::waitpid(started.process, &state, 0);
  answer.status = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
  ::close(started.output);
  return answer;
}

// run PROGRAM ARGUMENT...: what it writes and its exit code; nobody runs it without rights; start does not
// wait, finish does, kill is as kill -9.
std::map<std::string, Started> running;

Answer run(const Words& words) { return finish(start(words)); }

Answer start_and_go_on(const Words& words) {
  const Started started = start(words);
  const std::string name = std::to_string(started.process);
  running[name] = started;
  return {0, name};
}

Answer finish_started(const Words& words) {
  const Answer answer = finish(running[words.at(1)]);
  running.erase(words.at(1));
  return answer;
}

Answer kill_started(const Words& words) {
  return ::kill(running[words.at(1)].process, SIGKILL) != 0 ? failure() : Answer{};
}

Answer sleep_ms(const Words& words) {
  ::usleep(static_cast<useconds_t>(std::stoul(words.at(1)) * 1000));
  return {};
}

Answer batch(const Words& words);

const std::map<std::string, Answer (*)(const Words&)> commands{
    {"read", read_file},    {"write", write_file},      {"list", list_folder},
    {"load", load},         {"unload", unload},         {"register", access_register},
    {"run", run},           {"start", start_and_go_on}, {"finish", finish_started},
    {"kill", kill_started}, {"sleep", sleep_ms},        {"batch", batch},
    {"nobody", run}};

Answer execute(const Words& words) {
  const auto command = commands.find(words[0]);
  return command == commands.end() ? Answer{ENOSYS, "no such command: " + words[0]} : command->second(words);
}

// batch COMMAND WORD... ; COMMAND WORD...: up to the first that fails. Between lines of the console time
// passes that depends on who writes them; here it does not.
Answer batch(const Words& words) {
  Answer answer;
  Words one;
  for (std::size_t i = 1; i <= words.size() && answer.status == 0; ++i) {
    if (i < words.size() && words[i] != ";") {
      one.push_back(words[i]);
      continue;
    }
    if (!one.empty()) answer = execute(one);
    one.clear();
  }
  return answer;
}

Words words_of(const std::string& line) {
  Words words(1);
  for (const char c : line)
    if (c == '\t')
      words.emplace_back();
    else
      words.back() += c;
  return words;
}

void reply(const Answer& answer) {
  const std::string text = "reply " + std::to_string(answer.status) + " " +
                           std::to_string(answer.text.size()) + "\n" + answer.text;
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t n = ::write(STDOUT_FILENO, text.data() + at, text.size() - at);
    if (n <= 0) return;
    at += static_cast<std::size_t>(n);
  }
}

void prepare() {
  ::mount("none", "/proc", "proc", 0, nullptr);
  ::mount("none", "/sys", "sysfs", 0, nullptr);
  ::mount("none", "/dev", "devtmpfs", 0, nullptr);
  ::mount("none", "/tmp", "tmpfs", 0, nullptr);
  ::setenv("HOME", "/tmp", 1);
  ::setenv("TMPDIR", "/tmp", 1);
  ::setenv("PATH", "/", 1);
  termios console{};
  ::tcgetattr(STDIN_FILENO, &console);
  ::cfmakeraw(&console);
  ::tcsetattr(STDIN_FILENO, TCSANOW, &console);
}

}  // namespace

int main() {
  prepare();
  reply({0, "ready"});
  std::string line;
  for (char c = 0; ::read(STDIN_FILENO, &c, 1) == 1;) {
    if (c != '\n') {
      line += c;
      continue;
    }
    const Words words = words_of(line);
    line.clear();
    if (words[0] == "off") break;
    reply(execute(words));
  }
  ::reboot(RB_POWER_OFF);
}
