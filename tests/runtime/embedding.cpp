// A fleet in a host's own program: opened, used and closed through include/flotilla alone.
#include <boost/test/unit_test.hpp>

#include <sys/stat.h>

#include <chrono>
#include <future>
#include <string>

#include "flotilla/fleet.hpp"
#include "flotilla/json.hpp"
#include "tests/runtime/host.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::testing;

BOOST_AUTO_TEST_SUITE(embedding)

BOOST_AUTO_TEST_CASE(a_fleet_in_memory_runs_a_task) {
  host it{fleet_options{}};
  const auto token = it.runtime->new_admin_token();
  BOOST_REQUIRE(token);
  it.log_in(*token);
  const auto lead = it.hire("Lead");
  BOOST_REQUIRE(lead);
  const auto worker = it.hire("Worker", lead->id);
  BOOST_REQUIRE(worker);
  const auto work = it.give(worker->id, "@say one \n@tool rehearse_echo {\"text\":\"x\"}\n@say two");
  BOOST_REQUIRE(work);
  const auto events = it.run(work->id);
  const auto seen = it.detail(work->id);
  BOOST_TEST((seen.task.status == task_status::done));
  BOOST_TEST(seen.task.output.value_or("") == "onetwo");
  BOOST_REQUIRE(seen.log.size() == events.size());
  for (std::size_t i = 0; i < events.size(); ++i) BOOST_TEST(*seen.log[i].json == events[i]);
  const auto again = it.run(work->id, true);
  BOOST_TEST(it.detail(work->id).task.attempt == 2U);
  BOOST_TEST(it.detail(work->id).task.usage.total() == 2 * seen.task.usage.total());
  BOOST_TEST(!again.empty());
}

BOOST_AUTO_TEST_CASE(a_directory_keeps_fleet_and_token) {
  const scratch_directory directory;
  fleet_options options;
  options.data_directory = directory.path;
  std::optional<task_id> work;
  std::string token;
  {
    host it{options};
    token = it.runtime->new_admin_token().value();
    BOOST_TEST(read_file(directory.path / admin_token_file) == token + "\n");
    struct stat status {};
    BOOST_REQUIRE(::stat((directory.path / admin_token_file).c_str(), &status) == 0);
    BOOST_TEST((status.st_mode & 0777U) == 0600U);
    it.log_in(token);
    const auto worker = it.hire("Worker");
    BOOST_REQUIRE(worker);
    work = it.give(worker->id, "@say kept")->id;
    (void)it.run(*work);
  }
  host it{options};
  BOOST_TEST(!it.runtime->new_admin_token());
  it.log_in(token);
  BOOST_TEST(it.detail(*work).task.output.value_or("") == "kept");
  BOOST_TEST(!open_fleet(options));  // one fleet at a time
}

BOOST_AUTO_TEST_CASE(a_bad_bootstrap_token_makes_nothing) {
  const scratch_directory directory;
  fleet_options options;
  options.data_directory = directory.path;
  options.bootstrap_token = "fr_live_short";
  const auto refused = open_fleet(options);
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::invalid));
  BOOST_TEST(refused.error().message.find("fr_live_short") == std::string::npos);
  BOOST_TEST(!std::filesystem::exists(directory.path / admin_token_file));
  options.bootstrap_token.reset();
  host it{options};
  BOOST_TEST(it.runtime->new_admin_token().has_value());
}

BOOST_AUTO_TEST_CASE(two_changes_at_once_make_no_cycle_of_managers) {
  host it{fleet_options{}};
  it.log_in(it.runtime->new_admin_token().value());
  const auto a = it.hire("A");
  const auto b = it.hire("B");
  BOOST_REQUIRE((a && b));
  for (int i = 0; i < 50; ++i) {
    agent_patch under_b;
    under_b.manager = b->id;
    agent_patch under_a;
    under_a.manager = a->id;
    std::promise<result<agent>> first;
    std::promise<result<agent>> second;
    it.runtime->update_agent(it.who, a->id, under_b, [&](result<agent> done) { first.set_value(std::move(done)); });
    it.runtime->update_agent(it.who, b->id, under_a, [&](result<agent> done) { second.set_value(std::move(done)); });
    const bool a_moved = first.get_future().get().has_value();
    const bool b_moved = second.get_future().get().has_value();
    BOOST_TEST((a_moved != b_moved));
    agent_patch free;
    free.manager = std::optional<agent_id>();
    BOOST_REQUIRE(await<agent>([&](reply<agent> done) { it.runtime->update_agent(it.who, a->id, free, done); }));
    BOOST_REQUIRE(await<agent>([&](reply<agent> done) { it.runtime->update_agent(it.who, b->id, free, done); }));
  }
}

BOOST_AUTO_TEST_CASE(a_drained_fleet_refuses_work_and_ends_its_watchers) {
  host it{fleet_options{}};
  it.log_in(it.runtime->new_admin_token().value());
  const auto worker = it.hire("Worker");
  BOOST_REQUIRE(worker);
  const auto watch = await<std::shared_ptr<subscription>>([&](reply<std::shared_ptr<subscription>> done) {
    it.runtime->watch_messages(it.who, {}, std::nullopt, std::move(done));
  });
  BOOST_REQUIRE(watch);
  std::promise<void> drained;
  it.runtime->drain(std::chrono::milliseconds(5000), [&] { drained.set_value(); });
  BOOST_REQUIRE((drained.get_future().wait_for(patience) == std::future_status::ready));
  const auto chunk = await<log_chunk>([&](reply<log_chunk> done) { (*watch)->next(1024, std::move(done)); });
  BOOST_REQUIRE(chunk);
  BOOST_TEST(chunk->ended);
  BOOST_TEST(!it.runtime->ready().ready);
  const auto refused = it.give(worker->id, "late");
  BOOST_REQUIRE(!refused);
  BOOST_TEST((refused.error().code == errc::unavailable));
}

BOOST_AUTO_TEST_SUITE_END()
