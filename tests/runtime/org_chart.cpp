// Managers that are archived: whom their reports get, in the batch of the change.
#include <algorithm>
#include <string>
#include <vector>

#include "runtime/agent_changes.hpp"
#include "tests/runtime/host.hpp"
#include "tests/storage/support.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

struct crew : host {
  crew() : host(in_memory()) {}
  agent_id lead = hire("lead").value().id;
  agent_id ada = hire("ada", lead).value().id;
  agent_id bob = hire("bob", ada).value().id;
  agent_id cy = hire("cy", ada).value().id;

  std::optional<agent_id> manager_of(agent_id which) { return get(&fleet::find_agent, which).manager; }
  /// The agents that the bus tells of as updated, oldest first.
  std::vector<agent_id> updated() {
    message_query query;
    query.filter.type = "agent.updated";
    std::vector<agent_id> found;
    for (const auto& each : get(&fleet::list_messages, query).items) found.push_back(each.from.agent);
    std::reverse(found.begin(), found.end());
    return found;
  }
};

/// A store that is written to directly.
struct ground {
  agent made(std::optional<agent_id> manager, agent_status status = agent_status::active) const {
    agent one;
    one.id = agent_id::make(now);
    one.name = "a";
    one.role = "r";
    one.model = "m";
    one.provider = "rehearsal";
    one.glyph = "A";
    one.manager = manager;
    one.status = status;
    one.created_at = one.updated_at = now;
    storage::batch into;
    storage::write_agent(into, org, nullptr, one);
    storage::testing::must_commit(*store, std::move(into));
    return one;
  }
  result<runtime::decision<runtime::agent_change>> archive(agent_id which) const {
    agent_patch patch;
    patch.status = agent_status::archived;
    return runtime::decide_update(*storage::testing::view(*store), org, which, patch, now);
  }
  std::optional<agent_id> manager_of(agent_id which) const {
    return storage::read_agent(*storage::testing::view(*store), org, which).value().value().value.manager;
  }

  timestamp now{std::chrono::milliseconds{1'800'000'000'000}};
  org_id org = org_id::make(now);
  std::unique_ptr<storage::store> store = storage::make_memory_store();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(org_chart)

BOOST_FIXTURE_TEST_CASE(reports_get_the_next_manager_up, crew) {
  agent_patch pause;
  pause.status = agent_status::paused;
  (void)get(&fleet::update_agent, cy, pause);
  (void)get(&fleet::archive_agent, ada);
  BOOST_TEST((manager_of(bob) == lead));
  BOOST_TEST((manager_of(cy) == lead));
  BOOST_TEST((manager_of(ada) == lead));  // it stays as it was
  BOOST_TEST((updated() == std::vector{cy, bob, cy}));
  (void)get(&fleet::archive_agent, lead);
  BOOST_TEST((!manager_of(bob) && !manager_of(cy)));
  BOOST_TEST((manager_of(ada) == lead));
  BOOST_TEST((updated() == std::vector{cy, bob, cy, bob, cy}));
  (void)get(&fleet::archive_agent, lead);  // twice is no error, and moves nobody
  BOOST_TEST(updated().size() == 5U);
}

BOOST_FIXTURE_TEST_CASE(a_change_of_the_same_patch_counts, crew) {
  const auto other = hire("other").value().id;
  agent_patch patch;
  patch.manager = std::optional(other);
  patch.status = agent_status::archived;
  (void)get(&fleet::update_agent, ada, patch);
  BOOST_TEST((manager_of(bob) == other));
}

BOOST_FIXTURE_TEST_CASE(a_manager_that_is_archived_is_passed_over, ground) {
  const auto top = made({});
  const auto gone = made(top.id, agent_status::archived);
  const auto middle = made(gone.id);
  const auto low = made(middle.id);
  const auto left = made(middle.id, agent_status::archived);
  auto decided = archive(middle.id);
  BOOST_REQUIRE(decided.has_value());
  BOOST_TEST((decided->answer.moved == std::vector{low.id}));
  BOOST_TEST(decided->messages.size() == 2U);
  storage::testing::must_commit(*store, std::move(decided->changes));
  BOOST_TEST((manager_of(low.id) == top.id));
  BOOST_TEST((manager_of(left.id) == middle.id));
}

BOOST_FIXTURE_TEST_CASE(more_reports_than_one_batch_takes, ground) {
  const auto top = made({});
  for (std::size_t i = 0; i < runtime::max_reports_moved; ++i) (void)made(top.id);
  const auto most = archive(top.id);
  BOOST_REQUIRE(most.has_value());
  BOOST_TEST(most->answer.moved.size() == runtime::max_reports_moved);
  (void)made(top.id);
  BOOST_TEST(refusal(archive(top.id), errc::invalid).find("more than 10000 reports") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
