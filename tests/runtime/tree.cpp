// The org chart as it is alive: over the embedded fleet, and over stores that no fleet would make.
#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "runtime/agent_tree.hpp"
#include "storage/records.hpp"
#include "tests/runtime/host.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

using nodes = std::vector<agent_node>;

/// Names with their reports: "a(b c(d))".
std::string drawn(const nodes& those) {
  std::string text;
  for (const auto& each : those) {
    if (!text.empty()) text += ' ';
    text += each.agent.name;
    if (!each.reports.empty()) text += "(" + drawn(each.reports) + ")";
  }
  return text;
}

struct crew {
  crew() : it(host::in_memory()) {
    lead = hire("lead");
    ada = hire("ada", lead);
    bob = hire("bob", lead);
    cy = hire("cy", ada);
    solo = hire("solo");
  }
  agent_id hire(const std::string& name, std::optional<agent_id> manager = std::nullopt) {
    return it.hire(name, manager).value().id;
  }
  nodes tree(std::optional<agent_id> root = std::nullopt) { return it.get(&fleet::agent_tree, root); }

  host it;
  agent_id lead;
  agent_id ada;
  agent_id bob;
  agent_id cy;
  agent_id solo;
};

/// A store that is written to directly.
struct ground {
  agent add(storage::batch& into, std::optional<agent_id> manager = std::nullopt, std::size_t role_bytes = 1) const {
    agent made;
    made.id = agent_id::make(now);
    made.name = "a";
    made.role = std::string(role_bytes, 'r');
    made.model = "m";
    made.provider = "rehearsal";
    made.glyph = "A";
    made.manager = manager;
    made.created_at = made.updated_at = now;
    storage::write_agent(into, org, nullptr, made);
    return made;
  }
  void commit(storage::batch changes) const { storage::testing::must_commit(*store, std::move(changes)); }
  result<nodes> tree(std::optional<agent_id> root = std::nullopt, const runtime::vitals_by_agent& vitals = {}) const {
    return runtime::read_tree(*storage::testing::view(*store), org, root, vitals);
  }

  timestamp now{std::chrono::milliseconds{1'800'000'000'000}};
  org_id org = org_id::make(now);
  std::unique_ptr<storage::store> store = storage::make_memory_store();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tree)

BOOST_FIXTURE_TEST_CASE(managers_and_their_reports_oldest_first, crew) {
  BOOST_TEST(drawn(tree()) == "lead(ada(cy) bob) solo");
  BOOST_TEST(drawn(tree(lead)) == "lead(ada(cy) bob)");
  BOOST_TEST(drawn(tree(ada)) == "ada(cy)");
  BOOST_TEST(drawn(tree(cy)) == "cy");
  agent_patch move;
  move.manager = std::optional(solo);
  BOOST_REQUIRE(it.ask(&fleet::update_agent, ada, move));
  BOOST_TEST(drawn(tree()) == "lead(bob) solo(ada(cy))");
  BOOST_TEST(drawn(tree(lead)) == "lead(bob)");
}

BOOST_FIXTURE_TEST_CASE(archived_agents_are_left_out, crew) {
  BOOST_REQUIRE(it.ask(&fleet::archive_agent, ada));
  BOOST_TEST(drawn(tree()) == "lead(bob cy) solo");
  BOOST_TEST(drawn(tree(lead)) == "lead(bob cy)");
  (void)refusal(it.ask(&fleet::agent_tree, std::optional(ada)), errc::not_found);
  const auto nobody = std::optional(agent_id::make(timestamp{}));
  (void)refusal(it.ask(&fleet::agent_tree, nobody), errc::not_found);
}

BOOST_FIXTURE_TEST_CASE(a_paused_agent_stays, crew) {
  agent_patch pause;
  pause.status = agent_status::paused;
  BOOST_REQUIRE(it.ask(&fleet::update_agent, bob, pause));
  const auto shown = tree(bob);
  BOOST_TEST((shown.front().agent.status == agent_status::paused));
  BOOST_TEST((shown.front().state == live_state::idle));
}

