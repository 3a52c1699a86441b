// The check of an org's bus: positions, times, index rows, what messages are about, and the mailboxes.
#include <string>

#include "core/json_decode.hpp"
#include "storage/check/org_audit.hpp"
#include "storage/codec.hpp"
#include "storage/index_keys.hpp"

namespace flotilla::storage {
namespace {

/// What goes from one message to the next.
struct bus_pass {
  org_audit& in;
  index_audit rows;
  message_seq last = 0;
  timestamp last_time{};
  task_id known_task{};  ///< the last that was found
};

result<void> check_task_of(bus_pass& pass, const message& about, const std::string& name) {
  if (!about.task_id || *about.task_id == pass.known_task) return {};
  const auto& in = pass.in;
  const auto found =
      require_row(pass.in, keys::task(in.org, *about.task_id), name, "the task " + about.task_id->to_string());
  if (!found) return fail(found.error());
  if (*found) pass.known_task = *about.task_id;
  return {};
}

result<void> check_message(bus_pass& pass, message_seq seq, std::string_view json) {
  auto& found = pass.in.found;
  const auto name = "The message " + std::to_string(seq) + " of the org " + pass.in.org.to_string();
  if (seq != pass.last + 1) {
    found.fault(rules::bus_gap, name + " follows the message " + std::to_string(pass.last) + ".");
  }
  pass.last = seq;
  const auto value = message_from_json(json);
  if (!value || value->seq != seq) {
    found.fault(rules::record, name + " cannot be read, or is another one.");
    return {};
  }
  if (value->created_at < pass.last_time) found.fault(rules::bus_time, name + " is older than the one before it.");
  pass.last_time = std::max(pass.last_time, value->created_at);
  if (auto done = check_task_of(pass, *value, name); !done) return done;
  return pass.rows.expect(index_keys(pass.in.org, *value), name);
}

result<void> check_head(const bus_pass& pass) {
  const auto& in = pass.in;
  const auto bytes = in.from.get(keys::bus_head(in.org));
  if (!bytes) return fail(bytes.error());
  const auto head = decode_log_head(*bytes);
  if (!head || *head != pass.last) {
    in.found.fault(rules::bus_gap, "The bus of the org " + in.org.to_string() + " ends at the message " +
                                       std::to_string(pass.last) + ", but its head is at " +
                                       (head ? std::to_string(*head) : "no position") + ".");
  }
  return {};
}

/// What lies in a mailbox is a message to its agent, that agents and people said.
result<void> check_mail(org_audit& in, std::string_view rest, std::string_view value) {
  const agent_id owner{keys::ulid_from(rest)};
  const auto seq = keys::seq_from(rest.substr(ulid::size));
  const auto wrong = [&](std::string_view what) {
    in.found.fault(rules::mailbox, "The mailbox of the agent " + owner.to_string() + " holds the message " +
                                       std::to_string(seq) + std::string(what));
    return result<void>{};
  };
  if (!value.empty()) return wrong(", and its row is not empty.");
  const auto bytes = in.from.get(keys::message(in.org, seq));
  if (!bytes) return fail(bytes.error());
  if (!*bytes) return wrong(", which there is not.");
  const auto said = message_from_json(**bytes);
  if (said && !(is_mail(*said) && said->to.agent == owner)) return wrong(", which does not belong there.");
  return {};
}

result<void> check_mailboxes(org_audit& in) {
  return each_row(in, keys::table::mailboxes, ulid::size + keys::seq_size,
                  [&in](std::string_view rest, std::string_view value) { return check_mail(in, rest, value); });
}

}  // namespace

result<void> check_bus(org_audit& in) {
  bus_pass pass{in, index_audit(in)};
  auto done = each_row(in, keys::table::messages, keys::seq_size, [&](std::string_view rest, std::string_view json) {
    return check_message(pass, keys::seq_from(rest), json);
  });
  if (done) done = check_head(pass);
  if (!done) return done;
  const auto keys_at = [&in](std::string_view position) -> result<std::optional<std::vector<std::string>>> {
    const auto bytes = in.from.get(keys::message(in.org, keys::seq_from(position)));
    if (!bytes) return fail(bytes.error());
    if (!*bytes) return std::vector<std::string>();
    const auto value = message_from_json(**bytes);
    if (!value || value->seq != keys::seq_from(position)) return std::nullopt;
    return index_keys(in.org, *value);
  };
  for (const auto index : {keys::table::messages_by_agent, keys::table::messages_by_task,
                           keys::table::messages_by_epic, keys::table::messages_by_type, keys::table::said}) {
    if (auto closed = pass.rows.close(index, keys::seq_size, keys_at); !closed) return closed;
  }
  return check_mailboxes(in);
}

}  // namespace flotilla::storage
