// Backups of a fleet that is in use, what is refused, and the way back.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "flotilla/maintenance.hpp"
#include "tests/runtime/host.hpp"
#include "tests/runtime/keyed.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::testing;
namespace fs = std::filesystem;

namespace {

mode_t mode_of(const fs::path& file) {
  struct stat status {};
  BOOST_REQUIRE(::stat(file.c_str(), &status) == 0);
  return status.st_mode & 0777U;
}

/// A fleet on a disk with an agent, a task that is done, and a secret.
struct with_a_fleet {
  with_a_fleet() {
    options.data_directory = directory.path / "data";
    open();
    admin = it->runtime->new_admin_token().value();
    it->log_in(admin);
    someone = it->hire("someone").value().id;
    done = it->give(someone, "@say hello").value().id;
    it->run(done);
    it->get(&fleet::put_secret, secret_name{secret_scope::org, {}, "KEY"}, std::string("a value to hide"));
  }
  void open() { it.emplace(options); }
  result<backup_report> back_up(const fs::path& to, bool with_master_key = true) {
    return it->ask(&fleet::backup, backup_request{to, with_master_key});
  }
  fs::path below(const std::string& name) const { return directory.path / name; }
  /// What else than the data directory and these stands beside them.
  std::vector<std::string> left_over(std::vector<std::string> known) const {
    known.emplace_back("data");
    std::vector<std::string> found;
    for (const auto& entry : fs::directory_iterator(directory.path)) {
      auto name = entry.path().filename().string();
      if (std::find(known.begin(), known.end(), name) == known.end()) found.push_back(std::move(name));
    }
    return found;
  }
  void check_store_of(const fs::path& where) const {
    const auto found = check_store(where);
    BOOST_REQUIRE_MESSAGE(found, (found ? "" : found.error().message));
    for (const auto& fault : found->named) BOOST_ERROR(fault.rule << ": " << fault.text);
    BOOST_TEST(found->faults == 0U);
  }

