#include "storage/rocksdb/database.hpp"

#include <rocksdb/listener.h>

#include <string>
#include <system_error>
#include <utility>

#include "storage/rocksdb/database_options.hpp"
#include "storage/rocksdb/status.hpp"

namespace flotilla::storage {
namespace {

using ::rocksdb::IOOptions;
using ::rocksdb::Status;

// Written and removed to see whether the disk takes logs and tables. RocksDB knows neither name.
constexpr const char* log_probe = "probe.log";
constexpr const char* table_probe = "probe.sst";
constexpr std::size_t probe_bytes = 4096;

}  // namespace

class database::error_listener final : public ::rocksdb::EventListener {
 public:
  void OnBackgroundError(::rocksdb::BackgroundErrorReason /*reason*/, Status* /*status*/) override {
    const std::lock_guard lock(mutex_);
    if (call_) call_();
  }
  void on_error(std::function<void()> call) {
    const std::lock_guard lock(mutex_);
    call_ = std::move(call);
  }

 private:
  std::mutex mutex_;
  std::function<void()> call_;
};

database::database(rocksdb_options options)
    : options_(std::move(options)),
      disk_(options_.file_system ? options_.file_system : default_file_system()),
      guard_(std::make_shared<wal_guard>(disk_, options_.directory)),
      environment_(::rocksdb::NewCompositeEnv(guard_)),
      errors_(std::make_shared<error_listener>()) {
}

database::~database() = default;

result<std::unique_ptr<database>> database::open(rocksdb_options options) {
  std::error_code made;
  std::filesystem::create_directories(options.directory, made);
  if (made) return fail(errc::unavailable, "The data directory cannot be made: " + made.message() + ".");
  std::unique_ptr<database> opened(new database(std::move(options)));
  const auto status = opened->open_now();
  if (!status.ok()) return fail(opened->open_error(status));
  return opened;
}

Status database::open_now() {
  auto setup = database_options(options_);
  setup.env = environment_.get();
  setup.listeners.push_back(errors_);
  ::rocksdb::DB* opened = nullptr;
  auto status = ::rocksdb::DB::Open(setup, options_.directory.string(), &opened);
  if (status.ok()) {
    guard_->acknowledge();
    const std::lock_guard lock(mutex_);
    open_.reset(opened);
  }
  return status;
}

error database::open_error(const Status& status) const {
  if (status.IsCorruption()) return {errc::internal, "The store is damaged and cannot be opened.", std::nullopt};
  if (status.ToString().find("LOCK") != std::string::npos) {
    return {errc::unavailable, "The data directory is in use by another process.", std::nullopt};
  }
  return {errc::unavailable, std::string("The store cannot be opened: ").append(guard_->last_failure()).append("."),
          std::nullopt};
}

std::unique_ptr<database::lease> database::use() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return !reopening_; });
  if (!open_) return nullptr;
  ++leases_;
  return std::make_unique<lease>(*this, *open_);
}

void database::end_lease() const {
  const std::lock_guard lock(mutex_);
  if (--leases_ == 0) changed_.notify_all();
}

bool database::reopen() {
  if (!guard_->cut() || !disk_takes_writes()) return false;
  std::unique_ptr<::rocksdb::DB> closing;
  {
    std::unique_lock lock(mutex_);
    reopening_ = true;
    if (changed_.wait_for(lock, patience_with_readers, [this] { return leases_ == 0; })) closing = std::move(open_);
    reopening_ = leases_ == 0;
    if (!reopening_) {
      changed_.notify_all();
      return false;
    }
  }
  closing.reset();
  const bool good = open_now().ok();
  const std::lock_guard lock(mutex_);
  reopening_ = false;
  changed_.notify_all();
  return good;
}

// Looked at before closing what can still be read.
bool database::disk_takes_writes() {
  return (!guard_->ran_out_of_space() || has_room()) && takes(log_probe) && takes(table_probe);
}

// Opening makes tables of what stands in the logs: about what the memtables hold.
std::uint64_t database::room_needed() const {
  std::uint64_t held = 0;
  if (const auto open = use()) (*open)->GetIntProperty(::rocksdb::DB::Properties::kCurSizeAllMemTables, &held);
  return held + recovery_headroom_bytes;
}

bool database::has_room() const {
  std::uint64_t free = 0;
  const auto asked = disk_->GetFreeSpace(options_.directory.string(), IOOptions(), &free, nullptr);
  return !asked.ok() || free >= room_needed();
}

bool database::takes(const char* file_name) {
  const auto path = (options_.directory / file_name).string();
  bool good = false;
  std::unique_ptr<::rocksdb::FSWritableFile> file;
  if (disk_->NewWritableFile(path, ::rocksdb::FileOptions(), &file, nullptr).ok()) {
    const std::string bytes(probe_bytes, '\0');
    good = file->Append(bytes, IOOptions(), nullptr).ok() && file->Sync(IOOptions(), nullptr).ok();
    good = file->Close(IOOptions(), nullptr).ok() && good;
  }
  (void)disk_->DeleteFile(path, IOOptions(), nullptr);  // one that stays behind harms nothing
  return good;
}

void database::on_background_error(std::function<void()> call) {
  errors_->on_error(std::move(call));
}

}  // namespace flotilla::storage
