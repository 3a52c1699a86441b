// Two orgs in one store: whatever one has, no call shows it to the other, and none changes it.
#include "flotilla/json.hpp"
#include "flotilla/maintenance.hpp"
#include "tests/runtime/host.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

/// An org with one of everything, and another one whose caller knows all of its ids.
struct two_orgs {
  two_orgs() {
    fleet_options options;
    options.data_directory = directory.path;
    std::string theirs;
    {
      host first{options};
      theirs = first.runtime->new_admin_token().value();
    }
    const auto ours = create_org(options, "ours");
    BOOST_REQUIRE(ours);
    it = std::make_unique<host>(options);
    it->log_in(theirs);
    other = it->who;
    furnish();
    it->log_in(ours->admin_token);
  }

  void furnish() {
    auto draft = host::draft_agent("Theirs");
    draft.approvals = {"rehearse_*"};
    worker = it->get(&fleet::create_agent, draft);
    epic = it->get(&fleet::create_epic, epic_draft{"their epic", epic_type::ops});
    auto task = host::draft_task(worker.id, "@tool rehearse_echo {\"text\":\"x\"}\n@say done");
    task.epic_id = epic.id;
    waits = it->get(&fleet::create_task, task);
    (void)it->run(waits.id);
    ended = it->give(worker.id, "@say theirs").value();
    (void)it->run(ended.id);
    mcp_draft server;
    server.name = "theirs";
    server.transport = mcp_transport::http;
    server.url = "https://mcp.example.com/";
    mcp = it->get(&fleet::create_mcp, server);
    it->get(&fleet::put_secret, org_secret(), std::string("their value"));
    token = it->get(&fleet::create_token, token_draft{"theirs", role::viewer}).token;
  }

  static secret_name org_secret() { return {secret_scope::org, std::nullopt, "THEIRS"}; }

  /// Everything that the other org has, as its own admin sees it.
  std::string theirs_as_text() {
    const auto mine = std::exchange(it->who, other);
    auto text = to_json(it->get(&fleet::find_agent, worker.id)) + to_json(it->detail(waits.id)) +
                to_json(it->detail(ended.id)) + to_json(it->get(&fleet::find_epic, epic.id)) +
                to_json(it->get(&fleet::find_mcp, mcp.id)) +
                to_json(it->get(&fleet::list_messages, message_query{}).items) +
                to_json(it->get(&fleet::usage, usage_query{}));
    text += to_json(it->get(&fleet::list_secrets, secret_query{}).items);
    for (const auto& each : it->get(&fleet::list_tokens, page_request{}).items) text += each.id.to_string();
    it->who = mine;
    return text;
  }

  scratch_directory directory;
  std::unique_ptr<host> it;
  principal other;
  agent worker;
  flotilla::epic epic;
  task waits;
  task ended;
  mcp_server mcp;
  api_token token;
};

/// A value with one field set: `with(&agent_patch::name, "Ada")`.
template <class Of, class Field, class Value>
Of with(Field Of::*field, Value value) {
  Of made;
  made.*field = std::move(value);
  return made;
}

