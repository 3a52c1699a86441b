// The lossy file system: files in memory, of which the synced part is kept on the disk as well.
#include "tests/support/lossy_file_system.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

namespace flotilla::testing {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

constexpr mode_t file_mode = 0644;
constexpr std::size_t copied_at_once = 1U << 20U;

IOStatus failure(const std::string& what, const std::string& name) {
  return IOStatus::IOError(what + " " + name, std::strerror(errno));  // NOLINT(concurrency-mt-unsafe)
}

IOStatus missing(const std::string& name) {
  return IOStatus::PathNotFound(name);
}

/// The same name for the same file, however its path is written.
std::string plain(const std::string& path) {
  std::string made;
  for (const char each : path) {
    if (each != '/' || made.empty() || made.back() != '/') made += each;
  }
  if (made.size() > 1 && made.back() == '/') made.pop_back();
  return made;
}

std::string directory_of(const std::string& name) {
  return name.substr(0, name.rfind('/'));
}

std::string last_part(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

/// What no data depends on, and what is opened behind this file system's back.
bool is_machines_own(const std::string& name) {
  const auto last = last_part(name);
  return last == "LOCK" || last.starts_with("LOG");
}

}  // namespace

/// A file that this process has made or changed: all its bytes, and how many of them are safe.
class lossy_file {
 public:
  explicit lossy_file(std::string bytes = {}) : bytes_(std::move(bytes)) {}
  ~lossy_file() {
    if (disk_ >= 0) ::close(disk_);
  }
  lossy_file(const lossy_file&) = delete;
  lossy_file& operator=(const lossy_file&) = delete;

  /// Its name is durable: its synced part belongs on the disk from now on. `fresh`: the name is new there too.
  IOStatus place(const std::string& name, bool fresh) {
    const std::lock_guard lock(mutex_);
    disk_ = ::open(name.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | (fresh ? O_TRUNC : 0), file_mode);
    if (disk_ < 0) return failure("open", name);
    if (!fresh) synced_ = same_ = on_disk_ = bytes_.size();
    return write_out();
  }
  void append(const Slice& data) {
    const std::lock_guard lock(mutex_);
    bytes_.append(data.data(), data.size());
  }
  void truncate(std::size_t size) {
    const std::lock_guard lock(mutex_);
    bytes_.resize(size);
    same_ = std::min(same_, size);
    synced_ = std::min(synced_, size);
  }
  /// `reaches_disk`: false after the cut.
  IOStatus sync(bool reaches_disk) {
    const std::lock_guard lock(mutex_);
    synced_ = bytes_.size();
    return reaches_disk && disk_ >= 0 ? write_out() : IOStatus::OK();
  }
  Slice read(std::uint64_t offset, std::size_t count, char* into) const {
    const std::lock_guard lock(mutex_);
    const auto begin = std::min<std::uint64_t>(offset, bytes_.size());
    const auto length = std::min<std::uint64_t>(count, bytes_.size() - begin);
    std::memcpy(into, bytes_.data() + begin, length);
    return {into, length};
  }
  [[nodiscard]] std::size_t size() const {
    const std::lock_guard lock(mutex_);
    return bytes_.size();
  }
  [[nodiscard]] std::uint64_t made_at() const noexcept { return made_at_; }

 private:
  // The lock is held.
  IOStatus write_out() {
    if (on_disk_ > same_ && ::ftruncate(disk_, static_cast<off_t>(same_)) != 0) return failure("ftruncate", {});
    on_disk_ = same_;
    while (on_disk_ < synced_) {
      const auto put = ::pwrite(disk_, bytes_.data() + on_disk_, synced_ - on_disk_, static_cast<off_t>(on_disk_));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) return failure("write", {});
      on_disk_ += static_cast<std::size_t>(put);
    }
    same_ = on_disk_;
    return IOStatus::OK();
  }

  mutable std::mutex mutex_;
  std::string bytes_;
  std::size_t synced_ = 0;   ///< of the bytes
  int disk_ = -1;            ///< its durable copy; -1: there is none
  std::size_t on_disk_ = 0;  ///< the copy's size
  std::size_t same_ = 0;     ///< how much of the copy is as the bytes are
  const std::uint64_t made_at_ = static_cast<std::uint64_t>(::time(nullptr));
};

