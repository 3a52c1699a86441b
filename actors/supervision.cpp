#include "actors/supervision.hpp"

#include <algorithm>

#include "flotilla/limits.hpp"
#include "storage/records.hpp"

namespace flotilla::actors {

std::optional<std::chrono::milliseconds> restart_history::crashed(time_point now) {
  std::erase_if(recent_, [now](time_point when) { return now - when >= restart_window; });
  recent_.push_back(now);
  if (recent_.size() > max_restarts) return std::nullopt;
  return std::min(first_restart_delay * (1U << (recent_.size() - 1)), longest_restart_delay);
}

bool is_crash(const caf::error& reason) {
  return reason && reason != caf::exit_reason::normal && reason != caf::exit_reason::user_shutdown;
}

result<supervision_place> read_place(const storage::snapshot& from, const agent_key& who,
                                     const std::vector<agent_key>& failed) {
  const auto own = storage::read_agent(from, who.org, who.agent);
  if (!own) return fail(own.error());
  supervision_place found;
  if (!*own) return found;
  found.active = (*own)->value.status == agent_status::active;
  auto next = (*own)->value.manager;
  for (std::size_t depth = 0; next && depth <= max_manager_depth; ++depth) {
    const auto above = storage::read_agent(from, who.org, *next);
    if (!above) return fail(above.error());
    if (!*above) return fail(errc::internal, "The agent " + next->to_string() + " is missing.");
    const bool has_failed = std::find(failed.begin(), failed.end(), agent_key{who.org, *next}) != failed.end();
    if ((*above)->value.status != agent_status::archived && !has_failed) {
      found.supervisor = next;
      return found;
    }
    next = (*above)->value.manager;
  }
  return found;
}

}  // namespace flotilla::actors
