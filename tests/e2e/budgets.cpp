// Budgets from outside: many runs at once, a kill in mid-call, and what callers are told.
#include <boost/test/unit_test.hpp>

#include "storage/counters.hpp"
#include "storage/key_schema.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"
#include "tests/support/api_client.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tests/support/vendor_wire.hpp"

namespace {

using namespace flotilla::testing;
using nlohmann::json;

constexpr std::uint64_t input = 300;
constexpr std::uint64_t output = 700;

/// A vendor whose every answer costs 1,000 tokens, or less where it is told to be shorter.
canned_reply costly_answer(const recorded_request& request) {
  const auto most = json::parse(request.body).at("max_tokens").get<std::uint64_t>();
  wire_answer answer;
  answer.text = {"So ", "it is."};
  answer.input_tokens = input;
  answer.output_tokens = std::min(output, most);
  if (most < output) answer.stop = "max_tokens";
  return streamed(stream_of(wire::anthropic, answer));
}

/// An answer whose stream says something, and then nothing more.
canned_reply stalled() {
  wire_answer answer;
  answer.text = {"Once upon ", "the rest"};
  auto reply = streamed(stream_of(wire::anthropic, answer));
  reply.body.resize(reply.body.find("the rest"));
  reply.body.resize(reply.body.rfind("event: "));
  reply.stall = true;
  return reply;
}

launch_options with_upstream(const fake_upstream& upstream) {
  return {{}, {{"ANTHROPIC_API_KEY", "k"}, {"ANTHROPIC_BASE_URL", upstream.url()}}};
}

json budget_of(std::uint64_t tokens, const char* period) {
  return {{"tokens", tokens}, {"period", period}};
}

std::uint64_t used(const api_client& api) {
  return api.must_get("/api/usage?period=month")["total_tokens"].get<std::uint64_t>();
}

/// The counters of all budgets of a store on which no server runs: used and reserved together, and reserved.
std::vector<std::pair<std::uint64_t, std::uint64_t>> rows_in(const std::filesystem::path& data) {
  namespace storage = flotilla::storage;
  storage::rocksdb_options options;
  options.directory = data / "store";
  const auto store = storage::open_rocksdb_store(std::move(options)).value();
  const auto seen = store->snapshot().value();
  std::vector<std::pair<std::uint64_t, std::uint64_t>> found;
  const auto rows = storage::keys_with_prefix(storage::keys::all(storage::keys::table::budgets));
  const auto done = seen->scan(rows, storage::direction::forward, [&](std::string_view, std::string_view value) {
    const auto counters = storage::decode_counters(value).value();
    found.emplace_back(counters.at(0), counters.at(1));
    return true;
  });
  BOOST_REQUIRE(done.has_value());
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(budgets)

BOOST_AUTO_TEST_CASE(sixty_four_runs_at_once_do_not_pass_a_budget) {
  constexpr std::size_t runs = 64;
  constexpr std::uint64_t limit = 40'000;
  const scratch_directory directory;
  fake_upstream upstream(0, costly_answer);
  server_process server(directory.path, with_upstream(upstream));
  const api_client api(server.port());
  const auto boss = api.new_agent({{"provider", "anthropic"}, {"budget", budget_of(limit, "month")}});
  std::vector<std::string> tasks;
  for (std::size_t i = 0; i < runs; ++i) {
    tasks.push_back(api.new_task(api.new_agent({{"provider", "anthropic"}, {"manager", boss}}), "Go."));
  }
  std::vector<event_stream> streams;
  for (const auto& task : tasks) streams.push_back(api.run(task));
  std::size_t done = 0;
  std::size_t exceeded = 0;
  for (std::size_t i = 0; i < runs; ++i) {
    BOOST_REQUIRE_EQUAL(streams[i].status(), 200);
    (void)streams[i].rest();
    const auto shown = api.task(tasks[i]);
    if (shown["status"] == "done") ++done;
    if (shown["status"] == "error" && shown["error"]["code"] == "budget_exceeded") ++exceeded;
  }
  BOOST_TEST(done + exceeded == runs);
  BOOST_TEST(exceeded > 0U);
  BOOST_TEST(done > 0U);
  BOOST_TEST(used(api) <= limit);
  BOOST_TEST(used(api) >= done * (input + output));
  // It is used as far as it goes: what is left is less than the estimate of one more call.
  BOOST_TEST(used(api) > limit / 2);
  const auto told = api.must_get("/api/messages?type=usage.limit&limit=500");
  BOOST_TEST(told.size() == exceeded);
  for (const auto& each : told) BOOST_TEST(each["data"]["agent"] == boss);
  const auto total = used(api);
  BOOST_TEST(server.terminate().code == 0);
  const auto rows = rows_in(directory.path);
  BOOST_REQUIRE_EQUAL(rows.size(), 1U);
  BOOST_TEST(rows[0].first == total);
  BOOST_TEST(rows[0].second == 0U);
}

BOOST_AUTO_TEST_CASE(a_kill_in_mid_call_gives_back_what_was_reserved) {
  const scratch_directory directory;
  fake_upstream upstream(0, costly_answer);
  upstream.queue(stalled());
  std::string task;
  {
    server_process server(directory.path, with_upstream(upstream));
    const api_client api(server.port());
    // Room for one call at a time: what were not given back would keep the next one waiting.
    const auto agent = api.new_agent({{"provider", "anthropic"}, {"budget", budget_of(12'000, "day")}});
    task = api.new_task(agent, "Go.");
    auto stream = api.run(task);
    (void)stream.until([](const streamed_event& event) { return event.data["type"] == "output"; });
    server.kill();
  }
  const auto held = rows_in(directory.path);
  BOOST_REQUIRE_EQUAL(held.size(), 1U);
  BOOST_TEST(held[0].first == held[0].second);
  BOOST_TEST(held[0].second > 8'192U);
  server_process server(directory.path, with_upstream(upstream));
  const api_client api(server.port());
  (void)api.events(task).rest();
  BOOST_TEST(api.task(task)["status"] == "done");
  BOOST_TEST(used(api) == input + output);
  BOOST_TEST(server.terminate().code == 0);
  const auto rows = rows_in(directory.path);
  BOOST_REQUIRE_EQUAL(rows.size(), 1U);
  BOOST_TEST(rows[0].first == input + output);
  BOOST_TEST(rows[0].second == 0U);
}

BOOST_AUTO_TEST_CASE(callers_are_told_of_a_budget_that_is_used_up) {
  const scratch_directory directory;
  server_process server(directory.path);
  const api_client api(server.port());
  const auto boss = api.new_agent({{"name", "Bo"}, {"budget", budget_of(80, "week")}});
  const auto agent = api.new_agent({{"manager", boss}});
  const auto task = api.new_task(agent, "@repeat 200 \"word \"");
  const auto events = api.run(task).rest();
  BOOST_TEST(events.back().is("status", "error"));
  const auto shown = api.task(task);
  BOOST_TEST(shown["error"]["code"] == "budget_exceeded");
  BOOST_TEST(shown["usage"]["total_tokens"] == 80);
  BOOST_TEST(contains(shown["output"], "word word"));
  const auto refused = api.post("/api/run", {{"taskId", api.new_task(agent, "@say more")}});
  BOOST_TEST(refused.status == 403);
  BOOST_TEST(contains(refused.error(), "The budget of Bo, 80 tokens a week, is used up."), refused.error());
  // More is given: the next run goes.
  BOOST_TEST(api.patch("/api/agents/" + boss, {{"budget", budget_of(8'000, "week")}}).status == 200);
  BOOST_TEST(api.run(task, true).rest().back().is("status", "done"));
}

BOOST_AUTO_TEST_SUITE_END()
