#include "storage/rocksdb/wal_guard.hpp"

#include <utility>

#include "storage/rocksdb/status.hpp"

namespace flotilla::storage {
namespace {

using ::rocksdb::DataVerificationInfo;
using ::rocksdb::FileOptions;
using ::rocksdb::FSDirectory;
using ::rocksdb::FSWritableFile;
using ::rocksdb::IODebugContext;
using ::rocksdb::IOOptions;
using ::rocksdb::IOStatus;
using ::rocksdb::Slice;

constexpr std::string_view wal_suffix = ".log";

/// A file whose failed writes are told as ones that may be tried again.
class softened_file : public ::rocksdb::FSWritableFileOwnerWrapper {
 public:
  softened_file(wal_guard& owner, std::unique_ptr<FSWritableFile> file)
      : FSWritableFileOwnerWrapper(std::move(file)), owner_(owner) {}

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    return owner_.softened(FSWritableFileOwnerWrapper::Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo& check,
                  IODebugContext* debug) override {
    return owner_.softened(FSWritableFileOwnerWrapper::Append(data, options, check, debug));
  }
  IOStatus Flush(const IOOptions& options, IODebugContext* debug) override {
    return owner_.softened(FSWritableFileOwnerWrapper::Flush(options, debug));
  }
  IOStatus Sync(const IOOptions& options, IODebugContext* debug) override {
    return owner_.softened(FSWritableFileOwnerWrapper::Sync(options, debug));
  }
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return owner_.softened(FSWritableFileOwnerWrapper::Fsync(options, debug));
  }
  IOStatus RangeSync(std::uint64_t offset, std::uint64_t size, const IOOptions& options,
                     IODebugContext* debug) override {
    return owner_.softened(FSWritableFileOwnerWrapper::RangeSync(offset, size, options, debug));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return owner_.softened(FSWritableFileOwnerWrapper::Close(options, debug));
  }

 protected:
  wal_guard& owner_;
};

class softened_directory final : public FSDirectory {
 public:
  softened_directory(wal_guard& owner, std::unique_ptr<FSDirectory> directory)
      : owner_(owner), directory_(std::move(directory)) {}
  IOStatus Fsync(const IOOptions& options, IODebugContext* debug) override {
    return owner_.softened(directory_->Fsync(options, debug));
  }
  IOStatus FsyncWithDirOptions(const IOOptions& options, IODebugContext* debug,
                               const ::rocksdb::DirFsyncOptions& what) override {
    return owner_.softened(directory_->FsyncWithDirOptions(options, debug, what));
  }
  IOStatus Close(const IOOptions& options, IODebugContext* debug) override {
    return directory_->Close(options, debug);
  }
  std::size_t GetUniqueId(char* id, std::size_t max_size) const override {
    return directory_->GetUniqueId(id, max_size);
  }

 private:
  wal_guard& owner_;
  std::unique_ptr<FSDirectory> directory_;
};

}  // namespace

/// A write-ahead log that can be cut back to its acknowledged part.
class guarded_wal final : public softened_file {
 public:
  using softened_file::softened_file;
  ~guarded_wal() override { owner_.forget(this); }

  IOStatus Append(const Slice& data, const IOOptions& options, IODebugContext* debug) override {
    if (cut_) return IOStatus::OK();
    return counted(data.size(), softened_file::Append(data, options, debug));
  }
  IOStatus Append(const Slice& data, const IOOptions& options, const DataVerificationInfo& check,
                  IODebugContext* debug) override {
    if (cut_) return IOStatus::OK();
    return counted(data.size(), softened_file::Append(data, options, check, debug));
  }

  void acknowledge() noexcept { acknowledged_ = size_.load(); }

  // Also after a failed append, whose part of the bytes `size_` does not count.
  bool cut() {
    cut_ = true;
    return target()->Truncate(acknowledged_, IOOptions(), nullptr).ok() && target()->Sync(IOOptions(), nullptr).ok();
  }

 private:
  IOStatus counted(std::size_t bytes, IOStatus status) {
    if (status.ok()) size_ += bytes;
    return status;
  }

  std::atomic<std::uint64_t> size_{0};
  std::atomic<std::uint64_t> acknowledged_{0};
  std::atomic<bool> cut_{false};
};

wal_guard::wal_guard(std::shared_ptr<::rocksdb::FileSystem> base, std::filesystem::path directory)
    : FileSystemWrapper(std::move(base)), directory_(std::move(directory)) {
}

bool wal_guard::is_own_wal(const std::string& name) const {
  return name.ends_with(wal_suffix) && std::filesystem::path(name).parent_path() == directory_;
}

IOStatus wal_guard::NewWritableFile(const std::string& name, const FileOptions& options,
                                    std::unique_ptr<FSWritableFile>* file, IODebugContext* debug) {
  std::unique_ptr<FSWritableFile> opened;
  auto status = softened(target_->NewWritableFile(name, options, &opened, debug));
  if (!status.ok()) return status;
  if (!is_own_wal(name)) {
    *file = std::make_unique<softened_file>(*this, std::move(opened));
    return status;
  }
  auto wal = std::make_unique<guarded_wal>(*this, std::move(opened));
  {
    const std::lock_guard lock(mutex_);
    newest_ = wal.get();
  }
  *file = std::move(wal);
  return status;
}

IOStatus wal_guard::NewDirectory(const std::string& name, const IOOptions& options,
                                 std::unique_ptr<FSDirectory>* directory, IODebugContext* debug) {
  std::unique_ptr<FSDirectory> opened;
  auto status = softened(target_->NewDirectory(name, options, &opened, debug));
  if (status.ok()) *directory = std::make_unique<softened_directory>(*this, std::move(opened));
  return status;
}

IOStatus wal_guard::RenameFile(const std::string& from, const std::string& to, const IOOptions& options,
                               IODebugContext* debug) {
  return softened(target_->RenameFile(from, to, options, debug));
}

void wal_guard::acknowledge() {
  const std::lock_guard lock(mutex_);
  if (newest_ != nullptr) newest_->acknowledge();
}

bool wal_guard::cut() {
  const std::lock_guard lock(mutex_);
  return newest_ == nullptr || newest_->cut();
}

std::string_view wal_guard::last_failure() const noexcept {
  return no_space_ ? no_space_reason : io_error_reason;
}

IOStatus wal_guard::softened(IOStatus status) {
  if (!status.IsIOError()) return status;
  no_space_ = status.IsNoSpace();
  auto soft = IOStatus::IOError(status.ToString());
  soft.SetRetryable(true);
  return soft;
}

void wal_guard::forget(const guarded_wal* file) {
  const std::lock_guard lock(mutex_);
  if (newest_ == file) newest_ = nullptr;
}

}  // namespace flotilla::storage
