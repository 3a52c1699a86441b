// What an embedded fleet has counted and measured, and what it says of that.
#include "runtime/metrics.hpp"

#include <boost/test/unit_test.hpp>

#include <chrono>
#include <future>
#include <string>

#include "core/validation.hpp"
#include "tests/runtime/host.hpp"
#include "tests/support/exposition.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

namespace {

std::string text_of(const host& from) {
  const auto text = await<std::string>([&](reply<std::string> done) { from.runtime->metrics(std::move(done)); });
  BOOST_REQUIRE(text);
  return *text;
}

exposition read(const std::string& text) {
  auto found = read_exposition(text);
  for (const auto& fault : found.faults) BOOST_ERROR(fault);
  return found;
}

exposition metrics_of(const host& from) {
  return read(text_of(from));
}

/// Waits until every run has ended: a run's last event is seen before its actor has.
void settle(const host& it) {
  std::promise<void> drained;
  it.runtime->drain(patience, [&] { drained.set_value(); });
  BOOST_REQUIRE((drained.get_future().wait_for(patience) == std::future_status::ready));
}

exposition of(const runtime::fleet_metrics& told, const runtime::fleet_gauges& now = {}) {
  return read(told.text(now));
}

const std::string call_count = "flotilla_model_call_duration_seconds_count";

}  // namespace

BOOST_AUTO_TEST_SUITE(metrics)

BOOST_AUTO_TEST_CASE(a_rehearsal_run_moves_the_counters_exactly) {
  auto it = host::in_memory();
  const auto worker = it.hire("Marlin");
  BOOST_REQUIRE(worker);
  const auto work =
      it.give(worker->id, "@say one\n@tool rehearse_echo {\"text\":\"x\"}\n@tool rehearse_fail {}\n@say two");
  BOOST_REQUIRE(work);
  const auto before = metrics_of(it);
  BOOST_TEST(before.has("flotilla_runs_began_total{provider=\"rehearsal\"}"));  // there before it happens
  BOOST_TEST(before.at("flotilla_runs_began_total{provider=\"rehearsal\"}") == 0);
  BOOST_TEST(before.at("flotilla_agents_active") == 0);
  (void)it.run(work->id);
  settle(it);
  const auto after = metrics_of(it);
  const auto usage = it.detail(work->id).task.usage;
  BOOST_TEST(usage.input_tokens > 0U);
  const std::vector<std::pair<std::string, double>> expected = {
      {"flotilla_runs_began_total{provider=\"rehearsal\"}", 1},
      {"flotilla_runs_began_total{provider=\"openai\"}", 0},
      {"flotilla_runs_ended_total{outcome=\"done\",provider=\"rehearsal\"}", 1},
      {"flotilla_runs_ended_total{outcome=\"error\",provider=\"rehearsal\"}", 0},
      {"flotilla_runs_active{provider=\"rehearsal\"}", 0},
      {call_count + "{outcome=\"answer\",provider=\"rehearsal\"}", 2},
      {call_count + "{outcome=\"answer\",provider=\"anthropic\"}", 0},
      {"flotilla_model_first_piece_seconds_count{provider=\"rehearsal\"}", 2},
      {"flotilla_model_tokens_total{direction=\"input\",provider=\"rehearsal\"}",
       static_cast<double>(usage.input_tokens)},
      {"flotilla_model_tokens_total{direction=\"output\",provider=\"rehearsal\"}",
       static_cast<double>(usage.output_tokens)},
      {"flotilla_tool_call_duration_seconds_count{outcome=\"ok\"}", 1},
      {"flotilla_tool_call_duration_seconds_count{outcome=\"error\"}", 1},
      {"flotilla_agent_activations_total", 1},
      {"flotilla_agent_passivations_total", 0},
      {"flotilla_agent_crashes_total", 0},
      {"flotilla_agents_active", 1},
      {"flotilla_store_writable", 1},
      {"flotilla_store_readable", 1},
  };
  for (const auto& [sample, value] : expected)
    BOOST_TEST(after.at(sample) == value, sample << ": " << after.at(sample));
}

