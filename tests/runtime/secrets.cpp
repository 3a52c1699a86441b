// Secrets of an embedded fleet: put, listed, deleted, and never shown again.
#include <fstream>
#include <future>

#include "flotilla/json.hpp"
#include "flotilla/maintenance.hpp"
#include "tests/runtime/host.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

const std::string value = "hunter2-swordfish";
/// The value, written so that it becomes itself only when a script is played.
const std::string veiled = R"(hunter2-sw\u006frdfish)";

secret_name of_org(std::string key) {
  return {secret_scope::org, std::nullopt, std::move(key)};
}
secret_name of_agent(agent_id who, std::string key) {
  return {secret_scope::agent, who, std::move(key)};
}

std::vector<std::string> keys_of(const page<secret>& found) {
  std::vector<std::string> keys;
  for (const auto& each : found.items) keys.push_back(each.name.key);
  return keys;
}

/// Waits until the clock has moved on, so that what follows is newer than what was.
void let_a_millisecond_pass() {
  const auto before = std::chrono::system_clock::now();
  while (std::chrono::system_clock::now() - before < std::chrono::milliseconds(2)) std::this_thread::yield();
}

/// Everything that the fleet shows of its org.
std::string everything(host& of) {
  page_request all;
  all.limit = max_page_limit;
  std::string shown;
  for (const auto& each : of.get(&fleet::list_agents, agent_query{{}, {}, all}).items) shown += to_json(each);
  for (const auto& each : of.get(&fleet::list_tasks, task_query{{}, {}, {}, {}, all}).items) {
    shown += to_json(of.detail(each.id));
  }
  for (const auto& each : of.get(&fleet::list_messages, message_query{{}, all}).items) shown += to_json(each);
  for (const auto& each : of.get(&fleet::list_epics, epic_query{{}, {}, all}).items) shown += to_json(each);
  for (const auto& each : of.get(&fleet::list_secrets, secret_query{}).items) shown += to_json(each);
  return shown;
}

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