BOOST_FIXTURE_TEST_CASE(what_runs_and_what_waits, crew) {
  const auto work = it.give(bob, "@tool rehearse_sleep {\"ms\": 600000}").value().id;
  BOOST_TEST(tree(bob).front().queue_length == 0U);  // nobody has asked for it
  (void)it.get(&fleet::run_task, work, false);
  const auto next = it.give(bob, "@say next").value().id;
  const auto last = it.give(bob, "@say last").value().id;
  (void)it.get(&fleet::run_task, next, false);
  (void)it.get(&fleet::run_task, last, false);
  const auto shown = tree();
  const auto& busy = shown[0].reports[1];
  BOOST_TEST(busy.agent.name == "bob");
  BOOST_TEST((busy.state == live_state::running));
  BOOST_TEST((busy.agent.status == agent_status::running));
  BOOST_TEST(busy.queue_length == 2U);
  BOOST_TEST(busy.restarts == 0U);
  BOOST_TEST((shown[0].state == live_state::idle));
  BOOST_TEST((shown[0].agent.status == agent_status::active));
  BOOST_TEST(shown[0].queue_length == 0U);
}

BOOST_FIXTURE_TEST_CASE(what_the_actors_tell, ground) {
  storage::batch changes;
  const auto a = add(changes);
  const auto b = add(changes, a.id);
  commit(std::move(changes));
  const auto shown = tree({}, {{a.id, {3, false}}, {b.id, {1, true}}}).value();
  BOOST_TEST(shown[0].restarts == 3U);
  BOOST_TEST((shown[0].state == live_state::idle));
  BOOST_TEST(shown[0].reports[0].restarts == 1U);
  BOOST_TEST((shown[0].reports[0].state == live_state::restarting));
  const auto later = tree({}, {{a.id, {3, true, true}}}).value();
  BOOST_TEST((later[0].state == live_state::failed));
  BOOST_TEST(later[0].restarts == 3U);
}

BOOST_FIXTURE_TEST_CASE(a_cycle_comes_to_an_end, ground) {
  storage::batch changes;
  const auto top = add(changes);
  auto a = add(changes);
  const auto b = add(changes, a.id);
  commit(std::move(changes));
  const auto before = storage::read_agent(*storage::testing::view(*store), org, a.id);
  BOOST_REQUIRE((before && *before));
  a.manager = b.id;
  storage::batch closing;
  storage::write_agent(closing, org, &**before, a);
  commit(std::move(closing));
  BOOST_TEST(drawn(tree().value()) == "a a(a)");
  BOOST_TEST(drawn(tree(b.id).value()) == "a(a)");
  BOOST_TEST((tree().value()[0].agent.id == top.id));
}

BOOST_FIXTURE_TEST_CASE(too_many_agents, ground) {
  storage::batch changes;
  const auto root = add(changes);
  const auto small = add(changes);
  for (std::size_t i = 2; i < max_tree_agents; ++i) (void)add(changes, root.id);
  commit(std::move(changes));
  BOOST_TEST(tree().value().size() == 2U);
  storage::batch one_more;
  (void)add(one_more, root.id);
  (void)add(one_more, root.id);
  commit(std::move(one_more));
  const auto message = refusal(tree(), errc::too_large);
  BOOST_TEST(message.find("10000 agents") != std::string::npos);
  BOOST_TEST(message.find("root") != std::string::npos);
  (void)refusal(tree(root.id), errc::too_large);
  BOOST_TEST(drawn(tree(small.id).value()) == "a");
}

BOOST_FIXTURE_TEST_CASE(too_many_bytes, ground) {
  storage::batch changes;
  const std::size_t count = runtime::max_tree_bytes / max_role_bytes;
  for (std::size_t i = 0; i < count; ++i) {
    storage::batch one;
    (void)add(one, std::nullopt, max_role_bytes);
    commit(std::move(one));
  }
  BOOST_TEST(tree().value().size() == count);
  (void)add(changes);
  commit(std::move(changes));
  BOOST_TEST(refusal(tree(), errc::too_large).find("bytes") != std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(too_many_levels, ground) {
  storage::batch changes;
  std::vector<agent_id> chain{add(changes).id};
  while (chain.size() < runtime::max_tree_depth) chain.push_back(add(changes, chain.back()).id);
  commit(std::move(changes));
  BOOST_TEST(tree().has_value());
  storage::batch one_more;
  (void)add(one_more, chain.back());
  commit(std::move(one_more));
  BOOST_TEST(refusal(tree(), errc::too_large).find("levels") != std::string::npos);
  BOOST_TEST(tree(chain[1]).has_value());
}

BOOST_AUTO_TEST_SUITE_END()