namespace {

class lossy_reader final : public rocksdb::FSRandomAccessFile {
 public:
  explicit lossy_reader(std::shared_ptr<lossy_file> file) : file_(std::move(file)) {}
  IOStatus Read(std::uint64_t offset, std::size_t count, const IOOptions& /*options*/, Slice* found, char* scratch,
                IODebugContext* /*debug*/) const override {
    *found = file_->read(offset, count, scratch);
    return IOStatus::OK();
  }

 private:
  std::shared_ptr<lossy_file> file_;
};

class lossy_stream final : public rocksdb::FSSequentialFile {
 public:
  explicit lossy_stream(std::shared_ptr<lossy_file> file) : file_(std::move(file)) {}
  IOStatus Read(std::size_t count, const IOOptions& /*options*/, Slice* found, char* scratch,
                IODebugContext* /*debug*/) override {
    *found = file_->read(at_, count, scratch);
    at_ += found->size();
    return IOStatus::OK();
  }
  IOStatus Skip(std::uint64_t count) override {
    at_ += count;
    return IOStatus::OK();
  }

 private:
  std::shared_ptr<lossy_file> file_;
  std::uint64_t at_ = 0;
};

class lossy_writer final : public rocksdb::FSWritableFile {
 public:
  lossy_writer(std::shared_ptr<lossy_file> file, std::function<bool()> reaches_disk)
      : file_(std::move(file)), reaches_disk_(std::move(reaches_disk)) {}

  IOStatus Append(const Slice& data, const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    file_->append(data);
    return IOStatus::OK();
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const rocksdb::DataVerificationInfo& /*check*/,
                  IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  IOStatus Truncate(std::uint64_t size, const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    file_->truncate(size);
    return IOStatus::OK();
  }
  // Neither closing nor flushing nor a range's sync makes anything durable.
  IOStatus Close(const IOOptions& /*options*/, IODebugContext* /*debug*/) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions& /*options*/, IODebugContext* /*debug*/) override { return IOStatus::OK(); }
  IOStatus RangeSync(std::uint64_t /*offset*/, std::uint64_t /*size*/, const IOOptions& /*options*/,
                     IODebugContext* /*debug*/) override {
    return IOStatus::OK();
  }
  IOStatus Sync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return file_->sync(reaches_disk_());
  }
  bool IsSyncThreadSafe() const override { return true; }
  std::uint64_t GetFileSize(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return file_->size();
  }

 private:
  std::shared_ptr<lossy_file> file_;
  std::function<bool()> reaches_disk_;
};

}  // namespace

class lossy_directory final : public rocksdb::FSDirectory {
 public:
  lossy_directory(lossy_file_system& in, std::string name) : in_(in), name_(std::move(name)) {}
  IOStatus Fsync(const IOOptions& /*options*/, IODebugContext* /*debug*/) override {
    return in_.sync_directory(name_);
  }
  IOStatus Close(const IOOptions& /*options*/, IODebugContext* /*debug*/) override { return IOStatus::OK(); }

 private:
  lossy_file_system& in_;
  const std::string name_;
};

lossy_file_system::lossy_file_system() : FileSystemWrapper(rocksdb::FileSystem::Default()) {
}

lossy_file_system::~lossy_file_system() = default;

void lossy_file_system::before_sync(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  before_sync_ = std::move(call);
}

void lossy_file_system::wait_before_sync() const {
  std::unique_lock lock(mutex_);
  const auto call = before_sync_;
  lock.unlock();
  if (call) call();
}

// --- what there is ------------------------------------------------------------------------------------------

lossy_file_system::place lossy_file_system::find(const std::string& name, file_ptr& file) const {
  const std::lock_guard lock(mutex_);
  const auto found = names_.find(plain(name));
  if (found == names_.end()) return place::disk;
  file = found->second;
  return file ? place::memory : place::nowhere;
}

// The file of a name, brought into memory where it lies on the disk only. The lock is held.
IOStatus lossy_file_system::take(const std::string& name, file_ptr& file) {
  const auto known = names_.find(name);
  if (known != names_.end()) {
    file = known->second;
    return file ? IOStatus::OK() : missing(name);
  }
  std::unique_ptr<rocksdb::FSSequentialFile> from;
  auto status = target_->NewSequentialFile(name, FileOptions(), &from, nullptr);
  std::string bytes;
  std::string piece(copied_at_once, '\0');
  for (Slice got(piece); status.ok() && !got.empty(); bytes.append(got.data(), got.size())) {
    status = from->Read(piece.size(), IOOptions(), &got, piece.data(), nullptr);
    if (!status.ok()) return status;
  }
  if (!status.ok()) return status;
  file = std::make_shared<lossy_file>(std::move(bytes));
  if (status = file->place(name, false); status.ok()) names_[name] = file;
  return status;
}

