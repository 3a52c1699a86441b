// The parts, and the scripts that are made of them: a manager's holds its reports' scripts as arguments of its calls.
#include "cli/demo_fleet_script.hpp"

#include <nlohmann/json.hpp>

namespace flotilla::cli {
namespace {

using json = nlohmann::ordered_json;

std::string call(const char* tool, const json& arguments) {
  return std::string("@tool ") + tool + ' ' + arguments.dump() + '\n';
}

std::string say(const std::string& text) {
  return "@say " + json(text).dump() + '\n';
}

/// Gives each report its part, all in one turn, and joins what they answer.
std::string managers_script(const demo_part& part) {
  std::string script = part.title + "\n@think Each of my reports takes a part of it.\n";
  for (const auto& each : part.reports) {
    script += call("delegate", {{"to", each.name}, {"title", each.title}, {"input", demo_script(each, part.name)}});
  }
  script += say(part.finding);
  for (std::size_t i = 1; i <= part.reports.size(); ++i) {
    script += say(i == 1 ? " " : "; ") + "@result " + std::to_string(i) + '\n';
  }
  return script;
}

/// Two turns: the work, and the message about it.
std::string workers_script(const demo_part& part, const std::string& manager) {
  return part.title + "\n@think I look at it first.\n@delay 20ms\n" +
         call("rehearse_echo", {{"text", part.finding}}) + "@think That is worth a word.\n" +
         call("send_message", {{"to", manager}, {"text", part.title + ": I am through with it."}}) +
         say(part.finding);
}

}  // namespace

demo_part demo_cast() {
  const demo_part lookout{"Lookout", "🔭", "You watch and report.", "Look for the passage", "it opens to the north",
                          {}};
  const demo_part charter{"Charter", "📜", "You draw the charts.", "Chart the shoals", "five fathoms at low water",
                          {}};
  const demo_part cook{"Cook", "🍲", "You feed the crew.", "Count the stores", "bread for twelve days", {}};
  const demo_part sailor{"Sailor", "⛵", "You mend the sails.", "Look over the sails", "one seam is mended", {}};
  const demo_part navigator{"Navigator",      "🧭",       "You plan the route.",
                            "Plan the route", "The route:", {lookout, charter}};
  const demo_part mate{"Mate", "⚓", "You see to the ship.", "Ready the ship", "The ship:", {cook, sailor}};
  return {"Captain", "👑", "You lead the crew.", "Prepare the voyage", "We can sail.", {navigator, mate}};
}

std::string demo_script(const demo_part& part, const std::string& manager) {
  return part.reports.empty() ? workers_script(part, manager) : managers_script(part);
}

}  // namespace flotilla::cli
