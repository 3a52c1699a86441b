// Decisions that put messages on the bus.
#include "runtime/message_changes.hpp"

#include <utility>

#include "core/bus_types.hpp"
#include "core/text_rules.hpp"
#include "core/validation.hpp"

namespace flotilla::runtime {

result<decision<message>> decide_post(const storage::snapshot& from, org_id org, const outgoing_message& what) {
  if (auto valid = validate(what); !valid) return fail(std::move(valid.error()));
  const auto receiver = storage::read_agent(from, org, what.to);
  if (!receiver) return fail(receiver.error());
  if (!*receiver) return wrong("to", "no such agent");
  if ((*receiver)->value.status == agent_status::archived) return wrong("to", "the agent is archived");
  decision<message> made;
  storage::require_agent(made.changes, org, **receiver);
  storage::message_draft said;
  said.type = bus::agent_message;
  said.from = party::user();
  said.to = party::of(what.to);
  said.text = what.text;
  made.messages.push_back(std::move(said));
  made.answer_of_placed = [](const std::vector<storage::bus_entry>& placed) { return *placed.front().value; };
  return made;
}

}  // namespace flotilla::runtime
