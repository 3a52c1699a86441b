// The demo of one run: a crew in memory, and the events of its task as they happen.
#include "cli/demo.hpp"

#include <iostream>
#include <memory>
#include <optional>

#include "cli/event_printer.hpp"
#include "cli/rehearsed_fleet.hpp"

namespace flotilla::cli {

namespace {

/// Captain, navigator, lookout: each the manager of the next. Answers with the last.
result<agent> hire_crew(const rehearsed_fleet& rehearsed, std::ostream& out) {
  auto captain = rehearsed.hire("Captain", "🧭", "You lead the crew.", std::nullopt);
  if (!captain) return captain;
  auto navigator = rehearsed.hire("Navigator", "⚓", "You plan the route.", captain->id);
  if (!navigator) return navigator;
  auto lookout = rehearsed.hire("Lookout", "🔭", "You watch and report.", navigator->id);
  if (!lookout) return lookout;
  out << captain->glyph << ' ' << captain->name << "\n└─ " << navigator->glyph << ' ' << navigator->name << "\n   └─ "
      << lookout->glyph << ' ' << lookout->name << "\n\n";
  return lookout;
}

result<void> print_run(const rehearsed_fleet& rehearsed, const run_ticket& ticket, event_printer& printer) {
  const auto watch = await<std::shared_ptr<subscription>>([&](reply<std::shared_ptr<subscription>> done) {
    rehearsed.runtime->watch_task(rehearsed.who, ticket.task, ticket.before_first, std::move(done));
  });
  if (!watch) return fail(watch.error());
  for (bool ended = false; !ended;) {
    const auto chunk = next_entries(**watch);
    if (!chunk) return fail(chunk.error());
    for (const auto& entry : chunk->entries) printer.print(*entry.json);
    ended = chunk->ended;
  }
  printer.finish();
  return {};
}

result<void> rehearse(const std::string& question, std::ostream& out, event_printer& printer) {
  const auto rehearsed = rehearsed_fleet::open();
  if (!rehearsed) return fail(rehearsed.error());
  const auto lookout = hire_crew(*rehearsed, out);
  if (!lookout) return fail(lookout.error());
  const auto ticket = rehearsed->give(lookout->id, "Demo", question);
  if (!ticket) return fail(ticket.error());
  return print_run(*rehearsed, *ticket, printer);
}

}  // namespace

exit_code demo(const std::string& question, std::ostream& out, bool colours) {
  event_printer printer(out, colours);
  const auto rehearsed = rehearse(question, out, printer);
  if (!rehearsed) {
    std::cerr << "flotilla: " << rehearsed.error().message << '\n';
    return exit_code::failed;
  }
  return printer.last_status() == "done" ? exit_code::ok : exit_code::not_done;
}

}  // namespace flotilla::cli
