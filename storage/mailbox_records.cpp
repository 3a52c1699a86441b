// The mailboxes of agents: what was said to them and they have not read.
#include "core/bus_types.hpp"
#include "storage/index_keys.hpp"
#include "storage/key_schema.hpp"
#include "storage/paging.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {

bool is_mail(const message& of) noexcept {
  return of.to.is == party::kind::agent && of.type == bus::agent_message;
}

result<std::vector<unread_mail>> read_mailbox(const snapshot& from, org_id org, agent_id agent, std::size_t most) {
  const auto prefix = keys::mailbox_of(org, agent);
  return read_keys<unread_mail>(from, keys_with_prefix(prefix), most, "a mailbox",
                                [&](std::string_view key) -> std::optional<unread_mail> {
                                  if (key.size() != prefix.size() + keys::seq_size) return std::nullopt;
                                  return unread_mail{agent, keys::seq_from(key.substr(prefix.size()))};
                                });
}

void erase_mail(batch& into, org_id org, const unread_mail& what) {
  auto key = keys::mail(org, what.agent, what.seq);
  into.require(key, std::string());
  into.erase(std::move(key));
}

}  // namespace flotilla::storage
