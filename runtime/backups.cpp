#include "runtime/backups.hpp"

#include <stdlib.h>  // mkdtemp is no part of the C++ library

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "runtime/answer_codec.hpp"
#include "runtime/bootstrap.hpp"
#include "runtime/file_copies.hpp"
#include "runtime/master_key.hpp"
#include "runtime/private_file.hpp"
#include "runtime/transactions.hpp"
#include "storage/records.hpp"

namespace flotilla::runtime {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds busy_retry{10};

/// Removes a directory and all in it, unless it was let go.
class unfinished {
 public:
  explicit unfinished(fs::path directory) : directory_(std::move(directory)) {}
  ~unfinished() {
    std::error_code ignored;  // what stays behind has a name that says what it is
    if (!directory_.empty()) fs::remove_all(directory_, ignored);
  }
  unfinished(const unfinished&) = delete;
  unfinished& operator=(const unfinished&) = delete;
  void let_go() noexcept { directory_.clear(); }

 private:
  fs::path directory_;
};

/// Backups hold every org, so they are the business of the one that the server was set up with.
result<void> check_org(const storage::snapshot& from, org_id org) {
  const auto orgs = storage::list_orgs(from);
  if (!orgs) return fail(orgs.error());
  if (!orgs->empty() && orgs->front().id == org) return {};
  return fail(errc::forbidden, "A backup holds every org: only admins of the server's first org may make one.");
}

bool is_within(const fs::path& inner, const fs::path& outer) {
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

result<void> check_target(const fs::path& to, const fs::path& data_directory) {
  if (!to.is_absolute() || !to.has_filename()) return fail(errc::invalid, "to: must be an absolute path");
  std::error_code unknown;
  if (fs::exists(to, unknown) && !(fs::is_directory(to, unknown) && fs::is_empty(to, unknown))) {
    return fail(errc::invalid, "to: there is something already");
  }
  const auto above = fs::canonical(to.parent_path(), unknown);
  if (unknown) return fail(errc::invalid, "to: the directory above it is not there, or cannot be read");
  const auto data = fs::canonical(data_directory, unknown);
  if (unknown) return fail(errc::unavailable, "The data directory cannot be read: " + unknown.message() + ".");
  if (is_within(above, data)) return fail(errc::invalid, "to: must not be in the data directory");
  return {};
}

/// A directory for the owner only, beside the place where it is to be, so that it can be renamed to it.
result<fs::path> make_unfinished(const fs::path& to) {
  auto pattern = (to.parent_path() / ("." + to.filename().string() + ".XXXXXX")).string();
  if (::mkdtemp(pattern.data()) != nullptr) return fs::path(pattern);
  return fail(errc::unavailable,
              "The backup's directory cannot be made: " + std::generic_category().message(errno) + ".");
}

/// Copies a key's file, where there is one.
result<void> copy_key(const fs::path& from, const fs::path& to, std::string_view name, backup_manifest& into) {
  std::error_code unknown;
  if (!fs::exists(from / name, unknown)) return {};
  auto copied = copy_file(from / name, to / name, copying::by_bytes);
  if (!copied) return fail(std::move(copied.error()));
  copied->path = name;
  into.files.push_back(std::move(*copied));
  return {};
}

}  // namespace

void remove_staging(const fs::path& data_directory) {
  std::error_code ignored;
  fs::remove_all(data_directory / staging_directory, ignored);
}

backups::backups(storage::store& of, kept_answers& answers, fs::path data_directory)
    : store_(of), answers_(answers), data_directory_(std::move(data_directory)) {
}

backups::~backups() {
  stop_ = true;
  if (thread_.joinable()) thread_.join();
}

void backups::make(const principal& who, backup_request what, reply<backup_report> handler) {
  if (data_directory_.empty()) {
    return handler(fail(errc::invalid, "A fleet in memory has nothing that could be backed up."));
  }
  {
    const std::lock_guard lock(mutex_);
    if (!busy_) {
      busy_ = true;
      // The one before has nothing left to do but to answer; that may be who asks for this one.
      auto before = std::make_shared<std::thread>(std::move(thread_));
      thread_ = std::thread([this, before, who, what = std::move(what), handler = std::move(handler)] {
        if (before->joinable()) before->join();
        auto made = once(who, what);
        {
          const std::lock_guard over(mutex_);
          busy_ = false;
        }
        handler(std::move(made));
      });
      return;
    }
  }
  handler(fail({errc::unavailable, "A backup is under way.", busy_retry}));
}

/// Keeps the answer for a caller who sends the call again. The backup itself is what a crash in between leaves: then
/// its name is taken.
result<backup_report> backups::once(const principal& who, const backup_request& what) {
  kept_answers::standing seen;
  {
    const auto from = store_.snapshot();
    if (!from) return fail(from.error());
    if (auto may = check_org(**from, who.org); !may) return fail(std::move(may.error()));
    if (who.once) {
      auto found = answers_.look_up(**from, who);
      if (!found) return fail(std::move(found.error()));
      seen = std::move(*found);
    }
  }
  if (seen.finished()) return replayed<backup_report>(answers_, who, seen.row->value.answer);
  auto made = make_now(what);
  if (!made || !who.once) return made;
  storage::batch changes;
  answers_.keep(changes, who, seen, answer_to_keep(answers_, who, *made));
  if (auto kept = commit_and_wait(store_, std::move(changes)); !kept) return fail(std::move(kept.error()));
  return made;
}

result<backup_report> backups::make_now(const backup_request& what) {
  if (auto good = check_target(what.to, data_directory_); !good) return fail(std::move(good.error()));
  remove_staging(data_directory_);
  const unfinished staging(data_directory_ / staging_directory);
  auto into = make_unfinished(what.to);
  if (!into) return fail(std::move(into.error()));
  unfinished backup(*into);
  auto made = fill(*into, what.with_master_key);
  if (!made) return fail(std::move(made.error()));
  if (auto written = write_private_file(*into / manifest_file, encode(*made)); !written) {
    return fail(std::move(written.error()));
  }
  if (auto named = rename_synced(*into, what.to); !named) return fail(std::move(named.error()));
  backup.let_go();
  return report_of(*made);
}

/// Everything but the manifest.
result<backup_manifest> backups::fill(const fs::path& into, bool with_master_key) {
  backup_manifest made{system_wall_clock().now(), storage::format_version, {}};
  const auto staging = data_directory_ / staging_directory;
  if (auto copied = store_.checkpoint(staging); !copied) return fail(std::move(copied.error()));
  const auto store = into / store_directory;
  if (auto done = make_private_directory(store); !done) return fail(std::move(done.error()));
  const auto names = names_in(staging);
  if (!names) return fail(names.error());
  for (const auto& name : *names) {
    auto copied = copy_file(staging / name, store / name, copying::by_link, &stop_);
    if (!copied) return fail(std::move(copied.error()));
    copied->path = std::string(store_directory) + "/" + name;
    made.files.push_back(std::move(*copied));
  }
  std::vector<std::string_view> wanted{token_key_file};
  if (with_master_key) wanted.insert(wanted.end(), {master_key_file, next_master_key_file});
  for (const auto key : wanted) {
    if (auto copied = copy_key(data_directory_, into, key, made); !copied) return fail(std::move(copied.error()));
  }
  if (auto synced = sync_directory(store); !synced) return fail(std::move(synced.error()));
  return made;
}

}  // namespace flotilla::runtime