  scratch_directory directory;
  fleet_options options;
  std::optional<host> it;
  std::string admin;
  agent_id someone;
  task_id done;
};

/// The largest file of a backup's store.
fs::path large_file(const fs::path& backup) {
  fs::path found;
  std::uintmax_t most = 0;
  for (const auto& entry : fs::directory_iterator(backup / "store")) {
    if (entry.file_size() < most) continue;
    most = entry.file_size();
    found = entry.path();
  }
  return found;
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(backups, with_a_fleet)

BOOST_AUTO_TEST_CASE(a_backup_is_a_data_directory_again) {
  const auto made = back_up(below("monday"));
  BOOST_REQUIRE_MESSAGE(made, (made ? "" : made.error().message));
  BOOST_TEST(made->has_master_key);
  const auto later = it->give(someone, "@say later").value().id;
  BOOST_TEST((verify_backup(below("monday")).value() == *made));
  check_store_of(below("monday"));
  BOOST_TEST(left_over({"monday"}).empty());
  BOOST_TEST(!fs::exists(options.data_directory / "backup.part"));

  fs::create_directory(below("second"));
  const auto restored = restore_backup(below("monday"), below("second"));
  BOOST_REQUIRE_MESSAGE(restored, (restored ? "" : restored.error().message));
  BOOST_TEST((*restored == *made));
  check_store_of(below("second"));
  options.data_directory = below("second");
  open();
  it->log_in(admin);
  BOOST_TEST((it->get(&fleet::find_task, done).task.output == "hello"));
  BOOST_TEST(refusal(it->ask(&fleet::find_task, later), errc::not_found) == "No such task.");
  const auto more = it->give(someone, "@say more").value().id;
  it->run(more);
  BOOST_TEST((it->get(&fleet::find_task, more).task.output == "more"));
  // The secret opens: what holds it is hidden.
  BOOST_TEST(it->runtime->without_secrets("a value to hide") == "[secret:KEY]");
}

BOOST_AUTO_TEST_CASE(a_backup_is_for_its_owner_only_and_holds_no_token) {
  BOOST_REQUIRE(back_up(below("monday")));
  BOOST_TEST(mode_of(below("monday")) == 0700U);
  BOOST_TEST(mode_of(below("monday") / "store") == 0700U);
  for (const auto* name : {"token-key", "master-key", "manifest.json"}) {
    BOOST_TEST(mode_of(below("monday") / name) == 0600U, name);
  }
  BOOST_TEST(fs::exists(options.data_directory / "admin-token"));
  BOOST_TEST(!fs::exists(below("monday") / "admin-token"));
}

BOOST_AUTO_TEST_CASE(the_master_key_can_be_kept_elsewhere) {
  const auto made = back_up(below("monday"), false);
  BOOST_REQUIRE(made);
  BOOST_TEST(!made->has_master_key);
  BOOST_TEST(!fs::exists(below("monday") / "master-key"));
  const auto key = options.data_directory / "master-key";
  fs::create_directory(below("second"));
  BOOST_REQUIRE(restore_backup(below("monday"), below("second")));
  fleet_options second;
  second.data_directory = below("second");
  BOOST_TEST(!open_fleet(second));  // its secrets cannot be opened, and it says so instead of making another key
  fs::copy_file(key, below("second") / "master-key");
  BOOST_TEST(open_fleet(second).has_value());
}

BOOST_AUTO_TEST_CASE(a_place_that_cannot_be_is_refused_and_nothing_is_left) {
  const auto refused = [&](const fs::path& to) { return refusal(back_up(to), errc::invalid); };
  BOOST_TEST(refused("monday") == "to: must be an absolute path");
  BOOST_TEST(refused(below("nowhere") / "monday") == "to: the directory above it is not there, or cannot be read");
  BOOST_TEST(refused(options.data_directory / "monday") == "to: must not be in the data directory");
  BOOST_TEST(refused(options.data_directory / "store" / "monday") == "to: must not be in the data directory");
  fs::create_directory_symlink(options.data_directory, below("link"));
  BOOST_TEST(refused(below("link") / "monday") == "to: must not be in the data directory");
  directory.write("file", "x");
  BOOST_TEST(refused(below("file")) == "to: there is something already");
  fs::create_directories(below("full") / "x");
  BOOST_TEST(refused(below("full")) == "to: there is something already");
  fs::create_directory(below("empty"));
  BOOST_TEST(back_up(below("empty")).has_value());
  BOOST_TEST(left_over({"link", "file", "full", "empty"}).empty());
}

BOOST_AUTO_TEST_CASE(only_admins_of_the_first_org_may) {
  it.reset();
  const auto other = create_org(options, "acme").value();
  open();
  it->log_in(other.admin_token);
  BOOST_TEST(refusal(back_up(below("monday")), errc::forbidden) ==
             "A backup holds every org: only admins of the server's first org may make one.");
  BOOST_TEST(left_over({}).empty());
  it->log_in(admin);
  BOOST_TEST(back_up(below("monday")).has_value());
}

BOOST_AUTO_TEST_CASE(a_fleet_in_memory_has_none) {
  auto memory = host::in_memory();
  BOOST_TEST((memory.ask(&fleet::backup, backup_request{below("monday"), true}).error().code == errc::invalid));
}

// The first one is held up by a key that nobody writes yet; the second finds it under way.
BOOST_AUTO_TEST_CASE(there_is_one_at_a_time) {
  const auto slow = options.data_directory / "master-key.next";
  BOOST_REQUIRE(::mkfifo(slow.c_str(), 0600) == 0);
  auto first = std::make_shared<std::promise<result<backup_report>>>();
  auto answer = first->get_future();
  it->runtime->backup(it->who, {below("monday"), true},
                      [first](result<backup_report> made) { first->set_value(std::move(made)); });
  // Opening blocks until the backup reads: from then on it is under way for certain.
  const int key = ::open(slow.c_str(), O_WRONLY | O_CLOEXEC);
  BOOST_REQUIRE(key >= 0);
  BOOST_TEST(refusal(back_up(below("tuesday")), errc::unavailable) == "A backup is under way.");
  ::close(key);
  BOOST_REQUIRE((answer.wait_for(patience) == std::future_status::ready));
  BOOST_TEST(answer.get().has_value());
  fs::remove(slow);
  BOOST_TEST(back_up(below("tuesday")).has_value());
}

BOOST_AUTO_TEST_CASE(one_that_is_asked_for_twice_is_made_once) {
  const auto again = [&] {
    const keyed once(*it, key("the-key"));
    auto made = back_up(below("monday"));
    return std::pair(std::move(made), once.replayed());
  };
  const auto [first, first_replayed] = again();
  const auto [second, second_replayed] = again();
  BOOST_REQUIRE(first);
  BOOST_REQUIRE_MESSAGE(second, (second ? "" : second.error().message));
  BOOST_TEST(!first_replayed);
  BOOST_TEST(second_replayed);
  BOOST_TEST((*first == *second));
}

BOOST_AUTO_TEST_CASE(what_a_crash_left_of_one_goes_with_the_next_start) {
  it.reset();
  const auto staging = options.data_directory / "backup.part";
  fs::create_directories(staging / "x");
  open();
  BOOST_TEST(!fs::exists(staging));
}

// --- a backup that is not whole ---------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(a_backup_that_was_changed_is_refused_and_leaves_nothing) {
  BOOST_REQUIRE(back_up(below("monday"), true));
  fs::create_directory(below("second"));
  const auto refused = [&](errc code) {
    const auto verified = refusal(verify_backup(below("monday")), code);
    BOOST_TEST(refusal(restore_backup(below("monday"), below("second")), code) == verified);
    BOOST_TEST(fs::is_empty(below("second")));
    return verified;
  };
  // A backup shares files with the store: it is spoilt by a file of its own in the old one's place.
  const auto file = large_file(below("monday"));
  const auto name = "store/" + file.filename().string();
  const auto whole = read_file(file);
  const auto put = [&](const std::string& bytes) {
    fs::remove(file);
    std::ofstream(file, std::ios::binary) << bytes;
  };
  auto changed = whole;
  changed[changed.size() / 2] = static_cast<char>(changed[changed.size() / 2] ^ 1);
  put(changed);
  BOOST_TEST(refused(errc::internal) == "The backup is damaged: " + name + " is not what the manifest says.");
  put(whole.substr(0, whole.size() - 1));
  BOOST_TEST(refused(errc::internal) == "The backup is damaged: " + name + " is not what the manifest says.");
  put(whole);
  BOOST_TEST(verify_backup(below("monday")).has_value());
  fs::remove(below("monday") / "token-key");
  BOOST_TEST(!verify_backup(below("monday")));
  fs::remove(below("monday") / "manifest.json");
  BOOST_TEST(refused(errc::not_found) == "There is no finished backup in the directory: it has no manifest.json.");
}

BOOST_AUTO_TEST_CASE(a_manifest_that_leads_elsewhere_is_refused) {
  BOOST_REQUIRE(back_up(below("monday")));
  fs::create_directory(below("second"));
  const auto manifest = below("monday") / "manifest.json";
  const auto good = read_file(manifest);
  const auto with = [&](const std::string& what, const std::string& by) {
    auto text = good;
    text.replace(text.find(what), what.size(), by);
    std::ofstream(manifest) << text;
    return verify_backup(below("monday"));
  };
  for (const auto* path : {"../token-key", "/etc/passwd", "store/../x", "store/", "store/a/b", "admin-token"}) {
    BOOST_TEST(refusal(with("\"token-key\"", std::string("\"") + path + "\""), errc::internal) ==
                   "The backup is damaged: its manifest.json cannot be read.",
               path);
  }
  BOOST_TEST(refusal(with("\"manifest\": 1", "\"manifest\": 2"), errc::invalid)
                 .starts_with("The backup was made by a newer version of Flotilla ("));
  BOOST_TEST((with("{", "").error().code == errc::internal));
}

// --- the way back
// ---------------------------------------------------------------------------------------------------

BOOST_AUTO_TEST_CASE(nothing_is_restored_over_something) {
  BOOST_REQUIRE(back_up(below("monday")));
  it.reset();
  BOOST_TEST(refusal(restore_backup(below("monday"), options.data_directory), errc::invalid)
                 .starts_with("The data directory is not empty: it holds "));
  check_store_of(options.data_directory);
  fs::create_directory(below("second"));
  std::ofstream(below("second") / "lock") << "1\nflotilla restore\n";
  BOOST_TEST(restore_backup(below("monday"), below("second")).has_value());
}

BOOST_AUTO_TEST_CASE(a_restore_that_was_cut_off_is_no_data_directory_and_can_be_made_again) {
  BOOST_REQUIRE(back_up(below("monday")));
  fs::create_directories(below("second") / "restore.part" / "store");
  fs::create_directories(below("second") / "store");
  std::ofstream(below("second") / "token-key") << "half";
  fleet_options second;
  second.data_directory = below("second");
  const auto opened = open_fleet(second);
  BOOST_REQUIRE(!opened);
  BOOST_TEST(opened.error().message == "A restore into the data directory was cut off: run flotilla restore again.");
  BOOST_TEST((check_store(below("second")).error().message == opened.error().message));
  BOOST_REQUIRE(restore_backup(below("monday"), below("second")));
  check_store_of(below("second"));
  BOOST_TEST(open_fleet(second).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
