// Idle connections and clients that dawdle keep nobody else from being served.
#include <sys/resource.h>

#include <boost/test/unit_test.hpp>

#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;
namespace test = flotilla::test;

constexpr std::size_t idle_connections = 1000;
constexpr std::size_t slow_clients = 50;
constexpr rlim_t open_files = 4096;  ///< for both sides of every connection, in two processes

/// Lets this process and its children open enough files; false where the system does not.
bool raise_open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return false;
  if (limit.rlim_cur >= open_files) return true;
  limit.rlim_cur = std::min(open_files, limit.rlim_max);
  return ::setrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur >= open_files;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(load)

BOOST_AUTO_TEST_CASE(a_thousand_idle_and_fifty_slow_clients_keep_nobody_waiting) {
  BOOST_REQUIRE_MESSAGE(raise_open_files(), "the limit of open files is too low for this test");
  const scratch_directory directory;
  server_process server(directory.path);
  const api_client api(server.port());
  const auto agent = api.new_agent();
  std::vector<test::client> connections;
  connections.reserve(idle_connections + 2 * slow_clients);
  for (std::size_t i = 0; i < idle_connections; ++i) connections.emplace_back(api.port());
  for (std::size_t i = 0; i < slow_clients; ++i) {
    connections.emplace_back(api.port()).send("GET /api/agents HTTP/1.1\r\nHost: a\r\nX-Slow: ");
    connections.emplace_back(api.port()).send("POST /api/agents HTTP/1.1\r\nHost: a\r\nContent-Length: 500\r\n\r\n{");
  }
  for (auto& slow : connections) {
    if (&slow - connections.data() >= static_cast<std::ptrdiff_t>(idle_connections)) slow.send("x");
  }
  BOOST_TEST(api.get("/readyz").status == 200);
  BOOST_TEST(api.get("/api/agents").status == 200);
  const auto task = api.new_task(agent, "@repeat 100 word\n@say .");
  BOOST_TEST(api.run(task).rest().back().is("status", "done"));
  // They were all let in: each of the idle ones is still served.
  for (std::size_t i = 0; i < idle_connections; i += 100) {
    connections[i].send(test::request_text("GET", "/api/agents", admin_token));
    BOOST_TEST(connections[i].read().status == 200);
  }
}

BOOST_AUTO_TEST_SUITE_END()
