// Which messages pass a filter.
#include "flotilla/message.hpp"

namespace flotilla {
namespace {

bool is_agent(const party& who, agent_id which) noexcept {
  return who.is == party::kind::agent && who.agent == which;
}

bool type_matches(std::string_view wanted, std::string_view type) noexcept {
  if (!wanted.ends_with('*')) return type == wanted;
  wanted.remove_suffix(1);
  return type.starts_with(wanted);
}

}  // namespace

bool matches(const message_filter& filter, const message& candidate) noexcept {
  if (filter.agent && !is_agent(candidate.from, *filter.agent) && !is_agent(candidate.to, *filter.agent))
    return false;
  if (filter.type && !type_matches(*filter.type, candidate.type)) return false;
  if (filter.task && candidate.task_id != filter.task) return false;
  if (filter.epic && candidate.epic_id != filter.epic) return false;
  if (filter.since && candidate.created_at < *filter.since) return false;
  return !filter.until || candidate.created_at < *filter.until;
}

}  // namespace flotilla