IOStatus lossy_file_system::FileExists(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  file_ptr file;
  const auto where = find(name, file);
  if (where == place::disk) return target_->FileExists(name, options, debug);
  return where == place::memory ? IOStatus::OK() : IOStatus::NotFound(name);
}

IOStatus lossy_file_system::GetChildren(const std::string& directory, const IOOptions& options,
                                        std::vector<std::string>* names, IODebugContext* debug) {
  const std::lock_guard lock(mutex_);
  auto status = target_->GetChildren(directory, options, names, debug);
  if (!status.ok()) return status;
  for (const auto& [name, file] : names_) {
    if (directory_of(name) != plain(directory)) continue;
    std::erase(*names, last_part(name));
    if (file) names->push_back(last_part(name));
  }
  return status;
}

IOStatus lossy_file_system::GetChildrenFileAttributes(const std::string& directory, const IOOptions& options,
                                                      std::vector<rocksdb::FileAttributes>* found,
                                                      IODebugContext* debug) {
  return rocksdb::FileSystem::GetChildrenFileAttributes(directory, options, found, debug);  // asks for each name
}

IOStatus lossy_file_system::GetFileSize(const std::string& name, const IOOptions& options, std::uint64_t* size,
                                        IODebugContext* debug) {
  file_ptr file;
  const auto where = find(name, file);
  if (where == place::disk) return target_->GetFileSize(name, options, size, debug);
  if (where == place::nowhere) return missing(name);
  *size = file->size();
  return IOStatus::OK();
}

IOStatus lossy_file_system::GetFileModificationTime(const std::string& name, const IOOptions& options,
                                                    std::uint64_t* time, IODebugContext* debug) {
  file_ptr file;
  const auto where = find(name, file);
  if (where == place::disk) return target_->GetFileModificationTime(name, options, time, debug);
  if (where == place::nowhere) return missing(name);
  *time = file->made_at();
  return IOStatus::OK();
}

// --- reading and writing --------------------------------------------------------------------------------------

IOStatus lossy_file_system::NewSequentialFile(const std::string& name, const FileOptions& options,
                                              std::unique_ptr<rocksdb::FSSequentialFile>* file,
                                              IODebugContext* debug) {
  file_ptr found;
  const auto where = find(name, found);
  if (where == place::disk) return target_->NewSequentialFile(name, options, file, debug);
  if (where == place::nowhere) return missing(name);
  *file = std::make_unique<lossy_stream>(std::move(found));
  return IOStatus::OK();
}

IOStatus lossy_file_system::NewRandomAccessFile(const std::string& name, const FileOptions& options,
                                                std::unique_ptr<rocksdb::FSRandomAccessFile>* file,
                                                IODebugContext* debug) {
  file_ptr found;
  const auto where = find(name, found);
  if (where == place::disk) return target_->NewRandomAccessFile(name, options, file, debug);
  if (where == place::nowhere) return missing(name);
  *file = std::make_unique<lossy_reader>(std::move(found));
  return IOStatus::OK();
}

IOStatus lossy_file_system::NewWritableFile(const std::string& name, const FileOptions& options,
                                            std::unique_ptr<rocksdb::FSWritableFile>* file, IODebugContext* debug) {
  if (is_machines_own(name)) return target_->NewWritableFile(name, options, file, debug);
  struct stat there {};
  if (::stat(directory_of(plain(name)).c_str(), &there) != 0) return missing(name);
  auto made = std::make_shared<lossy_file>();
  const auto known = plain(name);
  {
    const std::lock_guard lock(mutex_);
    names_[known] = made;
    pending_[directory_of(known)].push_back({change::kind::made, known, {}, made});
  }
  *file = std::make_unique<lossy_writer>(std::move(made), [this] {
    wait_before_sync();
    return !cut_;
  });
  return IOStatus::OK();
}

