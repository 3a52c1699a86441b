// What the values of agents and tasks must be.
#include "core/validation.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

namespace {

using namespace flotilla;

agent_draft good_agent() {
  agent_draft draft;
  draft.name = "Ada";
  draft.role = "You are careful.\n\tAlways.";
  draft.model = "claude-sonnet-4-5";
  draft.provider = "anthropic";
  draft.glyph = "🦊";
  return draft;
}

task_draft good_task() {
  task_draft draft;
  draft.title = "Look";
  draft.input = "Look at this:\r\n\t\x1B[31mred\x1B[0m";
  draft.assignee = agent_id::make(timestamp{});
  return draft;
}

/// "fine" or the message; every error must be `invalid`.
template <class T>
std::string verdict(const T& value) {
  const auto checked = validate(value);
  if (checked) return "fine";
  BOOST_TEST((checked.error().code == errc::invalid));
  return checked.error().message;
}

template <class Change>
std::string agent_with(Change change) {
  auto draft = good_agent();
  change(draft);
  return verdict(draft);
}

template <class Change>
std::string task_with(Change change) {
  auto draft = good_task();
  change(draft);
  return verdict(draft);
}

std::string repeated(std::string_view text, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += text;
  return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(validation)

BOOST_AUTO_TEST_CASE(well_formed_utf8) {
  for (const std::string good : {"", "ascii", "\x7F", "é", "€", "😀", "\xEF\xBF\xBF", "\xED\x9F\xBF", "\xEE\x80\x80",
                                 "\xF4\x8F\xBF\xBF", "\xC2\x80", "\xE0\xA0\x80", "\xF0\x90\x80\x80"}) {
    BOOST_TEST(is_utf8(good));
  }
  BOOST_TEST(is_utf8(std::string_view("a\0b", 3)));
}

BOOST_AUTO_TEST_CASE(ill_formed_utf8) {
  for (const std::string bad : {
           "\x80",
           "\xBF",
           "a\x80",
           "\xC3",
           "\xC3(",
           "\xE2\x82",
           "\xE2(\xA1",
           "\xF0\x9F\x98",
           "\xF0\x9F\x98(",  // cut
           "\xC0\x80",
           "\xC1\xBF",
           "\xE0\x80\x80",
           "\xE0\x9F\xBF",
           "\xF0\x80\x80\x80",
           "\xF0\x8F\xBF\xBF",  // overlong
           "\xED\xA0\x80",
           "\xED\xBF\xBF",
           "\xED\xA0\xBD\xED\xB8\x80",  // surrogates
           "\xF4\x90\x80\x80",
           "\xF5\x80\x80\x80",
           "\xFE",
           "\xFF",
           "\xF8\x88\x80\x80\x80",  // too large
       }) {
    BOOST_TEST(!is_utf8(bad));
    BOOST_TEST(!is_utf8("before " + bad + " after"));
  }
}

BOOST_AUTO_TEST_CASE(one_emoji_of_each_sort) {
  for (const std::string good : {
           "😀",
           "🦊",
           "🚀",  // by themselves
           "❤️",
           "☎️",
           "©️",  // with the selector VS16
           "❤",
           "☎",
           "✈",  // where only that is missing
           "👍🏽",
           "🧑🏿",
           "✌🏽",  // skin tones
           "🇨🇭",
           "🇯🇵",
           "🏴󠁧󠁢󠁳󠁣󠁴󠁿",  // flags of countries and of Scotland
           "👨‍👩‍👧‍👦",
           "👩🏽‍🚀",
           "🏳️‍🌈",
           "🏴‍☠️",                        // joined
           "👩🏻‍❤️‍💋‍👨🏿",  // the longest
           "🏳‍🌈",
           "👁‍🗨",
           "🤷‍♂",  // joined, selectors missing
           "#️⃣",
           "*️⃣",
           "7️⃣",
           "7⃣",  // keycaps
           "🐦‍🔥",
           "🙂‍↔️",  // joined, newer than Unicode 15.0
       }) {
    BOOST_TEST(is_single_emoji(good), good);
  }
}

BOOST_AUTO_TEST_CASE(what_is_not_one_emoji) {
  for (const std::string bad : {
           "",
           " ",
           "a",
           "A",
           "é",
           "7",
           "#",
           "*",
           "12",
           "ab",
           "字",
           "한",
           "!",
           ":)",
           "\xE2\x86\xBA",  // no emoji
           "😀😀",
           "😀 ",
           " 😀",
           "😀a",
           "a😀",
           "❤️❤️",
           "👍🏽🏽",
           "🇨🇭🇯🇵",
           "7️⃣7️⃣",  // more than one
           "🇨",
           "🇨🇨🇨",
           "🇽🇽",  // no flags
           "❤︎",
           "7️",
           "\xEF\xB8\x8F",
           "\xE2\x80\x8D",  // text style; selector and joiner alone
           "😀‍",
           "‍😀",
           "😀‍‍😀",
           "😀‍a",
           "🇨🇭‍🇯🇵",  // joiners without partners
           "\xF0\x9F\x98",
           "\xED\xA0\xBD\xED\xB8\x80",
           "\xFF",  // not UTF-8
       }) {
    BOOST_TEST(!is_single_emoji(bad), bad);
  }
  BOOST_TEST(!is_single_emoji(std::string_view("\0", 1)));
  BOOST_TEST(!is_single_emoji(repeated("😀‍", 5'000) + "😀"));
}

BOOST_AUTO_TEST_CASE(known_providers_are_those_that_are_named) {
  for (const std::string name : {"anthropic", "openai", "openrouter", "rehearsal"})
    BOOST_TEST(is_known_provider(name));
  for (const std::string name : {"", "OpenAI", "openai ", "mistral"}) BOOST_TEST(!is_known_provider(name));
  BOOST_TEST(known_providers() == "anthropic, openai, openrouter, rehearsal");
}

BOOST_AUTO_TEST_CASE(good_drafts) {
  BOOST_TEST(verdict(good_agent()) == "fine");
  BOOST_TEST(verdict(good_task()) == "fine");
  BOOST_TEST(verdict(agent_patch{}) == "fine");
  BOOST_TEST(verdict(task_patch{}) == "fine");
  BOOST_TEST(agent_with([](auto& d) {
               d.manager = agent_id::make(timestamp{});
               d.team = "Core";
               d.mcps = {"files", "web"};
               d.approvals = {"*", "db_?"};
               d.max_turns = highest_max_turns;
               d.budget = token_budget{1, budget_period::day};
               d.memory_tokens = highest_memory_tokens;
             }) == "fine");
  BOOST_TEST(agent_with([](auto& d) { d.memory_tokens = 0; }) == "fine");
}

BOOST_AUTO_TEST_CASE(required_texts_are_not_blank) {
  for (const std::string blank : {"", " ", "\xC2\xA0", "\xE3\x80\x80 \xE2\x80\x83"}) {
    BOOST_TEST(agent_with([&](auto& d) { d.name = blank; }) == "name: must not be empty");
    BOOST_TEST(agent_with([&](auto& d) { d.role = blank; }) == "role: must not be empty");
    BOOST_TEST(agent_with([&](auto& d) { d.model = blank; }) == "model: must not be empty");
    BOOST_TEST(agent_with([&](auto& d) { d.team = blank; }) == "team: must not be empty");
    BOOST_TEST(agent_with([&](auto& d) { d.mcps = {blank}; }) == "mcps: must not be empty");
    BOOST_TEST(agent_with([&](auto& d) { d.approvals = {"x", blank}; }) == "approvals: must not be empty");
    BOOST_TEST(task_with([&](auto& d) { d.title = blank; }) == "title: must not be empty");
    BOOST_TEST(task_with([&](auto& d) { d.input = blank; }) == "input: must not be empty");
  }
  BOOST_TEST(agent_with([](auto& d) { d.role = "\r\n\t"; }) == "role: must not be empty");
  BOOST_TEST(agent_with([](auto& d) { d.provider = ""; }) ==
             "provider: must be one of anthropic, openai, openrouter, rehearsal");
  BOOST_TEST(agent_with([](auto& d) { d.glyph = ""; }) == "glyph: must be a single emoji");
}

BOOST_AUTO_TEST_CASE(sizes_have_bounds) {
  const auto sized = [](std::size_t bytes) { return std::string(bytes, 'x'); };
  BOOST_TEST(agent_with([&](auto& d) { d.name = sized(max_name_bytes); }) == "fine");
  BOOST_TEST(agent_with([&](auto& d) { d.name = sized(max_name_bytes + 1); }) ==
             "name: must not be longer than 200 bytes");
  BOOST_TEST(agent_with([&](auto& d) { d.role = sized(max_role_bytes); }) == "fine");
  BOOST_TEST(agent_with([&](auto& d) { d.role = sized(max_role_bytes + 1); }) ==
             "role: must not be longer than 262144 bytes");
  BOOST_TEST(agent_with([&](auto& d) { d.model = sized(max_model_bytes + 1); }).starts_with("model: "));
  BOOST_TEST(agent_with([&](auto& d) { d.team = sized(max_name_bytes + 1); }).starts_with("team: "));
  BOOST_TEST(agent_with([&](auto& d) { d.approvals = {sized(max_pattern_bytes)}; }) == "fine");
  BOOST_TEST(agent_with([&](auto& d) { d.approvals = {sized(max_pattern_bytes + 1)}; }).starts_with("approvals: "));
  BOOST_TEST(task_with([&](auto& d) { d.title = sized(max_title_bytes); }) == "fine");
  BOOST_TEST(task_with([&](auto& d) { d.title = sized(max_title_bytes + 1); }).starts_with("title: "));
  BOOST_TEST(task_with([&](auto& d) { d.input = sized(max_input_bytes); }) == "fine");
  BOOST_TEST(task_with([&](auto& d) { d.input = sized(max_input_bytes + 1); }).starts_with("input: "));
  BOOST_TEST(agent_with([](auto& d) { d.mcps.assign(max_list_items, "m"); }) == "fine");
  BOOST_TEST(agent_with([](auto& d) { d.mcps.assign(max_list_items + 1, "m"); }) ==
             "mcps: must not have more than 100 items");
  BOOST_TEST(agent_with([](auto& d) { d.approvals.assign(max_list_items + 1, "m"); }).starts_with("approvals: "));
}

BOOST_AUTO_TEST_CASE(control_characters) {
  using namespace std::string_literals;
  for (const auto& c : {"\0"s, "\x01"s, "\n"s, "\t"s, "\x1B"s, "\x7F"s, "\xC2\x85"s}) {
    BOOST_TEST(agent_with([&](auto& d) { d.name = "a" + c + "b"; }) == "name: must not hold control characters");
    BOOST_TEST(agent_with([&](auto& d) { d.model = c + "b"; }) == "model: must not hold control characters");
    BOOST_TEST(agent_with([&](auto& d) { d.team = "b" + c; }) == "team: must not hold control characters");
    BOOST_TEST(task_with([&](auto& d) { d.title = "a" + c + "b"; }) == "title: must not hold control characters");
  }
  BOOST_TEST(agent_with([](auto& d) { d.role = "a\0b"s; }) == "role: must not hold control characters");
  BOOST_TEST(task_with([](auto& d) { d.input = "a\0b"s; }) == "input: must not hold control characters");
  // A joiner is a format character, not a control character: names may hold emoji.
  BOOST_TEST(agent_with([](auto& d) { d.name = "Family 👨‍👩‍👧‍👦"; }) == "fine");
}

BOOST_AUTO_TEST_CASE(texts_are_utf8) {
  for (const std::string bad : {"\xC0\x80", "\xED\xA0\x80", "a\xFF"}) {
    BOOST_TEST(agent_with([&](auto& d) { d.name = bad; }) == "name: must be valid UTF-8");
    BOOST_TEST(agent_with([&](auto& d) { d.role = bad; }) == "role: must be valid UTF-8");
    BOOST_TEST(task_with([&](auto& d) { d.input = bad; }) == "input: must be valid UTF-8");
    BOOST_TEST(agent_with([&](auto& d) { d.approvals = {bad}; }) == "approvals: must be valid UTF-8");
  }
}

BOOST_AUTO_TEST_CASE(numbers_and_ids) {
  BOOST_TEST(agent_with([](auto& d) { d.max_turns = 0; }) == "maxTurns: must be a number from 1 to 1000");
  BOOST_TEST(agent_with([](auto& d) { d.max_turns = highest_max_turns + 1; }).starts_with("maxTurns: "));
  BOOST_TEST(agent_with([](auto& d) { d.memory_tokens = highest_memory_tokens + 1; }) ==
             "memoryTokens: must be a number from 0 to 200000");
  BOOST_TEST(agent_with([](auto& d) { d.budget = token_budget{}; }) == "budget.tokens: must be greater than 0");
  BOOST_TEST(agent_with([](auto& d) { d.manager = agent_id{}; }).starts_with("manager: "));
  BOOST_TEST(task_with([](auto& d) { d.assignee = {}; }).starts_with("assignee: "));
  BOOST_TEST(task_with([](auto& d) { d.requester = agent_id{}; }).starts_with("requester: "));
  BOOST_TEST(task_with([](auto& d) { d.epic_id = epic_id{}; }).starts_with("epic_id: "));
}

BOOST_AUTO_TEST_CASE(patches_are_checked_where_they_change) {
  agent_patch agent;
  agent.team.emplace(std::nullopt);
  agent.manager.emplace(std::nullopt);
  agent.budget.emplace(std::nullopt);
  agent.mcps.emplace();
  BOOST_TEST(verdict(agent) == "fine");

  const auto patched = [](auto change) {
    agent_patch patch;
    change(patch);
    return verdict(patch);
  };
  BOOST_TEST(patched([](auto& p) { p.name = " "; }).starts_with("name: "));
  BOOST_TEST(patched([](auto& p) { p.role = ""; }).starts_with("role: "));
  BOOST_TEST(patched([](auto& p) { p.model = ""; }).starts_with("model: "));
  BOOST_TEST(patched([](auto& p) { p.provider = "x"; }).starts_with("provider: "));
  BOOST_TEST(patched([](auto& p) { p.glyph = "xx"; }).starts_with("glyph: "));
  BOOST_TEST(patched([](auto& p) { p.manager = std::optional(agent_id{}); }).starts_with("manager: "));
  BOOST_TEST(patched([](auto& p) { p.team = std::optional<std::string>(""); }).starts_with("team: "));
  BOOST_TEST(patched([](auto& p) { p.mcps = std::vector<std::string>{""}; }).starts_with("mcps: "));
  BOOST_TEST(patched([](auto& p) { p.approvals = std::vector<std::string>{""}; }).starts_with("approvals: "));
  BOOST_TEST(patched([](auto& p) { p.max_turns = 0; }).starts_with("maxTurns: "));
  BOOST_TEST(patched([](auto& p) { p.memory_tokens = highest_memory_tokens + 1; }).starts_with("memoryTokens: "));
  BOOST_TEST(patched([](auto& p) { p.memory_tokens = 0; }) == "fine");
  BOOST_TEST(patched([](auto& p) { p.budget = std::optional(token_budget{}); }).starts_with("budget.tokens: "));

  task_patch task;
  task.epic_id.emplace(std::nullopt);
  BOOST_TEST(verdict(task) == "fine");
  task.title = "";
  BOOST_TEST(verdict(task) == "title: must not be empty");
  task = {};
  task.input = "";
  BOOST_TEST(verdict(task) == "input: must not be empty");
  task = {};
  task.assignee = agent_id{};
  BOOST_TEST(verdict(task).starts_with("assignee: "));
}

BOOST_AUTO_TEST_CASE(epics) {
  BOOST_TEST(verdict(epic_draft{"Launch", {}}) == "fine");
  BOOST_TEST(verdict(epic_draft{"", {}}) == "name: must not be empty");
  BOOST_TEST(verdict(epic_draft{std::string(max_name_bytes + 1, 'x'), {}}).starts_with("name: "));
  epic_patch patch;
  BOOST_TEST(verdict(patch) == "fine");
  patch.name = "a\nb";
  BOOST_TEST(verdict(patch) == "name: must not hold control characters");
}

BOOST_AUTO_TEST_CASE(words_of_humans) {
  const auto ada = agent_id::make(timestamp{});
  BOOST_TEST(verdict(outgoing_message{ada, "a\nb"}) == "fine");
  BOOST_TEST(verdict(outgoing_message{ada, "\n"}) == "text: must not be empty");
  BOOST_TEST(verdict(outgoing_message{ada, "\xFF"}) == "text: must be valid UTF-8");
  BOOST_TEST(verdict(outgoing_message{ada, std::string(max_message_bytes, 'x')}) == "fine");
  BOOST_TEST(verdict(outgoing_message{ada, std::string(max_message_bytes + 1, 'x')}).starts_with("text: "));
  BOOST_TEST(verdict(outgoing_message{{}, "a"}).starts_with("to: "));
  BOOST_TEST(verdict(team_message{"Core", "a\nb"}) == "fine");
  BOOST_TEST(verdict(team_message{"Core", std::string(max_message_bytes + 1, 'x')}).starts_with("text: "));
  BOOST_TEST(verdict(team_message{"Core", "\n"}) == "text: must not be empty");
  BOOST_TEST(verdict(team_message{" ", "a"}) == "team: must not be empty");
  BOOST_TEST(verdict(team_message{"a\nb", "a"}) == "team: must not hold control characters");
  BOOST_TEST(verdict(team_message{std::string(max_name_bytes + 1, 'x'), "a"}).starts_with("team: "));
  BOOST_TEST(verdict(approval_decision{}) == "fine");
  BOOST_TEST(verdict(approval_decision{true, "call", ""}) == "fine");
  BOOST_TEST(verdict(approval_decision{true, "", {}}) == "callId: must not be empty");
  BOOST_TEST(verdict(approval_decision{true, {}, std::string("\0", 1)}).starts_with("comment: "));
  BOOST_TEST(verdict(approval_decision{true, {}, std::string(max_comment_bytes + 1, 'x')}).starts_with("comment: "));
}

BOOST_AUTO_TEST_CASE(pages) {
  BOOST_TEST(verdict(page_request{}) == "fine");
  BOOST_TEST(verdict(page_request{.limit = 1, .cursor = "any"}) == "fine");
  BOOST_TEST(verdict(page_request{.limit = max_page_limit, .cursor = {}}) == "fine");
  BOOST_TEST(verdict(page_request{.limit = 0, .cursor = {}}) == "limit: must be a number from 1 to 500");
  BOOST_TEST(verdict(page_request{.limit = max_page_limit + 1, .cursor = {}}).starts_with("limit: "));
}

BOOST_AUTO_TEST_SUITE_END()
