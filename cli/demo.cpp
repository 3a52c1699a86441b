// The demo, and the smallest example of a program that embeds a fleet: every call answers through a handler, and
// `await` turns that into a plain call for a thread that may wait.
#include "cli/demo.hpp"

#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <optional>

#include "cli/event_printer.hpp"
#include "flotilla/fleet.hpp"

namespace flotilla::cli {

namespace {

constexpr std::size_t bytes_at_a_time = 64U << 10U;  // of events taken from the journal

/// Waits for the answer of a call that takes a handler.
template <class T>
result<T> await(const std::function<void(reply<T>)>& call) {
  auto answer = std::make_shared<std::promise<result<T>>>();
  auto future = answer->get_future();
  call([answer](result<T> value) { answer->set_value(std::move(value)); });
  return future.get();
}

result<agent> hire(fleet& runtime, const principal& who, std::string name, std::string glyph, std::string role,
                   std::optional<agent_id> manager) {
  agent_draft draft;
  draft.name = std::move(name);
  draft.role = std::move(role);
  draft.model = "rehearsal-1";
  draft.provider = "rehearsal";
  draft.glyph = std::move(glyph);
  draft.manager = manager;
  return await<agent>([&](reply<agent> done) { runtime.create_agent(who, std::move(draft), std::move(done)); });
}

/// Captain, navigator, lookout: each the manager of the next. Answers with the last.
result<agent> hire_crew(fleet& runtime, const principal& who, std::ostream& out) {
  auto captain = hire(runtime, who, "Captain", "🧭", "You lead the crew.", std::nullopt);
  if (!captain) return captain;
  auto navigator = hire(runtime, who, "Navigator", "⚓", "You plan the route.", captain->id);
  if (!navigator) return navigator;
  auto lookout = hire(runtime, who, "Lookout", "🔭", "You watch and report.", navigator->id);
  if (!lookout) return lookout;
  out << captain->glyph << ' ' << captain->name << "\n└─ " << navigator->glyph << ' ' << navigator->name << "\n   └─ "
      << lookout->glyph << ' ' << lookout->name << "\n\n";
  return lookout;
}

result<run_ticket> give_task(fleet& runtime, const principal& who, agent_id assignee, const std::string& question) {
  task_draft draft;
  draft.title = "Demo";
  draft.input = question;
  draft.assignee = assignee;
  const auto made = await<task>([&](reply<task> done) { runtime.create_task(who, draft, std::move(done)); });
  if (!made) return fail(made.error());
  return await<run_ticket>([&](reply<run_ticket> done) { runtime.run_task(who, made->id, false, std::move(done)); });
}

result<void> print_run(fleet& runtime, const principal& who, const run_ticket& ticket, event_printer& printer) {
  const auto watch = await<std::shared_ptr<subscription>>([&](reply<std::shared_ptr<subscription>> done) {
    runtime.watch_task(who, ticket.task, ticket.before_first, std::move(done));
  });
  if (!watch) return fail(watch.error());
  for (bool ended = false; !ended;) {
    const auto chunk =
        await<log_chunk>([&](reply<log_chunk> done) { (*watch)->next(bytes_at_a_time, std::move(done)); });
    if (!chunk) return fail(chunk.error());
    for (const auto& entry : chunk->entries) printer.print(*entry.json);
    ended = chunk->ended;
  }
  printer.finish();
  return {};
}

result<void> rehearse(const std::string& question, std::ostream& out, event_printer& printer) {
  auto runtime = open_fleet(fleet_options{});
  if (!runtime) return fail(runtime.error());
  const auto token = (*runtime)->new_admin_token();
  if (!token) return fail(errc::internal, "the fleet in memory came without a token");
  const auto who =
      await<principal>([&](reply<principal> done) { (*runtime)->authenticate(*token, std::move(done)); });
  if (!who) return fail(who.error());
  const auto lookout = hire_crew(**runtime, *who, out);
  if (!lookout) return fail(lookout.error());
  const auto ticket = give_task(**runtime, *who, lookout->id, question);
  if (!ticket) return fail(ticket.error());
  return print_run(**runtime, *who, *ticket, printer);
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
