// A full disk under a running server: writers are told, readers are served, and with room again all is well.
//
// The disk is a small tmpfs in a mount namespace of this process, which needs root: where that is not given, the test
// says so and does nothing.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <unistd.h>

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

/// The store fills a memtable (32 MiB) and its log before it meets the end of the disk, and wants room for a table of
/// that, and some more, before it writes again.
constexpr const char* disk_size = "size=128m";
constexpr int most_writes = 20'000;  ///< until the room that was taken before is used up

/// A small disk on a directory; gone with its object, and with this process in any case.
class small_disk {
 public:
  explicit small_disk(std::filesystem::path where) : where_(std::move(where)) {
    std::filesystem::create_directories(where_);
    // A namespace of our own, from which no mount reaches the system's.
    mounted_ = ::unshare(CLONE_NEWNS) == 0 && ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
               ::mount("tmpfs", where_.c_str(), "tmpfs", 0, disk_size) == 0;
    if (!mounted_) why_not_ = std::strerror(errno);
  }
  ~small_disk() {
    if (mounted_) ::umount2(where_.c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;

  [[nodiscard]] bool mounted() const noexcept { return mounted_; }
  [[nodiscard]] const std::string& why_not() const noexcept { return why_not_; }

  /// Writes a file until nothing more goes on the disk.
  void fill() const {
    const int file = ::open(ballast().c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    BOOST_REQUIRE(file >= 0);
    const std::string block(4096, 'b');
    while (::write(file, block.data(), block.size()) > 0) continue;
    BOOST_TEST(errno == ENOSPC);
    ::close(file);
  }
  void empty() const { std::filesystem::remove(ballast()); }

 private:
  [[nodiscard]] std::filesystem::path ballast() const { return where_ / "ballast"; }

  std::filesystem::path where_;
  bool mounted_ = false;
  std::string why_not_;
};

std::vector<std::string> names_of(const api_client& api) {
  std::vector<std::string> names;
  for (std::string next = "/api/agents?limit=500"; !next.empty();) {
    const auto page = api.get(next);
    BOOST_REQUIRE_EQUAL(page.status, 200);
    for (const auto& agent : page.body) names.push_back(agent["name"]);
    const auto link = page.headers.find("link");
    next = link == page.headers.end() ? "" : link->second.substr(1, link->second.find('>') - 1);
  }
  std::sort(names.begin(), names.end());
  return names;
}

api_answer add_agent(const api_client& api, const std::string& name) {
  return api.post("/api/agents", {{"name", name},
                                  {"role", std::string(20'000, 'r')},
                                  {"model", "m"},
                                  {"provider", "rehearsal"},
                                  {"glyph", "\xF0\x9F\xA6\x8A"}});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(full_disk)

BOOST_AUTO_TEST_CASE(stops_writers_only_and_only_for_as_long_as_it_is_full) {
  const scratch_directory directory;
  const small_disk disk(directory.path / "disk");
  if (!disk.mounted()) {
    BOOST_TEST_MESSAGE("skipped: a tmpfs cannot be mounted here (" << disk.why_not() << "); this test needs root");
    return;
  }
  const auto data = directory.path / "disk" / "data";
  server_process server(data);
  const api_client api(server.port());
  const auto agent = api.new_agent({{"name", "first"}});
  const auto before = api.new_task(agent, "@say before");
  BOOST_TEST(api.run(before).rest().back().is("status", "done"));
  const auto waits = api.new_task(agent, "@say after");

  std::vector<std::string> acknowledged{"first"};
  disk.fill();
  api_answer refused;
  for (int i = 0; i < most_writes && refused.status != 503; ++i) {
    const auto name = "agent " + std::to_string(i);
    refused = add_agent(api, name);
    if (refused.status == 201) acknowledged.push_back(name);
  }
  BOOST_REQUIRE_EQUAL(refused.status, 503);
  BOOST_TEST(!refused.error().empty());
  BOOST_TEST(!contains(refused.error(), directory.path.string()));
  BOOST_TEST(add_agent(api, "refused").status == 503);
  BOOST_TEST(api.post("/api/run", {{"taskId", waits}}).status == 503);
  const auto ready = api.get("/readyz");
  BOOST_TEST(ready.status == 503);
  BOOST_TEST(contains(ready.text, "space"), ready.text);
  BOOST_TEST(api.get("/healthz").status == 200);
  BOOST_TEST(api.events(before).rest().back().is("status", "done"));
  BOOST_TEST(api.task(waits)["status"] == "pending");

  std::sort(acknowledged.begin(), acknowledged.end());
  BOOST_TEST(names_of(api) == acknowledged, boost::test_tools::per_element());

  disk.empty();
  await("it writes again", [&] { return api.get("/readyz").status == 200; });
  BOOST_TEST(add_agent(api, "last").status == 201);
  acknowledged.emplace_back("last");
  std::sort(acknowledged.begin(), acknowledged.end());
  BOOST_TEST(api.run(waits).rest().back().is("status", "done"));
  BOOST_TEST(names_of(api) == acknowledged, boost::test_tools::per_element());

  server.kill();
  server_process again(data);
  const api_client later(again.port());
  BOOST_TEST(names_of(later) == acknowledged, boost::test_tools::per_element());
  BOOST_TEST(later.task(waits)["output"] == "after");
}

BOOST_AUTO_TEST_SUITE_END()