IOStatus lossy_file_system::ReopenWritableFile(const std::string& name, const FileOptions& options,
                                               std::unique_ptr<rocksdb::FSWritableFile>* file,
                                               IODebugContext* debug) {
  if (FileExists(name, options.io_options, debug).IsNotFound()) return NewWritableFile(name, options, file, debug);
  file_ptr found;
  {
    const std::lock_guard lock(mutex_);
    if (auto status = take(plain(name), found); !status.ok()) return status;
  }
  *file = std::make_unique<lossy_writer>(std::move(found), [this] {
    wait_before_sync();
    return !cut_;
  });
  return IOStatus::OK();
}

// Not needed by a store of ours; refused, so that nothing goes past the memory unnoticed.
IOStatus lossy_file_system::ReuseWritableFile(const std::string& name, const std::string& /*old_name*/,
                                              const FileOptions& /*options*/,
                                              std::unique_ptr<rocksdb::FSWritableFile>* /*file*/,
                                              IODebugContext* /*debug*/) {
  return IOStatus::NotSupported(name);
}

IOStatus lossy_file_system::NewRandomRWFile(const std::string& name, const FileOptions& /*options*/,
                                            std::unique_ptr<rocksdb::FSRandomRWFile>* /*file*/,
                                            IODebugContext* /*debug*/) {
  return IOStatus::NotSupported(name);
}

IOStatus lossy_file_system::NewMemoryMappedFileBuffer(const std::string& name,
                                                      std::unique_ptr<rocksdb::MemoryMappedFileBuffer>* /*into*/) {
  return IOStatus::NotSupported(name);
}

IOStatus lossy_file_system::Truncate(const std::string& name, std::size_t size, const IOOptions& options,
                                     IODebugContext* debug) {
  if (is_machines_own(name)) return target_->Truncate(name, size, options, debug);
  const std::lock_guard lock(mutex_);
  file_ptr file;
  if (auto status = take(plain(name), file); !status.ok()) return status;
  file->truncate(size);
  return IOStatus::OK();
}

// --- names ----------------------------------------------------------------------------------------------------

IOStatus lossy_file_system::DeleteFile(const std::string& name, const IOOptions& options, IODebugContext* debug) {
  if (is_machines_own(name)) return target_->DeleteFile(name, options, debug);
  if (auto there = FileExists(name, options, debug); !there.ok()) return missing(name);
  const auto known = plain(name);
  const std::lock_guard lock(mutex_);
  names_[known] = nullptr;
  pending_[directory_of(known)].push_back({change::kind::removed, known, {}, nullptr});
  return IOStatus::OK();
}

IOStatus lossy_file_system::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                                       IODebugContext* debug) {
  if (is_machines_own(from)) return target_->RenameFile(from, to, options, debug);
  const std::lock_guard lock(mutex_);
  file_ptr file;
  if (auto status = take(plain(from), file); !status.ok()) return status;
  names_[plain(to)] = file;
  names_[plain(from)] = nullptr;
  pending_[directory_of(plain(to))].push_back({change::kind::renamed, plain(to), plain(from), nullptr});
  return IOStatus::OK();
}

// A checkpoint copies where it cannot link.
IOStatus lossy_file_system::LinkFile(const std::string& from, const std::string& /*to*/, const IOOptions& /*options*/,
                                     IODebugContext* /*debug*/) {
  return IOStatus::NotSupported(from);
}

IOStatus lossy_file_system::NewDirectory(const std::string& name, const IOOptions& /*options*/,
                                         std::unique_ptr<rocksdb::FSDirectory>* directory,
                                         IODebugContext* /*debug*/) {
  *directory = std::make_unique<lossy_directory>(*this, plain(name));
  return IOStatus::OK();
}

// In the order in which they were made, as a journaling file system does; a kill in between leaves the first of them.
IOStatus lossy_file_system::sync_directory(const std::string& directory) {
  const std::lock_guard lock(mutex_);
  if (cut_) return IOStatus::OK();
  for (const auto& made : std::exchange(pending_[directory], {})) {
    if (auto status = apply(made); !status.ok()) return status;
  }
  return IOStatus::OK();
}

IOStatus lossy_file_system::apply(const change& made) {
  switch (made.what) {
    case change::kind::made:
      return made.file->place(made.name, true);
    case change::kind::renamed:
      return ::rename(made.old_name.c_str(), made.name.c_str()) == 0 ? IOStatus::OK() : failure("rename", made.name);
    case change::kind::removed:
      return ::unlink(made.name.c_str()) == 0 ? IOStatus::OK() : failure("unlink", made.name);
  }
  return IOStatus::OK();
}

}  // namespace flotilla::testing
