// Hires the cast, gives the lead its task, and follows the bus until that task has ended.
#include "cli/demo_fleet.hpp"

#include <iostream>
#include <map>
#include <memory>
#include <string_view>

#include <nlohmann/json.hpp>

#include "cli/ansi.hpp"
#include "cli/demo_fleet_script.hpp"
#include "cli/event_printer.hpp"
#include "cli/rehearsed_fleet.hpp"

namespace flotilla::cli {
namespace {

using nlohmann::json;

/// Hires a part and all below it. Answers with the part's agent.
result<agent> hire(const rehearsed_fleet& rehearsed, const demo_part& part, std::optional<agent_id> manager) {
  auto hired = rehearsed.hire(part.name, part.glyph, part.role, manager);
  if (!hired) return hired;
  for (const auto& each : part.reports) {
    if (auto below = hire(rehearsed, each, hired->id); !below) return below;
  }
  return hired;
}

/// Prints agents as a tree, and notes their names.
class tree_printer {
 public:
  tree_printer(std::ostream& to, std::map<std::string, std::string>& names) : to_(to), names_(names) {}

  /// `lead`: what stands before the agents that are below one.
  void print(const std::vector<agent_node>& nodes, const std::string& lead = {}, bool top = true) {
    for (const auto& each : nodes) {
      const bool last = &each == &nodes.back();
      names_[each.agent.id.to_string()] = each.agent.name;
      to_ << lead << (top ? "" : last ? "└─ " : "├─ ") << each.agent.glyph << ' ' << each.agent.name << '\n';
      print(each.reports, lead + (top ? "" : last ? "   " : "│  "), false);
    }
  }

 private:
  std::ostream& to_;
  std::map<std::string, std::string>& names_;
};

/// Prints what the bus tells of tasks and messages, a line each.
class bus_printer {
 public:
  bus_printer(const rehearsed_fleet& rehearsed, std::map<std::string, std::string> names, std::ostream& to,
              bool colours)
      : rehearsed_(rehearsed), names_(std::move(names)), to_(to), colours_(colours) {}

  /// Prints one message. Answers with the task that has ended by it, where one has. Errors: those of
  /// `fleet::find_task`.
  result<std::optional<task>> print(const json& said) {
    const auto type = said.value("type", "");
    const auto text = said.value("text", "");
    if (type == "task.created") {
      line("task      ", name(said["from"]) + " → " + name(said["to"]) + ": " + text, ansi::cyan);
    } else if (type == "agent.message") {
      line("message   ", name(said["from"]) + " → " + name(said["to"]) + ": " + text, ansi::none);
    } else if (type == "task.done" || type == "task.error" || type == "task.cancelled") {
      return print_end(said);
    }
    return std::nullopt;
  }

 private:
  result<std::optional<task>> print_end(const json& said) {
    const auto which = task_id::parse(said["task_id"].get<std::string>()).value_or(task_id{});
    const auto found = await<task_detail>(
        [&](reply<task_detail> done) { rehearsed_.runtime->find_task(rehearsed_.who, which, std::move(done)); });
    if (!found) return fail(found.error());
    const auto& ended = found->task;
    const bool good = ended.status == task_status::done;
    const auto how = good ? ended.output.value_or("") : ended.error.value_or(task_error{}).message;
    line(good ? "done      " : "error     ", name(said["from"]) + ": " + how, good ? ansi::green : ansi::red);
    return ended;
  }

  [[nodiscard]] std::string name(const json& party) const {
    if (!party.is_string()) return "all";
    const auto found = names_.find(party.get<std::string>());
    if (found != names_.end()) return found->second;
    return party == "user" ? "You" : party.get<std::string>();
  }

  void line(std::string_view mark, const std::string& text, std::string_view style) {
    const auto put = [this](std::string_view with, std::string_view what) {
      const bool styled = colours_ && !with.empty();
      to_ << (styled ? with : ansi::none) << printable(what) << (styled ? ansi::reset : ansi::none);
    };
    put(ansi::dim, mark);
    put(style, text);
    to_ << std::endl;
  }

  const rehearsed_fleet& rehearsed_;
  std::map<std::string, std::string> names_;
  std::ostream& to_;
  bool colours_;
};

/// Prints the bus until a task has ended. Answers with that task.
result<task> follow(subscription& bus, task_id until, bus_printer& printer) {
  for (;;) {
    const auto chunk = next_entries(bus);
    if (!chunk) return fail(chunk.error());
    for (const auto& entry : chunk->entries) {
      auto ended = printer.print(json::parse(*entry.json));
      if (!ended) return fail(ended.error());
      if (*ended && (*ended)->id == until) return std::move(**ended);
    }
    if (chunk->ended) return fail(errc::internal, "the bus ended before the task did");
  }
}

result<task> rehearse(std::ostream& out, bool colours) {
  const auto rehearsed = rehearsed_fleet::open();
  if (!rehearsed) return fail(rehearsed.error());
  auto& runtime = *rehearsed->runtime;
  const auto cast = demo_cast();
  const auto lead = hire(*rehearsed, cast, std::nullopt);
  if (!lead) return fail(lead.error());
  const auto tree = await<std::vector<agent_node>>([&](reply<std::vector<agent_node>> done) {
    runtime.agent_tree(rehearsed->who, std::nullopt, std::move(done));
  });
  if (!tree) return fail(tree.error());
  std::map<std::string, std::string> names;
  tree_printer(out, names).print(*tree);
  out << std::endl;
  const auto bus = await<std::shared_ptr<subscription>>([&](reply<std::shared_ptr<subscription>> done) {
    runtime.watch_messages(rehearsed->who, message_filter{}, std::nullopt, std::move(done));
  });
  if (!bus) return fail(bus.error());
  const auto ticket = rehearsed->give(lead->id, cast.title, demo_script(cast, {}));
  if (!ticket) return fail(ticket.error());
  bus_printer printer(*rehearsed, std::move(names), out, colours);
  return follow(**bus, ticket->task, printer);
}

}  // namespace

exit_code demo_fleet(std::ostream& out, bool colours) {
  const auto ended = rehearse(out, colours);
  if (!ended) {
    std::cerr << "flotilla: " << ended.error().message << '\n';
    return exit_code::failed;
  }
  if (ended->status != task_status::done) return exit_code::not_done;
  out << '\n' << printable(ended->output.value_or("")) << '\n';
  return exit_code::ok;
}

}  // namespace flotilla::cli
