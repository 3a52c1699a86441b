#include "tests/recovery/script.hpp"

#include <functional>
#include <nlohmann/json.hpp>
#include <random>

namespace flotilla::recovery {
namespace {

using nlohmann::json;

// How scripts look, in percent and in numbers.
constexpr unsigned most_turns = 4;
constexpr unsigned most_calls = 3;
constexpr unsigned most_pieces = 7;
constexpr unsigned most_pace = 12;        // ms
constexpr unsigned most_tool_time = 40;   // ms
constexpr unsigned percent_hiccup = 6;    // each kind
constexpr unsigned percent_refused = 4;   // of the tasks
constexpr unsigned percent_rejected = 4;  // of the tasks
constexpr unsigned percent_thinking = 30;
constexpr unsigned percent_delegated = 45;    // of the calls of an agent with reports
constexpr unsigned percent_not_awaited = 20;  // of those

/// Words that are no harm to split, and some that are: several bytes, blanks, line ends, quotes.
const std::vector<std::string> words = {"alpha ",
                                        "beta, ",
                                        "gamma\n",
                                        "\xC3\xA4\xC3\xB6\xC3\xBC ",  // äöü
                                        "\xF0\x9F\xA6\x8A ",          // a fox
                                        "\"q\" ",
                                        "\\n ",
                                        "  ",
                                        "epsilon. ",
                                        "zeta; ",
                                        "eta\t",
                                        "</theta>\n",
                                        "{iota} "};

}  // namespace

/// Random numbers that are the same wherever they are thrown.
struct library::dice {
  std::mt19937_64 numbers;
  unsigned up_to(unsigned most) { return static_cast<unsigned>(numbers() % (most + 1)); }
  bool chance(unsigned percent) { return numbers() % 100 < percent; }
};

std::string scripted_turn::whole_text() const {
  std::string joined;
  for (const auto& piece : text) joined += piece;
  return joined;
}

std::string script::output() const {
  std::string joined;
  for (const auto& turn : turns) joined += turn.whole_text();
  return joined;
}

std::optional<std::string> script::error_code() const {
  if (ends == outcome::refused) return "refusal";
  if (ends == outcome::rejected) return "provider_rejected";
  return std::nullopt;
}

std::string script_name_in(const std::string& input) {
  const auto at = input.find(script_word);
  if (at == std::string::npos) return {};
  const auto begin = at + std::string_view(script_word).size();
  return input.substr(begin, input.find_first_of(" \n", begin) - begin);
}

const script* library::find(const std::string& name) const {
  const std::lock_guard lock(mutex_);
  const auto found = scripts_.find(name);
  return found == scripts_.end() ? nullptr : &found->second;
}

const script& library::write(const std::string& name, std::size_t agent) {
  const std::lock_guard lock(mutex_);
  if (const auto* known = find(name)) return *known;
  dice thrown{std::mt19937_64(std::hash<std::string>{}(name) ^ (seed_ * 0x9E3779B97F4A7C15ULL))};
  script made;
  made.name = name;
  const auto turns = 1 + thrown.up_to(most_turns - 1);
  for (unsigned turn = 0; turn < turns; ++turn) {
    made.turns.push_back(write_turn(thrown, name + "." + std::to_string(turn), agent, turn + 1 == turns));
  }
  if (thrown.chance(percent_refused)) {
    made.ends = outcome::refused;
  } else if (thrown.chance(percent_rejected)) {
    made.ends = outcome::rejected;
    made.turns.back() = {};  // the vendor takes the request for it amiss, and says nothing
  }
  return scripts_.emplace(name, std::move(made)).first->second;
}

scripted_turn library::write_turn(dice& thrown, const std::string& turn, std::size_t agent, bool last) {
  scripted_turn made;
  if (thrown.chance(percent_thinking)) made.thinking = {"Let me ", "think of " + turn};
  const auto pieces = thrown.up_to(most_pieces) + (last ? 1 : 0);
  // It begins with words of its own: a cut answer that goes on with just what it has said already is taken for one
  // that begins anew, and is told only once.
  if (pieces > 0) made.text.push_back("In " + turn + ": ");
  for (unsigned i = 0; i < pieces; ++i) made.text.push_back(words[thrown.up_to(unsigned(words.size() - 1))]);
  made.pace = std::chrono::milliseconds(thrown.up_to(most_pace));
  for (const auto each : {hiccup::overloaded, hiccup::broken_stream, hiccup::cut_connection}) {
    if (thrown.chance(percent_hiccup)) made.first = each;
  }
  if (last) {
    made.text.push_back("The end of " + turn + ".");
    return made;
  }
  const auto calls = 1 + thrown.up_to(most_calls - 1);
  for (unsigned i = 0; i < calls; ++i) {
    made.calls.push_back(write_call(thrown, turn + "." + std::to_string(i), agent));
  }
  return made;
}

scripted_call library::write_call(dice& thrown, const std::string& name, std::size_t agent) {
  scripted_call made{std::string(call_prefix) + name, {}, name, {}, true};
  const auto& reports = staff_.at(agent).reports;
  if (!reports.empty() && thrown.chance(percent_delegated)) {
    const auto to = reports[thrown.up_to(unsigned(reports.size() - 1))];
    made.tool = delegate_tool;
    made.waits = !thrown.chance(percent_not_awaited);
    made.arguments = json{
        {"to", staff_.at(to).id},
        {"title", "Part " + name},
        {"input", write(name, to).input()},
        {"wait",
         made.waits}}.dump();
    return made;
  }
  static const std::vector<std::string> tools = {lookup_tool,  append_tool, append_tool, append_tool, lookup_tool,
                                                 guarded_tool, ask_tool,    send_tool,   send_tool};
  made.tool = tools[thrown.up_to(unsigned(tools.size() - 1))];
  if (made.tool == ask_tool) {
    made.arguments = json{{"question", "May I, in " + name + "?"}}.dump();
    return made;
  }
  if (made.tool == send_tool) {
    const auto others = unsigned(staff_.size() - 1);
    const auto to = (agent + 1 + thrown.up_to(others - 1)) % staff_.size();
    made.arguments = json{{"to", staff_.at(to).id}, {"text", message_word + name}}.dump();
    return made;
  }
  made.arguments =
      json{{"name", name}, {"before", thrown.up_to(most_tool_time)}, {"after", thrown.up_to(most_tool_time)}}.dump();
  return made;
}

}  // namespace flotilla::recovery