template <class T>
void not_there(const result<T>& outcome) {
  BOOST_REQUIRE(!outcome);
  BOOST_TEST((outcome.error().code == errc::not_found), outcome.error().message);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(isolation, two_orgs)

BOOST_AUTO_TEST_CASE(an_id_of_another_org_names_nothing) {
  const auto before = theirs_as_text();
  not_there(it->ask(&fleet::find_agent, worker.id));
  not_there(it->ask(&fleet::update_agent, worker.id, with(&agent_patch::name, "Ours")));
  not_there(it->ask(&fleet::archive_agent, worker.id));
  not_there(it->ask(&fleet::agent_tree, std::optional(worker.id)));
  not_there(it->ask(&fleet::find_task, ended.id));
  not_there(it->ask(&fleet::update_task, ended.id, with(&task_patch::title, "ours")));
  not_there(it->ask(&fleet::run_task, ended.id, true));
  not_there(it->ask(&fleet::run_task, ended.id, false));
  not_there(it->ask(&fleet::decide_task, waits.id, with(&approval_decision::granted, true)));
  not_there(it->ask(&fleet::cancel_task, waits.id));
  not_there(it->ask(&fleet::watch_task, ended.id, event_seq{0}));
  not_there(it->ask(&fleet::find_epic, epic.id));
  not_there(it->ask(&fleet::update_epic, epic.id, with(&epic_patch::name, "ours")));
  not_there(it->ask(&fleet::find_mcp, mcp.id));
  not_there(it->ask(&fleet::update_mcp, mcp.id, with(&mcp_patch::name, "ours")));
  not_there(it->ask(&fleet::delete_mcp, mcp.id));
  not_there(it->ask(&fleet::delete_secret, org_secret()));
  not_there(it->ask(&fleet::revoke_token, token.id));
  BOOST_TEST(theirs_as_text() == before);
}

BOOST_AUTO_TEST_CASE(a_field_that_names_another_orgs_object_is_wrong) {
  const auto before = theirs_as_text();
  const auto ours = it->hire("Ours").value();
  (void)refusal(it->hire("Spy", worker.id), errc::invalid);
  agent_patch under;
  under.manager = worker.id;
  (void)refusal(it->ask(&fleet::update_agent, ours.id, under), errc::invalid);
  auto named = host::draft_agent("Tools");
  named.mcps = {"theirs"};
  (void)refusal(it->ask(&fleet::create_agent, named), errc::invalid);
  (void)refusal(it->give(worker.id, "@say hi"), errc::invalid);
  auto draft = host::draft_task(ours.id, "@say hi");
  draft.requester = worker.id;
  (void)refusal(it->ask(&fleet::create_task, draft), errc::invalid);
  draft.requester.reset();
  draft.epic_id = epic.id;
  (void)refusal(it->ask(&fleet::create_task, draft), errc::invalid);
  const auto work = it->give(ours.id, "@say hi").value();
  (void)refusal(it->ask(&fleet::update_task, work.id, with(&task_patch::assignee, worker.id)), errc::invalid);
  task_patch moved;
  moved.epic_id = epic.id;
  (void)refusal(it->ask(&fleet::update_task, work.id, moved), errc::invalid);
  (void)refusal(it->ask(&fleet::post_message, outgoing_message{worker.id, "hello"}), errc::invalid);
  const secret_name of_theirs{secret_scope::agent, worker.id, "KEY"};
  (void)refusal(it->ask(&fleet::put_secret, of_theirs, std::string("a value")), errc::invalid);
  mcp_draft server;
  server.name = "ours";
  server.transport = mcp_transport::http;
  server.url = "https://mcp.example.com/";
  server.headers["Authorization"] = "Bearer ${secret:THEIRS}";
  (void)refusal(it->ask(&fleet::create_mcp, server), errc::invalid);
  usage_query theirs;
  theirs.agent = worker.id;
  (void)refusal(it->ask(&fleet::usage, theirs), errc::invalid);
  BOOST_TEST(theirs_as_text() == before);
}

BOOST_AUTO_TEST_CASE(lists_show_ones_own_only) {
  BOOST_TEST(it->get(&fleet::list_agents, agent_query{}).items.empty());
  BOOST_TEST(it->get(&fleet::list_tasks, task_query{}).items.empty());
  task_query of_theirs;
  of_theirs.assignee = worker.id;
  BOOST_TEST(it->get(&fleet::list_tasks, of_theirs).items.empty());
  task_query in_theirs;
  in_theirs.epic_id = epic.id;
  BOOST_TEST(it->get(&fleet::list_tasks, in_theirs).items.empty());
  BOOST_TEST(it->get(&fleet::list_messages, message_query{}).items.empty());
  for (const auto& filter : {with(&message_filter::agent, worker.id), with(&message_filter::task, waits.id),
                             with(&message_filter::epic, epic.id)}) {
    BOOST_TEST(it->get(&fleet::list_messages, message_query{filter, {}}).items.empty());
  }
  BOOST_TEST(it->get(&fleet::list_epics, epic_query{}).items.empty());
  BOOST_TEST(it->get(&fleet::list_mcps, page_request{}).items.empty());
  BOOST_TEST(it->get(&fleet::list_secrets, secret_query{}).items.empty());
  BOOST_TEST(it->get(&fleet::agent_tree, std::optional<agent_id>()).empty());
  const auto tokens = it->get(&fleet::list_tokens, page_request{}).items;
  BOOST_REQUIRE_EQUAL(tokens.size(), 1U);
  BOOST_TEST((tokens.front().id == it->who.token));
  const auto used = it->get(&fleet::usage, usage_query{});
  BOOST_TEST((used.totals == usage_totals{}));
  BOOST_TEST(used.by_agent.empty());
  BOOST_TEST(used.by_model.empty());
  BOOST_TEST(it->get(&fleet::me).org.name == "ours");
}

BOOST_AUTO_TEST_CASE(the_bus_of_another_org_is_not_heard) {
  const auto watch = it->get(&fleet::watch_messages, message_filter{}, std::optional<message_seq>(0));
  std::promise<result<log_chunk>> heard;
  watch->next(1U << 20U, [&](result<log_chunk> chunk) { heard.set_value(std::move(chunk)); });
  const auto mine = std::exchange(it->who, other);
  (void)it->get(&fleet::post_message, outgoing_message{worker.id, "among us"});
  it->who = mine;
  const auto ours = it->hire("Ours").value();
  const auto chunk = heard.get_future().get();
  BOOST_REQUIRE(chunk);
  for (const auto& entry : chunk->entries) {
    BOOST_TEST(entry.json->find("among us") == std::string::npos);
    BOOST_TEST(entry.json->find(ours.id.to_string()) != std::string::npos);
  }
}

BOOST_AUTO_TEST_CASE(a_cursor_of_another_org_shows_nothing_of_it) {
  const auto mine = std::exchange(it->who, other);
  page_request one;
  one.limit = 1;
  const auto next = it->get(&fleet::list_tasks, with(&task_query::page, one)).next;
  it->who = mine;
  BOOST_REQUIRE(next);
  one.cursor = next;
  BOOST_TEST(it->get(&fleet::list_tasks, with(&task_query::page, one)).items.empty());
}

BOOST_AUTO_TEST_CASE(an_idempotency_key_is_its_orgs_own) {
  const auto draft = host::draft_agent("Ada");
  const auto key = [] {
    auto made = std::make_shared<idempotency>();
    made->key = "the-same";
    return made;
  };
  const auto mine = std::exchange(it->who, other);
  it->who.once = key();
  const auto theirs = it->get(&fleet::create_agent, draft);
  it->who = mine;
  it->who.once = key();
  const auto ours = it->get(&fleet::create_agent, draft);
  BOOST_TEST(!it->who.once->replayed);
  BOOST_TEST((ours.id != theirs.id));
}

BOOST_AUTO_TEST_CASE(limits_are_counted_for_each_org_by_itself) {
  // The other org's runs and tasks are not this one's.
  BOOST_TEST(it->get(&fleet::usage, usage_query{}).totals.task_count == 0U);
  const auto ours = it->hire("Ours").value();
  const auto work = it->give(ours.id, "@say hi").value();
  (void)it->run(work.id);
  BOOST_TEST(it->get(&fleet::usage, usage_query{}).totals.task_count == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
