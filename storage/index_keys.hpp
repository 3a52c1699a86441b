// Which index rows each object has: asked by those who write it, and by the check of a store. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "flotilla/agent.hpp"
#include "flotilla/id.hpp"
#include "flotilla/message.hpp"
#include "storage/answer_records.hpp"
#include "storage/key_schema.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

[[nodiscard]] std::vector<std::string> index_keys(org_id org, const agent& of);
/// Its place in the work queue is among them.
[[nodiscard]] std::vector<std::string> index_keys(org_id org, const task_record& of);
[[nodiscard]] std::vector<std::string> index_keys(org_id org, const message& of);
/// `key`: that under which the answer stands.
[[nodiscard]] std::vector<std::string> index_keys(org_id org, const digest& key, const kept_answer& of);

/// The format since which objects have rows in a table: a store of an older one has none.
[[nodiscard]] std::uint32_t first_format_of(keys::table which) noexcept;

/// Does a message lie in its receiver's mailbox until it is read? That row is none of the above: it goes.
[[nodiscard]] bool is_mail(const message& of) noexcept;

/// Adds to a batch what an object's change means for its index rows; those that stay are not written.
void replace_index_rows(batch& into, const std::vector<std::string>& before, const std::vector<std::string>& after);

}  // namespace flotilla::storage
