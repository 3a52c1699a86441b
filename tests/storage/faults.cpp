// A disk that fails: writers are told, readers go on, nothing is lost or half there, and it mends without a restart.
#include <sys/mount.h>
#include <unistd.h>

#include <boost/test/data/monomorphic.hpp>
#include <boost/test/data/test_case.hpp>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <future>
#include <map>
#include <thread>

#include "tests/storage/fault_file_system.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;
namespace data = boost::unit_test::data;

namespace {

constexpr std::chrono::milliseconds quick{5};
constexpr std::chrono::seconds patience{60};  // a bound for what is broken, never waited out by what works

/// A store on a failing disk, with a model of what it must hold.
struct sick_store {
  temporary_directory where;
  std::shared_ptr<fault_switch> faults = std::make_shared<fault_switch>();
  std::shared_ptr<fault_file_system> disk = std::make_shared<fault_file_system>(faults);
  std::unique_ptr<store> kept;
  std::map<std::string, std::string> model;
  int round = 0;

  sick_store() { open(); }

  void open() {
    auto options = options_in(where);
    options.file_system = disk;
    options.recovery_interval = quick;
    options.write_buffer_bytes = 64U << 10U;  // so that logs and tables change while it goes on
    kept = open_or_fail(std::move(options));
  }

  /// Commits two keys and a log entry at once; the model follows what is answered.
  result<void> write(durability level) {
    const auto name = std::to_string(++round);
    const std::uint64_t log = model.contains("log") ? std::stoull(model["entries"]) : 0;
    batch changes;
    changes.put("a" + name, std::string(500, 'a'));
    changes.put("b" + name, name);
    changes.put("newest", name);
    changes.append("log", [](std::uint64_t at, appender& out) { out.put("e" + std::to_string(at), ""); });
    changes.put("entries", std::to_string(log + 1));
    auto done = commit(*kept, std::move(changes), level);
    if (!done) return done;
    model["a" + name] = std::string(500, 'a');
    model["b" + name] = name;
    model["newest"] = name;
    model["entries"] = std::to_string(log + 1);
    model["e" + std::to_string(log + 1)] = "";
    std::string head(8, '\0');
    for (int i = 0; i < 8; ++i) head[static_cast<std::size_t>(7 - i)] = static_cast<char>((log + 1) >> (8 * i));
    model["log"] = head;
    return done;
  }

  void must_write(durability level) {
    const auto done = write(level);
    BOOST_REQUIRE_MESSAGE(done, (done ? std::string() : done.error().message));
  }

  void must_refuse(durability level) {
    const auto done = write(level);
    BOOST_REQUIRE(!done);
    BOOST_TEST((done.error().code == errc::unavailable));
    BOOST_TEST(done.error().message == (faults->no_space
                                            ? "The store cannot be written: no space left on the device."
                                            : "The store cannot be written: the disk reports an error."));
    BOOST_TEST(!kept->health().writable);
  }

  void check() { BOOST_TEST((scan(*view(*kept), {}) == pairs(model.begin(), model.end()))); }

  void mend() {
    faults->now = fault::none;
    await_health(true);
  }

