// A file system for RocksDB whose disk fails on command.
#pragma once

#include <rocksdb/file_system.h>

#include <atomic>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

namespace flotilla::storage::testing {

/// What goes wrong while it is on.
enum class fault {
  none,
  append_nothing,  ///< a write to the log fails and leaves nothing
  append_half,     ///< a write to the log fails and leaves half of its bytes
  append_all,      ///< a write to the log leaves all of its bytes, and says that it failed
  sync,            ///< bytes reach the log, their sync fails
  tables,          ///< tables cannot be written; the log can
  everything,      ///< no file can be made or written
};

inline std::ostream& operator<<(std::ostream& out, fault what) {
  return out << static_cast<int>(what);
}

/// The switch, and how what goes wrong is told.
struct fault_switch {
  std::atomic<fault> now{fault::none};
  std::atomic<bool> no_space{true};  ///< else: an I/O error
  std::atomic<int> hits{0};

  ::rocksdb::IOStatus error() {
    ++hits;
    return no_space ? ::rocksdb::IOStatus::NoSpace("/host/path/000001.log: No space left on device")
                    : ::rocksdb::IOStatus::IOError("/host/path/000001.log: Input/output error");
  }
};

class fault_file final : public ::rocksdb::FSWritableFileOwnerWrapper {
 public:
  fault_file(std::shared_ptr<fault_switch> faults, bool log, std::unique_ptr<::rocksdb::FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), faults_(std::move(faults)), log_(log) {}

  ::rocksdb::IOStatus Append(const ::rocksdb::Slice& data, const ::rocksdb::IOOptions& options,
                             ::rocksdb::IODebugContext* debug) override {
    const auto now = faults_->now.load();
    if (now == fault::everything || (!log_ && now == fault::tables)) return faults_->error();
    if (!log_ || (now != fault::append_nothing && now != fault::append_half && now != fault::append_all)) {
      return FSWritableFileOwnerWrapper::Append(data, options, debug);
    }
    std::size_t part = now == fault::append_all ? data.size() : 0;
    if (now == fault::append_half) part = data.size() / 2;
    if (part > 0) {
      auto written = FSWritableFileOwnerWrapper::Append({data.data(), part}, options, debug);
      if (!written.ok()) return written;
    }
    return faults_->error();
  }
  ::rocksdb::IOStatus Append(const ::rocksdb::Slice& data, const ::rocksdb::IOOptions& options,
                             const ::rocksdb::DataVerificationInfo& /*check*/,
                             ::rocksdb::IODebugContext* debug) override {
    return Append(data, options, debug);
  }
  ::rocksdb::IOStatus Sync(const ::rocksdb::IOOptions& options, ::rocksdb::IODebugContext* debug) override {
    const auto now = faults_->now.load();
    if (now == fault::everything || (log_ && now == fault::sync)) return faults_->error();
    return FSWritableFileOwnerWrapper::Sync(options, debug);
  }

 private:
  std::shared_ptr<fault_switch> faults_;
  bool log_;
};

class fault_file_system final : public ::rocksdb::FileSystemWrapper {
 public:
  explicit fault_file_system(std::shared_ptr<fault_switch> faults)
      : FileSystemWrapper(::rocksdb::FileSystem::Default()), faults_(std::move(faults)) {}

  const char* Name() const override { return "fault_file_system"; }
  ::rocksdb::IOStatus NewWritableFile(const std::string& name, const ::rocksdb::FileOptions& options,
                                      std::unique_ptr<::rocksdb::FSWritableFile>* file,
                                      ::rocksdb::IODebugContext* debug) override {
    if (faults_->now == fault::everything) return faults_->error();
    std::unique_ptr<::rocksdb::FSWritableFile> opened;
    auto status = FileSystemWrapper::NewWritableFile(name, options, &opened, debug);
    if (status.ok()) *file = std::make_unique<fault_file>(faults_, name.ends_with(".log"), std::move(opened));
    return status;
  }

 private:
  std::shared_ptr<fault_switch> faults_;
};

}  // namespace flotilla::storage::testing