/// Names of the files under a directory that hold a text.
std::vector<std::string> files_with(const std::filesystem::path& directory, const std::string& text) {
  std::vector<std::string> found;
  for (const auto& each : std::filesystem::recursive_directory_iterator(directory)) {
    if (each.is_regular_file() && holds(read_file(each.path()), text)) found.push_back(each.path().string());
  }
  return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(secrets)

BOOST_AUTO_TEST_CASE(put_list_replace_delete) {
  auto it = host::in_memory();
  const auto ada = it.hire("Ada").value();
  it.get(&fleet::put_secret, of_org("FIRST"), value);
  let_a_millisecond_pass();
  it.get(&fleet::put_secret, of_org("SECOND_2"), value);
  it.get(&fleet::put_secret, of_agent(ada.id, "FIRST"), value);
  BOOST_TEST(keys_of(it.get(&fleet::list_secrets, secret_query{})) == (std::vector<std::string>{"SECOND_2", "FIRST"}),
             boost::test_tools::per_element());
  const auto before = it.get(&fleet::list_secrets, secret_query{}).items[1];
  let_a_millisecond_pass();
  it.get(&fleet::put_secret, of_org("FIRST"), "another value");
  const auto now = it.get(&fleet::list_secrets, secret_query{});
  BOOST_TEST(keys_of(now) == (std::vector<std::string>{"FIRST", "SECOND_2"}), boost::test_tools::per_element());
  BOOST_TEST((now.items[0].updated_at > before.updated_at));
  const auto of_ada = it.get(&fleet::list_secrets, secret_query{secret_scope::agent, ada.id, {}});
  BOOST_REQUIRE_EQUAL(of_ada.items.size(), 1U);
  BOOST_TEST((of_ada.items[0].name == of_agent(ada.id, "FIRST")));
  it.get(&fleet::delete_secret, of_org("FIRST"));
  BOOST_TEST(keys_of(it.get(&fleet::list_secrets, secret_query{})) == std::vector<std::string>{"SECOND_2"},
             boost::test_tools::per_element());
  BOOST_TEST(refusal(it.ask(&fleet::delete_secret, of_org("FIRST")), errc::not_found) == "No such secret.");
  BOOST_TEST(it.get(&fleet::list_secrets, secret_query{secret_scope::agent, {}, {}}).items.size() == 1U);
  it.get(&fleet::delete_secret, of_agent(ada.id, "FIRST"));
  BOOST_TEST(it.get(&fleet::list_secrets, secret_query{secret_scope::agent, {}, {}}).items.empty());
}

BOOST_AUTO_TEST_CASE(what_is_wrong_is_named_and_changes_nothing) {
  auto it = host::in_memory();
  const auto ada = it.hire("Ada").value();
  const auto put = [&](const secret_name& name, const std::string& text) {
    return refusal(it.ask(&fleet::put_secret, name, text), errc::invalid);
  };
  BOOST_TEST(put(of_org(""), value) == "key: must not be empty");
  for (const std::string key : {"lower", "WITH-DASH", "WITH SPACE", "\xC3\x84"}) {
    BOOST_TEST(put(of_org(key), value).starts_with("key: must hold A-Z, 0-9 and _ only"));
  }
  BOOST_TEST(put(of_org(std::string(max_secret_key_bytes + 1, 'K')), value).starts_with("key:"));
  BOOST_TEST(put(of_org("K"), "") == "value: must not be empty");
  BOOST_TEST(put(of_org("K"), "\xFF\xFE") == "value: must be valid UTF-8");
  BOOST_TEST(put(of_org("K"), std::string("a\0b", 3)).starts_with("value:"));
  BOOST_TEST(put(of_org("K"), std::string(max_secret_value_bytes + 1, 'v')).starts_with("value:"));
  BOOST_TEST(put({secret_scope::agent, std::nullopt, "K"}, value) == "agentId: is required with the scope agent");
  BOOST_TEST(put({secret_scope::org, ada.id, "K"}, value) == "agentId: belongs to the scope agent");
  BOOST_TEST(put(of_agent(agent_id::make(timestamp{}), "K"), value) == "agentId: no such agent");
  BOOST_TEST(refusal(it.ask(&fleet::delete_secret, of_org("lower")), errc::invalid).starts_with("key:"));
  BOOST_TEST(refusal(it.ask(&fleet::list_secrets, secret_query{secret_scope::org, ada.id, {}}), errc::invalid) ==
             "agent: belongs to the scope agent");
  secret_query bad;
  bad.page.cursor = "nonsense";
  BOOST_TEST(refusal(it.ask(&fleet::list_secrets, bad), errc::invalid).starts_with("cursor:"));
  bad.page = {0, {}};
  BOOST_TEST(refusal(it.ask(&fleet::list_secrets, bad), errc::invalid).starts_with("limit:"));
  BOOST_TEST(it.get(&fleet::list_secrets, secret_query{}).items.empty());
  BOOST_TEST(it.runtime->without_secrets(value) == value);  // what was refused is no secret
  it.get(&fleet::put_secret, of_org(std::string(max_secret_key_bytes, 'K')),
         std::string(max_secret_value_bytes, 'v'));
}

BOOST_AUTO_TEST_CASE(pages_stay_in_place_while_secrets_are_added) {
  auto it = host::in_memory();
  for (int i = 0; i < 7; ++i) it.get(&fleet::put_secret, of_org("KEY_" + std::to_string(i)), value);
  secret_query query;
  query.page.limit = 3;
  std::vector<std::string> seen;
  for (int pages = 1;; ++pages) {
    const auto found = it.get(&fleet::list_secrets, query);
    for (const auto& key : keys_of(found)) seen.push_back(key);
    if (!found.next) {
      BOOST_TEST(pages == 3);
      break;
    }
    query.page.cursor = found.next;
    let_a_millisecond_pass();
    it.get(&fleet::put_secret, of_org("NEW_" + std::to_string(pages)), value);
  }
  std::sort(seen.begin(), seen.end());
  BOOST_REQUIRE_EQUAL(seen.size(), 7U);
  for (std::size_t i = 0; i < seen.size(); ++i) BOOST_TEST(seen[i] == "KEY_" + std::to_string(i));
}

BOOST_AUTO_TEST_CASE(there_is_a_limit_for_all_scopes_together) {
  auto it = host::in_memory();
  const auto ada = it.hire("Ada").value();
  std::vector<std::future<result<void>>> answers;
  for (std::size_t i = 0; i < max_secrets_per_org; ++i) {
    auto name = i % 2 == 0 ? of_org("K" + std::to_string(i)) : of_agent(ada.id, "K" + std::to_string(i));
    it.get(&fleet::put_secret, name, "v" + std::to_string(i));
  }
  BOOST_TEST(refusal(it.ask(&fleet::put_secret, of_org("ONE_MORE"), value), errc::forbidden) ==
             "The limit of 1000 secrets is reached.");
  it.get(&fleet::put_secret, of_org("K0"), "another value");  // it is not one more
  it.get(&fleet::delete_secret, of_org("K2"));
  it.get(&fleet::put_secret, of_org("ONE_MORE"), value);
}

BOOST_AUTO_TEST_CASE(a_value_is_hidden_from_its_answer_on_until_the_end) {
  auto it = host::in_memory();
  const auto hidden = [&](const std::string& text) { return it.runtime->without_secrets("<" + text + ">"); };
  it.get(&fleet::put_secret, of_org("WORD"), value);
  BOOST_TEST(hidden(value) == "<[secret:WORD]>");
  it.get(&fleet::put_secret, of_org("WORD"), "correct horse");
  BOOST_TEST(hidden("correct horse") == "<[secret:WORD]>");
  BOOST_TEST(hidden(value) == "<[secret:WORD]>");
  it.get(&fleet::delete_secret, of_org("WORD"));
  BOOST_TEST(hidden("correct horse") == "<[secret:WORD]>");
  BOOST_TEST(hidden("something else") == "<something else>");
}

BOOST_AUTO_TEST_CASE(values_that_are_put_at_once_are_all_hidden) {
  auto it = host::in_memory();
  constexpr int callers = 32;
  std::vector<std::promise<result<void>>> answers(callers);
  for (int i = 0; i < callers; ++i) {
    it.runtime->put_secret(it.who, of_org("WORD"), value + std::to_string(i), [&answers, i](result<void> done) {
      answers[static_cast<std::size_t>(i)].set_value(done);
    });
  }
  for (auto& each : answers) {
    const auto outcome = each.get_future().get();
    // Whoever loses too many races is told so; what it wanted is then no secret.
    if (!outcome) BOOST_TEST((outcome.error().code == errc::conflict));
  }
  BOOST_TEST(it.get(&fleet::list_secrets, secret_query{}).items.size() == 1U);
}

BOOST_AUTO_TEST_CASE(keys_of_the_environment_are_hidden_from_every_org) {
  fleet_options options;
  options.anthropic.key = "sk-ant-of-the-environment";
  options.master_key = std::string(64, 'e');
  auto it = host::in_memory(options);
  BOOST_TEST(it.runtime->without_secrets("a sk-ant-of-the-environment") == "a [secret:ANTHROPIC_API_KEY]");
  BOOST_TEST(it.runtime->without_secrets(std::string(64, 'e')) == "[secret:FLOTILLA_MASTER_KEY]");
  it.get(&fleet::put_secret, of_org("WORD"), value);
  BOOST_TEST(it.runtime->without_secrets("sk-ant-of-the-environment " + value) ==
             "[secret:ANTHROPIC_API_KEY] [secret:WORD]");
  const auto ada = it.hire("Ada").value();
  const auto work = it.give(ada.id, R"(@say "sk-ant-of-the-\u0065nvironment")").value();
  (void)it.run(work.id);
  BOOST_TEST(it.detail(work.id).task.output.value_or("") == "[secret:ANTHROPIC_API_KEY]");
}

BOOST_AUTO_TEST_CASE(a_run_tells_no_value) {
  auto it = host::in_memory();
  it.get(&fleet::put_secret, of_org("WORD"), value);
  const auto ada = it.hire("Ada").value();
  const auto script = "@think I know hunter2-\n@think swordfish.\n@think \"" + veiled +
                      "\"\n@say It is hun\n@say ter2\n" + "@say -swordfish, or \n@say \"" + veiled +
                      "\"\n@tool rehearse_echo {\"text\":\"" + veiled + "\",\"" + veiled +
                      "\":1}\n@tool rehearse_fail {\"message\":\"" + veiled +
                      "\"}\n@say half: hunter2-\n@tool rehearse_echo {\"text\":\"x\"}\n@say swordfish\n" +
                      "@fail 400 \"" + veiled + "\"";
  const auto work = it.give(ada.id, script).value();
  std::string streamed;
  for (const auto& each : it.run(work.id)) streamed += each + "\n";
  const auto detail = it.detail(work.id);
  BOOST_TEST((detail.task.status == task_status::error));
  BOOST_REQUIRE(detail.task.error.has_value());
  for (const auto& text : {streamed, everything(it)}) {
    BOOST_TEST(!holds(text, value), text);
    BOOST_TEST(!holds(text, veiled));
    BOOST_TEST(holds(text, "[secret:WORD]"));
  }
  // The value came in pieces: what was told of it before the turn's end is not the whole.
  BOOST_TEST(*detail.task.output == "It is [secret:WORD], or[secret:WORD]half: hunter2-[secret:WORD]");
}

BOOST_AUTO_TEST_CASE(texts_of_callers_are_stored_without_values) {
  auto it = host::in_memory();
  it.get(&fleet::put_secret, of_org("WORD"), value);
  auto draft = host::draft_agent("Ada " + value);
  draft.role = "You know " + value;
  draft.team = value;
  const auto ada = it.get(&fleet::create_agent, draft);
  BOOST_TEST(ada.name == "Ada [secret:WORD]");
  BOOST_TEST(ada.role == "You know [secret:WORD]");
  BOOST_TEST(ada.team.value_or("") == "[secret:WORD]");
  agent_patch rename;
  rename.name = value;
  BOOST_TEST(it.get(&fleet::update_agent, ada.id, rename).name == "[secret:WORD]");
  auto work_draft = host::draft_task(ada.id, "@say " + value);
  work_draft.title = "Use " + value;
  const auto work = it.get(&fleet::create_task, work_draft);
  BOOST_TEST(work.title == "Use [secret:WORD]");
  BOOST_TEST(work.input == "@say [secret:WORD]");
  task_patch retitle;
  retitle.title = value + "!";
  retitle.input = "@say now " + value;
  BOOST_TEST(it.get(&fleet::update_task, work.id, retitle).title == "[secret:WORD]!");
  const auto goal = it.get(&fleet::create_epic, epic_draft{"Hide " + value});
  BOOST_TEST(goal.name == "Hide [secret:WORD]");
  BOOST_TEST(it.get(&fleet::update_epic, goal.id, epic_patch{value, {}, {}}).name == "[secret:WORD]");
  BOOST_TEST(it.get(&fleet::post_message, outgoing_message{ada.id, "psst: " + value}).text == "psst: [secret:WORD]");
  BOOST_TEST(!holds(everything(it), value));
}

BOOST_AUTO_TEST_CASE(a_humans_comment_is_stored_without_values) {
  auto it = host::in_memory();
  it.get(&fleet::put_secret, of_org("WORD"), value);
  auto draft = host::draft_agent("Ada");
  draft.approvals = {"rehearse_echo"};
  const auto ada = it.get(&fleet::create_agent, draft);
  const auto work = it.give(ada.id, "@tool rehearse_echo {\"text\":\"x\"}\n@result").value();
  (void)it.run(work.id);
  BOOST_REQUIRE((it.detail(work.id).task.status == task_status::waiting));
  (void)it.get(&fleet::decide_task, work.id, approval_decision{false, {}, "no: " + value});
  (void)it.run(work.id);
  BOOST_TEST(!holds(everything(it), value));
  BOOST_TEST(holds(everything(it), "no: [secret:WORD]"));
}

BOOST_AUTO_TEST_CASE(an_org_s_secrets_are_its_own) {
  const scratch_directory directory;
  fleet_options options;
  options.data_directory = directory.path;
  std::string mine;
  {
    host it{options};
    mine = it.runtime->new_admin_token().value();
  }
  const auto theirs = create_org(options, "acme").value().admin_token;
  host it{options};
  it.log_in(mine);
  it.get(&fleet::put_secret, of_org("WORD"), value);
  const auto ada = it.hire("Ada").value();
  it.log_in(theirs);
  BOOST_TEST(it.get(&fleet::list_secrets, secret_query{}).items.empty());
  BOOST_TEST((it.ask(&fleet::delete_secret, of_org("WORD")).error().code == errc::not_found));
  BOOST_TEST(refusal(it.ask(&fleet::put_secret, of_agent(ada.id, "K"), value), errc::invalid) ==
             "agentId: no such agent");
  // To them it is a text like any other.
  const auto bob = it.hire("Bob " + value).value();
  BOOST_TEST(bob.name == "Bob " + value);
  BOOST_TEST(it.runtime->without_secrets(value) == "[secret:WORD]");  // but no log shows it
}

BOOST_AUTO_TEST_CASE(secrets_outlive_the_process_and_are_nowhere_in_its_files) {
  const scratch_directory directory;
  fleet_options options;
  options.data_directory = directory.path;
  std::string token;
  {
    host it{options};
    token = it.runtime->new_admin_token().value();
    it.log_in(token);
    it.get(&fleet::put_secret, of_org("WORD"), value);
    const auto ada = it.hire("Ada").value();
    (void)it.run(it.give(ada.id, "@say \"" + veiled + "\"").value().id);
  }
  BOOST_TEST(files_with(directory.path, value).empty());
  host it{options};
  it.log_in(token);
  BOOST_TEST(keys_of(it.get(&fleet::list_secrets, secret_query{})) == std::vector<std::string>{"WORD"},
             boost::test_tools::per_element());
  BOOST_TEST(it.runtime->without_secrets(value) == "[secret:WORD]");
}

BOOST_AUTO_TEST_CASE(without_its_key_a_store_does_not_open) {
  const scratch_directory directory;
  fleet_options options;
  options.data_directory = directory.path;
  {
    host it{options};
    it.log_in(it.runtime->new_admin_token().value());
    it.get(&fleet::put_secret, of_org("WORD"), value);
  }
  const auto file = directory.path / master_key_file;
  const auto aside = directory.path / "aside";
  std::filesystem::rename(file, aside);
  BOOST_TEST(holds(refusal(open_fleet(options), errc::invalid), "there is no master key"));
  BOOST_TEST(!std::filesystem::exists(file));
  auto other = options;
  other.master_key = std::string(64, 'a');
  BOOST_TEST(refusal(open_fleet(other), errc::invalid) ==
             "The secret WORD cannot be opened: it was encrypted with a master key that is not here.");
  std::filesystem::rename(aside, file);
  BOOST_TEST(open_fleet(other).has_value());  // with both at hand
  BOOST_TEST(open_fleet(options).has_value());
}

BOOST_AUTO_TEST_CASE(a_put_that_is_sent_again_is_made_once) {
  auto it = host::in_memory();
  auto once = std::make_shared<idempotency>();
  once->key = "a-key";
  it.who.once = once;
  it.get(&fleet::put_secret, of_org("WORD"), value);
  const auto before = it.get(&fleet::list_secrets, secret_query{}).items;
  let_a_millisecond_pass();
  it.get(&fleet::put_secret, of_org("WORD"), value);
  BOOST_TEST(once->replayed.load());
  BOOST_TEST((it.get(&fleet::list_secrets, secret_query{}).items == before));
}

BOOST_AUTO_TEST_SUITE_END()
