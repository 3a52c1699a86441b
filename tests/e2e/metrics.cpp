// What a server tells a scraper: the runtime's part and its own as one text, each family once and as documented.
#include <boost/test/unit_test.hpp>

#include "tests/support/api_client.hpp"
#include "tests/support/exposition.hpp"
#include "tests/support/scratch_directory.hpp"

namespace {

using namespace flotilla::testing;

exposition scrape(const api_client& from) {
  const auto answered = from.get("/metrics");
  BOOST_TEST(answered.status == 200);
  BOOST_TEST(answered.headers.at("content-type").starts_with("text/plain; version=0.0.4"));
  auto found = read_exposition(answered.text);
  for (const auto& fault : found.faults) BOOST_ERROR(fault);
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(a_scrape_tells_of_a_run_from_end_to_end) {
  const scratch_directory directory;
  server_process server(directory.path);
  const api_client client(server.port());
  const auto work = client.new_task(client.new_agent(), "@say aye\n@tool rehearse_echo {\"text\":\"x\"}");
  (void)client.run(work).rest();
  // That the run and its stream have ended is counted a little later than its last event is sent.
  const std::string ended = "flotilla_runs_ended_total{outcome=\"done\",provider=\"rehearsal\"}";
  await("the end of the run", [&] {
    const auto now = scrape(client);
    return now.at(ended) == 1 && now.at("flotilla_http_streams_open") == 0;
  });
  const auto seen = scrape(client);
  check_documented(seen, told_by::both);
  BOOST_TEST(seen.at("flotilla_tasks{status=\"done\"}") == 1);
  BOOST_TEST(seen.at("flotilla_agents{archived=\"false\"}") == 1);
  BOOST_TEST(seen.at("flotilla_runs_active{provider=\"rehearsal\"}") == 0);
  BOOST_TEST(seen.at("flotilla_tool_call_duration_seconds_count{outcome=\"ok\"}") == 1);
  BOOST_TEST(seen.at("flotilla_store_write_duration_seconds_count{synced=\"true\"}") > 0);
  BOOST_TEST(seen.at("flotilla_http_requests_total{method=\"POST\",route=\"/api/run\",status=\"200\"}") == 1);
  BOOST_TEST(seen.at("flotilla_http_requests_total{method=\"POST\",route=\"/api/tasks\",status=\"201\"}") == 1);
  BOOST_TEST(seen.at("flotilla_http_stream_bytes_total") > 0);
}

BOOST_AUTO_TEST_SUITE_END()