  void await_health(bool writable) {
    const auto limit = std::chrono::steady_clock::now() + patience;
    while (kept->health().writable != writable && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
    BOOST_REQUIRE(kept->health().writable == writable);
  }

  void reopen() {
    kept.reset();
    open();
  }
};

const auto log_faults = data::make(
    std::vector<fault>{fault::append_nothing, fault::append_half, fault::append_all, fault::sync, fault::everything});

}  // namespace

BOOST_AUTO_TEST_SUITE(faults)

BOOST_DATA_TEST_CASE(writing_is_taken_up_again, log_faults* data::make({true, false}), what, no_space) {
  sick_store s;
  s.faults->no_space = no_space;
  for (int outage = 0; outage < 3; ++outage) {
    for (int i = 0; i < 4; ++i) s.must_write(i % 2 == 0 ? durability::synced : durability::buffered);
    s.faults->now = what;
    for (int i = 0; i < 4; ++i) s.must_refuse(durability::synced);
    s.check();  // reads go on
    s.mend();
    s.check();
    s.must_write(durability::buffered);
  }
  s.check();
  s.reopen();
  s.check();
  s.must_write(durability::synced);
  s.check();
}

// The first write ever fails: no memtable holds anything that would begin a new log.
BOOST_DATA_TEST_CASE(the_first_write_fails, log_faults, what) {
  sick_store s;
  s.faults->now = what;
  s.must_refuse(durability::synced);
  s.mend();
  for (int i = 0; i < 3; ++i) s.must_write(durability::synced);
  s.reopen();
  s.check();
}

// Closed, or the process ends, before it mends: what was refused must not come back.
BOOST_DATA_TEST_CASE(refused_writes_do_not_come_back, log_faults* data::make({true, false}), what, mended_at_close) {
  sick_store s;
  for (int i = 0; i < 5; ++i) s.must_write(durability::buffered);
  s.faults->now = what;
  s.must_refuse(durability::synced);
  if (mended_at_close) s.faults->now = fault::none;
  s.kept.reset();
  s.faults->now = fault::none;
  s.open();
  s.check();
  s.must_write(durability::synced);
  s.reopen();
  s.check();
}

// The logs that a checkpoint copies must not be taken for those that are written.
BOOST_DATA_TEST_CASE(refused_writes_do_not_come_back_after_a_checkpoint, log_faults, what) {
  sick_store s;
  for (int i = 0; i < 5; ++i) s.must_write(durability::synced);
  std::atomic<bool> over{false};
  // What is written while it is made is in a log that is copied.
  auto copying = std::async(std::launch::async, [&over, &kept = *s.kept, to = s.where.path() / "copy"] {
    auto done = kept.checkpoint(to);
    over = true;
    return done;
  });
  while (!over) s.must_write(durability::buffered);
  BOOST_REQUIRE(copying.get());
  s.must_write(durability::synced);
  s.faults->now = what;
  s.must_refuse(durability::synced);
  s.kept.reset();
  s.faults->now = fault::none;
  s.open();
  s.check();
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_written_is_not_copied) {
  sick_store s;
  s.must_write(durability::synced);
  s.faults->now = fault::append_half;
  s.must_refuse(durability::synced);
  const auto refused = s.kept->checkpoint(s.where.path() / "copy");
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::unavailable));
  BOOST_TEST(refused.error().message == "The store cannot be copied: no space left on the device.");
  s.mend();
  BOOST_TEST(s.kept->checkpoint(s.where.path() / "copy").has_value());
}

// As if killed while the disk is failing: the directory is copied as it stands, and the copy is opened.
BOOST_DATA_TEST_CASE(a_crash_while_it_fails_keeps_what_was_acknowledged, log_faults, what) {
  sick_store s;
  for (int i = 0; i < 5; ++i) s.must_write(durability::synced);
  s.faults->now = what;
  s.must_refuse(durability::synced);
  rocksdb_options copy;
  copy.directory = s.where.path() / "copy";
  std::filesystem::copy(options_in(s.where).directory, copy.directory, std::filesystem::copy_options::recursive);
  const auto reopened = open_or_fail(copy);
  BOOST_TEST((scan(*view(*reopened), {}) == pairs(s.model.begin(), s.model.end())));
}

