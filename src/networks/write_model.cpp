// SPDX-License-Identifier: Apache-2.0
// Puts a model on disk whole or not at all. See onnx_builder.h.
#include <fcntl.h>
#include <google/protobuf/io/zero_copy_stream_impl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>

#include "networks/onnx_builder.h"

namespace layerwatt {

namespace {

// A file that removes itself unless it is put in its place.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::filesystem::path& target) : target_{target} {
    static std::atomic<unsigned> made{0};
    const std::string suffix = "." + std::to_string(::getpid()) + "." + std::to_string(made++) + ".part";
    path_ = target.parent_path() / ("." + target.filename().string() + suffix);
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    failure_ = descriptor_ < 0 ? errno : 0;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
    if (exists_without_place()) ::unlink(path_.c_str());
  }

  [[nodiscard]] int descriptor() const { return descriptor_; }
  [[nodiscard]] int failure() const { return failure_; }

  Result<void> put_in_place() {
    if (::fsync(descriptor_) != 0) return error("writing");
    const int descriptor = descriptor_;
    descriptor_ = -1;
    // Some file systems report a full disk only here.
    if (::close(descriptor) != 0) return error("closing");
    if (::rename(path_.c_str(), target_.c_str()) != 0) return error("renaming");
    in_place_ = true;
    return {};
  }

 private:
  [[nodiscard]] Error error(const char* what) const { return system_error(errno, target_.string(), what); }
  [[nodiscard]] bool exists_without_place() const { return failure_ == 0 && !in_place_; }

  std::filesystem::path target_, path_;
  int descriptor_ = -1;
  int failure_ = 0;
  bool in_place_ = false;
};

}  // namespace

Result<void> write_model(const onnx::ModelProto& model, const std::filesystem::path& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode))
    return Error{Errc::exists, path.string(), "exists and is not a regular file"};
  TemporaryFile file{path};
  if (file.failure() != 0) return system_error(file.failure(), path.string(), "creating");
  google::protobuf::io::FileOutputStream stream{file.descriptor()};
  const bool written = model.SerializeToZeroCopyStream(&stream) && stream.Flush();
  if (!written) {
    const int failure = stream.GetErrno() != 0 ? stream.GetErrno() : EIO;
    return system_error(failure, path.string(), "writing");
  }
  return file.put_in_place();
}

}  // namespace layerwatt