BOOST_AUTO_TEST_CASE(what_is_in_the_store_is_counted_when_somebody_asks) {
  auto it = host::in_memory();
  const auto worker = it.hire("Marlin");
  const auto other = it.hire("Wren");
  BOOST_REQUIRE((worker && other));
  BOOST_REQUIRE(it.ask(&fleet::archive_agent, other->id));
  const auto work = it.give(worker->id, "@say yes");
  BOOST_REQUIRE((work && it.give(worker->id, "later") && it.give(worker->id, "later")));
  (void)it.run(work->id);
  const auto seen = metrics_of(it);
  BOOST_TEST(seen.at("flotilla_tasks{status=\"done\"}") == 1);
  BOOST_TEST(seen.at("flotilla_tasks{status=\"pending\"}") == 2);
  BOOST_TEST(seen.at("flotilla_tasks{status=\"running\"}") == 0);
  BOOST_TEST(seen.at("flotilla_tasks_queued") == 0);
  BOOST_TEST(seen.at("flotilla_agents{archived=\"false\"}") == 1);
  BOOST_TEST(seen.at("flotilla_agents{archived=\"true\"}") == 1);
  BOOST_TEST(seen.at("flotilla_actors") > 0);
  const auto now = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  BOOST_TEST(seen.at("flotilla_start_time_seconds") > 0);
  BOOST_TEST(seen.at("flotilla_start_time_seconds") <= now);
}

BOOST_AUTO_TEST_CASE(a_store_on_a_disk_tells_of_its_commits) {
  const scratch_directory directory;
  fleet_options options;
  options.data_directory = directory.path;
  host it{options};
  it.log_in(it.runtime->new_admin_token().value());
  BOOST_REQUIRE(it.hire("Wren"));  // when this stands, the use of the token has been written down too
  const auto before = metrics_of(it);
  BOOST_REQUIRE(it.hire("Marlin"));
  const auto after = metrics_of(it);
  const auto grew = [&](const std::string& sample) { return after.at(sample) - before.at(sample); };
  BOOST_TEST(grew("flotilla_store_batches_total") == 1);
  BOOST_TEST(grew("flotilla_store_written_bytes_total") > 0);
  BOOST_TEST(grew("flotilla_store_write_duration_seconds_count{synced=\"true\"}") == 1);
  BOOST_TEST(grew("flotilla_store_commit_duration_seconds_count") == 1);
}