// Everybody of a group is refused, and later ones too, until it mends; every answer comes once and in order.
BOOST_AUTO_TEST_CASE(a_whole_group_is_refused) {
  sick_store s;
  s.must_write(durability::synced);
  s.faults->now = fault::append_half;
  constexpr int count = 500;
  std::vector<int> refused;
  std::promise<void> all;
  for (int i = 0; i < count; ++i) {
    batch changes = putting("group" + std::to_string(i), "x");
    changes.append("log", [](std::uint64_t at, appender& out) { out.put("e" + std::to_string(at), ""); });
    s.kept->commit(std::move(changes), durability::buffered, [&, i](result<void> done) {
      if (!done) refused.push_back(i);
      if (i == count - 1) all.set_value();
    });
  }
  all.get_future().get();
  BOOST_TEST(refused.size() == static_cast<std::size_t>(count));
  BOOST_TEST(std::is_sorted(refused.begin(), refused.end()));
  s.check();
  s.mend();
  s.must_write(durability::synced);
  s.check();
  s.reopen();
  s.check();
}

// Tables cannot be written: sooner or later nothing can, and then it mends with nothing lost.
BOOST_DATA_TEST_CASE(tables_that_cannot_be_written, data::make({true, false}), no_space) {
  sick_store s;
  s.faults->no_space = no_space;
  s.must_write(durability::synced);
  s.faults->now = fault::tables;
  int written = 0;
  while (s.write(durability::buffered)) BOOST_REQUIRE(++written < 100'000);
  s.await_health(false);
  s.check();
  s.mend();
  s.must_write(durability::synced);
  s.check();
  s.reopen();
  s.check();
}

namespace {

/// A small file system in memory; not there where mounting is not permitted.
class small_disk {
 public:
  small_disk() {
    const auto options = "size=" + std::to_string(size);
    mounted_ = ::mount("tmpfs", where_.path().c_str(), "tmpfs", 0, options.c_str()) == 0;
    if (!mounted_) why_ = std::strerror(errno);
  }
  ~small_disk() {
    if (mounted_) ::umount2(where_.path().c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  static constexpr std::size_t size = 48U << 20U;
  [[nodiscard]] bool mounted() const { return mounted_; }
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] const std::filesystem::path& path() const { return where_.path(); }

 private:
  temporary_directory where_;
  bool mounted_ = false;
  std::string why_;
};

void fill_up(const std::filesystem::path& ballast) {
  std::ofstream out(ballast, std::ios::binary);
  const std::string block(64U << 10U, 'b');
  while (out.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
  }
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_disk_that_is_really_full) {
  const small_disk disk;
  if (!disk.mounted()) {
    BOOST_TEST_MESSAGE("skipped: a tmpfs cannot be mounted here: " << disk.why());
    return;
  }
  rocksdb_options options;
  options.directory = disk.path() / "store";
  options.recovery_interval = quick;
  options.write_buffer_bytes = 1U << 20U;
  auto kept = open_or_fail(options);
  std::map<std::string, std::string> model;
  const auto write = [&](int i) {
    const auto key = "k" + std::to_string(i);
    const auto value = std::string(4000, 'v') + key;
    const auto done = commit(*kept, putting(key, value), durability::synced);
    if (done) model[key] = value;
    return done;
  };
  int i = 0;
  for (; i < 100; ++i) BOOST_REQUIRE(write(i));
  fill_up(disk.path() / "ballast");
  auto refused = write(i);
  while (refused) {
    BOOST_REQUIRE(++i < 20'000);
    refused = write(i);
  }
  BOOST_TEST(refused.error().message == "The store cannot be written: no space left on the device.");
  BOOST_TEST((scan(*view(*kept), {}) == pairs(model.begin(), model.end())));
  std::filesystem::remove(disk.path() / "ballast");
  const auto limit = std::chrono::steady_clock::now() + patience;
  while (!kept->health().writable && std::chrono::steady_clock::now() < limit) std::this_thread::yield();
  for (const int end = i + 50; i < end; ++i) BOOST_REQUIRE(write(i));
  BOOST_TEST((scan(*view(*kept), {}) == pairs(model.begin(), model.end())));
  kept.reset();
  kept = open_or_fail(options);
  BOOST_TEST((scan(*view(*kept), {}) == pairs(model.begin(), model.end())));
}

BOOST_AUTO_TEST_SUITE_END()
