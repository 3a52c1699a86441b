// The smallest example of a program that embeds a fleet: every call answers through a handler, and `await` turns that
// into a plain call.
#include "cli/rehearsed_fleet.hpp"

namespace flotilla::cli {
namespace {

constexpr std::size_t bytes_at_a_time = 64U << 10U;  // of entries taken from a log

}  // namespace

result<rehearsed_fleet> rehearsed_fleet::open() {
  auto runtime = open_fleet(fleet_options{});
  if (!runtime) return fail(runtime.error());
  const auto token = (*runtime)->new_admin_token();
  if (!token) return fail(errc::internal, "the fleet in memory came without a token");
  auto who = await<principal>([&](reply<principal> done) { (*runtime)->authenticate(*token, std::move(done)); });
  if (!who) return fail(who.error());
  return rehearsed_fleet{std::move(*runtime), std::move(*who)};
}

result<agent> rehearsed_fleet::hire(std::string name, std::string glyph, std::string role,
                                    std::optional<agent_id> manager) const {
  agent_draft draft;
  draft.name = std::move(name);
  draft.role = std::move(role);
  draft.model = "rehearsal-1";
  draft.provider = "rehearsal";
  draft.glyph = std::move(glyph);
  draft.manager = manager;
  return await<agent>([&](reply<agent> done) { runtime->create_agent(who, std::move(draft), std::move(done)); });
}

result<run_ticket> rehearsed_fleet::give(agent_id assignee, std::string title, std::string input) const {
  task_draft draft;
  draft.title = std::move(title);
  draft.input = std::move(input);
  draft.assignee = assignee;
  const auto made =
      await<task>([&](reply<task> done) { runtime->create_task(who, std::move(draft), std::move(done)); });
  if (!made) return fail(made.error());
  return await<run_ticket>([&](reply<run_ticket> done) { runtime->run_task(who, made->id, false, std::move(done)); });
}

result<log_chunk> next_entries(subscription& from) {
  return await<log_chunk>([&](reply<log_chunk> done) { from.next(bytes_at_a_time, std::move(done)); });
}

}  // namespace flotilla::cli