BOOST_AUTO_TEST_CASE(no_name_that_a_user_makes_up_is_in_it) {
  auto it = host::in_memory();
  auto draft = host::draft_agent("Ichthyosaur");
  draft.model = "plesiosaur-9";
  const auto worker = it.ask(&fleet::create_agent, draft);
  BOOST_REQUIRE(worker);
  const auto work = it.give(worker->id, "@fail 500 times 1000 trilobite");
  BOOST_REQUIRE(work);
  BOOST_REQUIRE(it.ask(&fleet::run_task, work->id, false));
  BOOST_REQUIRE(it.ask(&fleet::archive_agent, worker->id));
  settle(it);
  const auto text = text_of(it);
  for (const auto* name : {"Ichthyosaur", "plesiosaur", "trilobite", "tsk_", "agt_", "org_"}) {
    BOOST_TEST(text.find(name) == std::string::npos, name);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_known_counts_as_other) {
  runtime::fleet_metrics told;
  const auto providers = std::string(known_providers());
  for (std::size_t begin = 0; begin < providers.size();) {
    const auto end = std::min(providers.find(", ", begin), providers.size());
    told.run_began(providers.substr(begin, end - begin));
    begin = end + 2;
  }
  BOOST_TEST(of(told).at("flotilla_runs_began_total{provider=\"other\"}") == 0);
  told.run_began("made up");
  told.model_call_ended("made up", "made up too", 3s);
  told.model_call_ended("openai", "provider_timeout", 3s);
  told.run_ended("made up", task_status::running);
  const auto seen = of(told);
  BOOST_TEST(seen.at("flotilla_runs_began_total{provider=\"other\"}") == 1);
  BOOST_TEST(seen.at("flotilla_runs_active{provider=\"other\"}") == 0);
  BOOST_TEST(seen.at("flotilla_runs_ended_total{outcome=\"interrupted\",provider=\"other\"}") == 1);
  BOOST_TEST(seen.at(call_count + "{outcome=\"other\",provider=\"other\"}") == 1);
  BOOST_TEST(seen.at(call_count + "{outcome=\"provider_timeout\",provider=\"openai\"}") == 1);
  BOOST_TEST(seen.at("flotilla_model_call_duration_seconds_sum{outcome=\"provider_timeout\",provider=\"openai\"}") ==
             3);
  BOOST_TEST(told.text({}).find("made up") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(commits_are_measured) {
  runtime::fleet_metrics told;
  told.on_group(3, 1000, true, 2ms);
  told.on_group(1, 24, false, 30us);
  for (int i = 0; i < 4; ++i) told.on_commit(4ms);
  const auto seen = of(told);
  BOOST_TEST(seen.at("flotilla_store_batches_total") == 4);
  BOOST_TEST(seen.at("flotilla_store_written_bytes_total") == 1024);
  BOOST_TEST(seen.at("flotilla_store_write_duration_seconds_count{synced=\"true\"}") == 1);
  BOOST_TEST(seen.at("flotilla_store_write_duration_seconds_bucket{synced=\"true\",le=\"0.001\"}") == 0);
  BOOST_TEST(seen.at("flotilla_store_write_duration_seconds_bucket{synced=\"true\",le=\"0.0025\"}") == 1);
  BOOST_TEST(seen.at("flotilla_store_write_duration_seconds_bucket{synced=\"false\",le=\"0.0001\"}") == 1);
  BOOST_TEST(seen.at("flotilla_store_commit_duration_seconds_count") == 4);
}

BOOST_AUTO_TEST_CASE(a_store_that_cannot_be_read_leaves_out_what_it_would_tell) {
  const runtime::fleet_metrics told;
  const auto seen = of(told);
  BOOST_TEST(seen.has("flotilla_store_readable"));
  BOOST_TEST(seen.at("flotilla_store_readable") == 0);
  BOOST_TEST(seen.at("flotilla_store_writable") == 0);
  for (const auto* name : {"flotilla_tasks", "flotilla_tasks_queued", "flotilla_agents"}) {
    BOOST_TEST(!seen.families.contains(name), name);
  }
}

BOOST_AUTO_TEST_CASE(the_page_for_operators_lists_them_all) {
  runtime::fleet_metrics told;
  runtime::fleet_gauges now;
  now.counts.emplace();
  check_documented(of(told, now), told_by::runtime);
}

BOOST_AUTO_TEST_CASE(a_fault_in_the_text_would_be_found) {
  const std::string good = "# HELP flotilla_x_total x\n# TYPE flotilla_x_total counter\nflotilla_x_total 1\n";
  BOOST_TEST(read_exposition(good).faults.empty());
  const std::vector<std::string> wrong = {
      good + good,
      good.substr(0, good.size() - 1),
      "flotilla_x_total 1\n",
      "# HELP flotilla_x x\n# TYPE flotilla_x counter\nflotilla_x 1\n",
      "# HELP flotilla_x_total x\n# TYPE flotilla_x_total gauge\nflotilla_x_total 1\n",
      "# TYPE flotilla_x gauge\nflotilla_x 1\n",
      "# HELP flotilla_x_ms x\n# TYPE flotilla_x_ms gauge\nflotilla_x_ms 1\n",
      "# HELP flotilla_x x\n# TYPE flotilla_x gauge\nflotilla_x{a=b} 1\n",
      "# HELP flotilla_x x\n# TYPE flotilla_x gauge\n",
      "# HELP other_x x\n# TYPE other_x gauge\nother_x 1\n",
      "# HELP flotilla_h x\n# TYPE flotilla_h histogram\nflotilla_h_bucket{le=\"1\"} "
      "2\nflotilla_h_bucket{le=\"+Inf\"} 1\n"
      "flotilla_h_sum 1\nflotilla_h_count 1\n",
      "# HELP flotilla_h x\n# TYPE flotilla_h histogram\nflotilla_h_bucket{le=\"+Inf\"} 1\nflotilla_h_sum 1\n"
      "flotilla_h_count 2\n",
  };
  for (const auto& text : wrong) BOOST_TEST(!read_exposition(text).faults.empty(), text);
}

BOOST_AUTO_TEST_SUITE_END()
