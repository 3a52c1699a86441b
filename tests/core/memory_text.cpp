// What an agent is reminded of: what is shown, in which order, and that it never passes its bounds.
#include "core/memory_text.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <random>

#include "core/token_estimate.hpp"
#include "flotilla/text.hpp"

namespace {

using namespace flotilla;

constexpr memory_bounds roomy{8000, 1U << 20U};
constexpr std::string_view about = "Your memory, oldest first. The task follows in the next message.";

timestamp at_s(std::int64_t seconds) {
  return timestamp{std::chrono::seconds{seconds}};
}

task ended_task(std::int64_t seconds, std::string title = "Look", std::string input = "Is there a sail?",
                std::string output = "Yes.") {
  task made;
  made.id.value.bytes.back() = static_cast<std::uint8_t>(seconds);
  made.title = std::move(title);
  made.input = std::move(input);
  made.status = task_status::done;
  made.output = std::move(output);
  made.finished_at = at_s(seconds);
  return made;
}

message said_message(std::int64_t seconds, std::string text = "Sail!") {
  message made;
  made.id.value.bytes.back() = static_cast<std::uint8_t>(seconds);
  made.from = party::user();
  made.to = party::of({});
  made.text = std::move(text);
  made.created_at = at_s(seconds);
  return made;
}

memory_entry task_at(std::int64_t seconds, const memory_bounds& within = roomy) {
  return remember(ended_task(seconds), within);
}

memory_entry message_at(std::int64_t seconds, const memory_bounds& within = roomy) {
  return remember(said_message(seconds), message_direction::received, "", within);
}

/// The moments of the entries, in seconds; those of messages are negative.
std::vector<std::int64_t> moments(const agent_memory& memory) {
  std::vector<std::int64_t> found;
  for (const auto& each : memory.entries) {
    const auto seconds = each.at.time_since_epoch().count() / 1000;
    found.push_back(each.task ? seconds : -seconds);
  }
  return found;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_text)

BOOST_AUTO_TEST_CASE(a_task_is_told_with_its_end) {
  auto task = ended_task(1);
  auto entry = remember(task, roomy);
  BOOST_TEST(entry.text == "Task \"Look\", done 1970-01-01T00:00:01.000Z:\nInput: Is there a sail?\nOutput: Yes.");
  BOOST_TEST((entry.task == task.id));
  BOOST_TEST(!entry.message.has_value());
  BOOST_TEST((entry.at == at_s(1)));
  BOOST_TEST(entry.tokens == estimate_tokens(entry.text));
  task.status = task_status::error;
  task.error = task_error{"refusal", "It refused."};
  entry = remember(task, roomy);
  BOOST_TEST(entry.text ==
             "Task \"Look\", failed 1970-01-01T00:00:01.000Z:\nInput: Is there a sail?\nOutput until then: Yes.\n"
             "Error: refusal: It refused.");
  task.output.reset();
  BOOST_TEST(remember(task, roomy).text.find("Output") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_message_is_told_with_who_and_when) {
  auto message = said_message(1);
  BOOST_TEST(message_at(1).text == "Message from a user, 1970-01-01T00:00:01.000Z:\nSail!");
  BOOST_TEST((message_at(1).message == message.id));
  const auto id = message.to.agent.to_string();
  BOOST_TEST(remember(message, message_direction::sent, "Ada", roomy).text ==
             "Message to Ada (" + id + "), 1970-01-01T00:00:01.000Z:\nSail!");
}

BOOST_AUTO_TEST_CASE(the_text_is_a_headline_and_the_entries_oldest_first) {
  const auto memory = compose_memory({{task_at(4), task_at(2)}, {message_at(3), message_at(1)}}, roomy);
  BOOST_TEST((moments(memory) == std::vector<std::int64_t>{-1, 2, -3, 4}));
  std::string expected(about);
  for (const auto& each : memory.entries) expected += "\n\n" + each.text;
  BOOST_TEST(memory.text == expected);
  BOOST_TEST(memory.tokens == estimate_tokens(expected));
  BOOST_TEST(memory.allowance == 8000U);
  BOOST_TEST(memory.omitted_tasks + memory.omitted_messages == 0U);
  BOOST_TEST(!memory.omitted_more);
}

BOOST_AUTO_TEST_CASE(the_order_of_what_comes_in_does_not_matter_but_at_a_tie) {
  auto first = task_at(2);
  first.text = "first";
  auto second = task_at(2);
  second.text = "second";
  const auto memory = compose_memory({{task_at(1), first, second, task_at(3)}, {message_at(2)}}, roomy);
  BOOST_TEST((moments(memory) == std::vector<std::int64_t>{1, -2, 2, 2, 3}));
  BOOST_TEST(memory.entries[2].text == "second");
  BOOST_TEST(memory.entries[3].text == "first");
}

BOOST_AUTO_TEST_CASE(the_headline_says_what_is_not_shown) {
  const auto headline = [](std::uint64_t tasks, std::uint64_t messages, bool all = true) {
    memory_material material{{task_at(1)}, {}, tasks, messages, all};
    const auto memory = compose_memory(std::move(material), roomy);
    BOOST_TEST(memory.omitted_tasks == tasks);
    BOOST_TEST(memory.omitted_messages == messages);
    BOOST_TEST(memory.omitted_more == !all);
    return first_line(memory.text).substr(about.size());
  };
  BOOST_TEST(headline(0, 0) == "");
  BOOST_TEST(headline(1, 0) == " 1 earlier task is not shown.");
  BOOST_TEST(headline(0, 1) == " 1 earlier message is not shown.");
  BOOST_TEST(headline(1, 1) == " 1 earlier task and 1 earlier message are not shown.");
  BOOST_TEST(headline(12, 3) == " 12 earlier tasks and 3 earlier messages are not shown.");
  BOOST_TEST(headline(12, 0, false) == " At least 12 earlier tasks are not shown.");
  BOOST_TEST(headline(0, 0, false) == " Older ones are not shown.");
}

BOOST_AUTO_TEST_CASE(nothing_to_tell_is_nothing) {
  const auto memory = compose_memory({}, roomy);
  BOOST_TEST(memory.text.empty());
  BOOST_TEST(memory.tokens == 0U);
}

BOOST_AUTO_TEST_CASE(no_allowance_is_no_memory) {
  const memory_bounds none{0, 1U << 20U};
  const auto memory = compose_memory({{task_at(1, none)}, {message_at(2, none)}, 3, 4, false}, none);
  BOOST_TEST(memory.text.empty());
  BOOST_TEST(memory.entries.empty());
  BOOST_TEST(memory.tokens == 0U);
}

BOOST_AUTO_TEST_CASE(the_newest_are_kept_and_the_rest_is_counted) {
  memory_bounds within{300, 1U << 20U};
  memory_material material;
  for (std::int64_t i = 1; i <= 20; ++i) {
    material.tasks.push_back(task_at(2 * i, within));
    material.messages.push_back(message_at(2 * i + 1, within));
  }
  const auto memory = compose_memory(material, within);
  const auto shown = moments(memory);
  BOOST_REQUIRE(shown.size() > 2U);
  BOOST_REQUIRE(shown.size() < 40U);
  auto expected = std::int64_t{41};
  for (auto at = shown.rbegin(); at != shown.rend(); ++at) BOOST_TEST(std::abs(*at) == expected--);
  BOOST_TEST(memory.tokens <= within.tokens);
  BOOST_TEST(memory.omitted_tasks + memory.omitted_messages + shown.size() == 40U);
  BOOST_TEST(first_line(memory.text)
                 .find(std::to_string(memory.omitted_tasks) + " earlier tasks and " +
                       std::to_string(memory.omitted_messages) + " earlier messages are not shown.") !=
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(an_older_entry_does_not_take_the_room_of_one_that_has_none) {
  auto large = task_at(2);
  large.text = std::string(4000, 'x');
  large.tokens = estimate_tokens(large.text);
  const auto memory = compose_memory({{task_at(3), large, task_at(1)}, {}}, {500, 1U << 20U});
  BOOST_TEST((moments(memory) == std::vector<std::int64_t>{3}));
  BOOST_TEST(memory.omitted_tasks == 2U);
}

BOOST_AUTO_TEST_CASE(where_only_the_headline_has_room_it_stands_alone) {
  const memory_bounds tight{80, 1U << 20U};
  const auto memory = compose_memory({{task_at(1)}, {}}, tight);
  BOOST_TEST(memory.text == std::string(about) + " 1 earlier task is not shown.");
  BOOST_TEST(memory.tokens <= tight.tokens);
  const auto less = compose_memory({{task_at(1)}, {}}, {20, 1U << 20U});
  BOOST_TEST(less.text.empty());
  BOOST_TEST(less.omitted_tasks == 1U);
}

BOOST_AUTO_TEST_CASE(long_texts_are_cut_on_the_border_of_a_character) {
  const memory_bounds vast{200'000, 1U << 20U};
  std::string umlauts = "x";  // so that no bound falls between two characters by itself
  while (umlauts.size() < 10'000) umlauts += "\xC3\xA4";
  auto task = ended_task(1, umlauts, umlauts, umlauts);
  task.status = task_status::error;
  task.error = task_error{"", umlauts};
  const auto entry = remember(task, vast);
  BOOST_TEST(is_utf8(entry.text));
  const auto most = max_remembered_title_bytes + max_remembered_input_bytes + max_remembered_output_bytes +
                    max_remembered_error_bytes;
  BOOST_TEST(entry.text.size() < most + 150);
  BOOST_TEST(entry.text.size() > most);
  std::size_t marks = 0;
  for (auto at = entry.text.find("…"); at != std::string::npos; at = entry.text.find("…", at + 1)) ++marks;
  BOOST_TEST(marks == 4U);
  const auto message = remember(said_message(1, umlauts), message_direction::received, "", vast);
  BOOST_TEST(message.text.size() < max_remembered_message_bytes + 80);
  const std::string whole(max_remembered_message_bytes, 'x');
  BOOST_TEST(remember(said_message(1, whole), message_direction::received, "", vast).text.ends_with(whole));
}

BOOST_AUTO_TEST_CASE(the_newest_finds_room_in_a_small_allowance_however_long_it_is) {
  for (const std::uint32_t tokens : {250U, 400U, 1000U, 8000U}) {
    const memory_bounds within{tokens, 1U << 20U};
    auto task = ended_task(1, std::string(500, 'T'), std::string(9000, 'I'), std::string(9000, 'O'));
    const auto memory = compose_memory({{remember(task, within)}, {}, 5, 5, true}, within);
    BOOST_TEST(memory.entries.size() == 1U, tokens);
    BOOST_TEST(memory.tokens <= tokens);
  }
}

BOOST_AUTO_TEST_CASE(whatever_is_remembered_its_bounds_hold) {
  std::mt19937 draw(11);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(draw() % limit); };
  const auto text = [&](std::uint32_t most) {
    static const std::vector<std::string> pieces{
        "word ", "7", "{\"a\":", "\xC3\xA4", "\xE6\xB8\xAF", "\xF0\x9F\x9A\xA2", "\n"};
    std::string made;
    for (auto size = below(most + 1); made.size() < size;) made += pieces[below(7)];
    return made;
  };
  std::size_t cut = 0;
  std::size_t full = 0;
  for (int round = 0; round < 300; ++round) {
    const memory_bounds within{below(3) == 0 ? below(200) : below(12'000), below(2) == 0 ? below(4000) : 1U << 20U};
    const bool few = round % 3 == 0;
    memory_material material;
    for (auto count = below(few ? 3 : 30); count > 0; --count) {
      material.tasks.push_back(remember(ended_task(below(50), text(600), text(3000), text(6000)), within));
    }
    for (auto count = below(few ? 3 : 30); count > 0; --count) {
      material.messages.push_back(
          remember(said_message(below(50), text(3000)), message_direction::received, text(20), within));
    }
    material.more_tasks = below(3) * 1000;
    material.more_messages = below(3);
    material.counted_all = below(2) == 0;
    const auto tasks = material.tasks.size() + material.more_tasks;
    const auto messages = material.messages.size() + material.more_messages;
    auto newest = material.tasks;
    newest.insert(newest.end(), material.messages.begin(), material.messages.end());
    std::stable_sort(newest.begin(), newest.end(), [](const auto& one, const auto& two) { return one.at > two.at; });
    const auto memory = compose_memory(std::move(material), within);
    BOOST_TEST(memory.tokens == estimate_tokens(memory.text));
    BOOST_TEST(memory.tokens <= within.tokens);
    BOOST_TEST(memory.text.size() <= within.max_bytes);
    BOOST_TEST(is_utf8(memory.text));
    if (within.tokens == 0) continue;
    const auto shown = memory.entries.size();
    BOOST_TEST(memory.omitted_tasks + memory.omitted_messages + shown == tasks + messages);
    for (std::size_t i = 0; i < shown; ++i) BOOST_TEST((memory.entries[shown - 1 - i] == newest[i]));
    (shown < newest.size() ? cut : full) += 1;
  }
  BOOST_TEST(cut > 50U);
  BOOST_TEST(full > 50U);
}

BOOST_AUTO_TEST_SUITE_END()
