// SPDX-License-Identifier: Apache-2.0
// A write beyond RLIMIT_FSIZE raises SIGXFSZ, which kills by default. Blocked for this thread while one of
// these lives, the same write fails with EFBIG and becomes an Error. Source: setrlimit(2).
#pragma once
#include <csignal>
#include <ctime>

namespace layerwatt {

class FileSizeSignalBlocked {
 public:
  FileSizeSignalBlocked() {
    sigemptyset(&signal_);
    sigaddset(&signal_, SIGXFSZ);
    pthread_sigmask(SIG_BLOCK, &signal_, &before_);
  }
  ~FileSizeSignalBlocked() {
    const timespec at_once{};
    if (sigismember(&before_, SIGXFSZ) == 0) sigtimedwait(&signal_, nullptr, &at_once);  // takes it back
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  FileSizeSignalBlocked(const FileSizeSignalBlocked&) = delete;
  FileSizeSignalBlocked& operator=(const FileSizeSignalBlocked&) = delete;

 private:
  sigset_t signal_{}, before_{};
};

}  // namespace layerwatt
