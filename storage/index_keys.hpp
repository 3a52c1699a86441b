// Which index rows each object has: asked by those who write it, and by the check of a store. Pure.
#pragma once

#include <string>
#include <vector>

#include "flotilla/agent.hpp"
#include "flotilla/id.hpp"
#include "flotilla/message.hpp"
#include "storage/answer_records.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

[[nodiscard]] std::vector<std::string> index_keys(org_id org, const agent& of);
/// Its place in the work queue is among them.
[[nodiscard]] std::vector<std::string> index_keys(org_id org, const task_record& of);
[[nodiscard]] std::vector<std::string> index_keys(org_id org, const message& of);
/// `key`: that under which the answer stands.
[[nodiscard]] std::vector<std::string> index_keys(org_id org, const digest& key, const kept_answer& of);

/// Adds to a batch what an object's change means for its index rows; those that stay are not written.
void replace_index_rows(batch& into, const std::vector<std::string>& before, const std::vector<std::string>& after);

}  // namespace flotilla::storage
