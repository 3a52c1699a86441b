// An agent's ended tasks and its messages, page by page until its memory is surely full.
#include "actors/memory.hpp"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "core/memory_text.hpp"

namespace flotilla::actors {
namespace {

/// What lies in a mailbox, oldest first.
struct mailbox {
  std::vector<message_seq> shown;  ///< at most `max_unread_shown`
  bool more = false;               ///< than those: all are newer

  [[nodiscard]] bool holds(message_seq seq) const {
    if (more && seq > shown.back()) return true;
    return std::binary_search(shown.begin(), shown.end(), seq);
  }
};

/// Reads one agent's memory from one snapshot.
class memory_reader {
 public:
  memory_reader(const storage::snapshot& from, org_id org, const agent& whose, timestamp as_of,
                std::optional<task_id> except, const memory_bounds& within, const std::vector<message_seq>& told)
      : from_(from), org_(org), whose_(whose), as_of_(as_of), except_(except), within_(within), told_(told) {}

  result<agent_memory> read() {
    if (auto done = read_unread(); !done) return fail(std::move(done.error()));
    if (within_.tokens > 0) {
      for (const auto status : {task_status::done, task_status::error}) {
        if (auto done = read_tasks(status); !done) return fail(std::move(done.error()));
      }
      if (auto done = read_messages(); !done) return fail(std::move(done.error()));
    }
    auto made = compose_memory(std::move(material_), within_);
    made.since = whose_.memory_since;
    made.unread = std::move(unread_);
    return made;
  }

 private:
  result<void> read_unread() {
    const auto rows = storage::read_mailbox(from_, org_, whose_.id, max_unread_shown + 1);
    if (!rows) return fail(rows.error());
    mailbox_.more = rows->size() > max_unread_shown;
    for (std::size_t i = 0; i < std::min(rows->size(), max_unread_shown); ++i) {
      auto said = storage::read_message(from_, org_, (*rows)[i].seq);
      if (!said) return fail(std::move(said.error()));
      mailbox_.shown.push_back((*rows)[i].seq);
      unread_.push_back(std::move(*said));
    }
    return {};
  }

  [[nodiscard]] bool is_forgotten(timestamp at) const { return whose_.memory_since && at <= *whose_.memory_since; }

  /// Each status has an index of its own, and half of the rows: tasks that wait in a long queue are not in the way.
  result<void> read_tasks(task_status status) {
    task_query query;
    query.assignee = whose_.id;
    query.status = status;
    query.page.limit = remembered_page_rows;
    std::uint64_t tokens = 0;
    for (std::size_t rows = 0; rows < max_remembered_rows / 2; rows += remembered_page_rows) {
      auto found = storage::list_tasks(from_, org_, query);
      if (!found) return fail(std::move(found.error()));
      const bool all_forgotten = add_tasks(found->items, tokens);
      // What was made before tasks that are all forgotten has ended before them, but for few.
      if (!found->next || all_forgotten) return {};
      if (tokens > within_.tokens) break;
      query.page.cursor = std::move(found->next);
    }
    material_.counted_all = false;
    return {};
  }

  /// True: all of them have ended before what is remembered.
  bool add_tasks(const std::vector<task>& page, std::uint64_t& tokens) {
    bool all_forgotten = true;
    for (const auto& each : page) {
      const auto ended = each.finished_at.value_or(each.updated_at);
      if (is_forgotten(ended)) continue;
      all_forgotten = false;
      if (ended > as_of_ || each.id == except_) continue;
      material_.tasks.push_back(remember(each, within_));
      tokens += material_.tasks.back().tokens;
    }
    return all_forgotten;
  }

  result<void> read_messages() {
    std::optional<message_seq> before;
    std::uint64_t tokens = 0;
    for (std::size_t rows = 0; rows < max_remembered_rows; rows += remembered_page_rows) {
      const auto page = storage::read_said(from_, org_, whose_.id, before, remembered_page_rows);
      if (!page) return fail(page.error());
      for (const auto& each : *page) {
        // The bus is in the order of time.
        if (is_forgotten(each.created_at)) return {};
        if (auto added = add_message(each, tokens); !added) return added;
      }
      if (page->size() < remembered_page_rows) return {};
      if (tokens > within_.tokens) break;
      before = page->back().seq;
    }
    material_.counted_all = false;
    return {};
  }

  result<void> add_message(const message& said, std::uint64_t& tokens) {
    const bool received = said.to == party::of(whose_.id);
    if (said.created_at > as_of_ || (received && mailbox_.holds(said.seq))) return {};
    // What it has said in the task itself stands in that task's conversation, perhaps from the moment of its start.
    if (!received && except_ && said.task_id == except_) return {};
    if (std::find(told_.begin(), told_.end(), said.seq) != told_.end()) return {};
    const auto* name = name_of(received ? said.from : said.to);
    if (name == nullptr) return fail(std::move(trouble_));
    material_.messages.push_back(
        remember(said, received ? message_direction::received : message_direction::sent, *name, within_));
    tokens += material_.messages.back().tokens;
    return {};
  }

  /// Empty where there is none. Null: the store could not be read, and `trouble_` says why.
  const std::string* name_of(const party& who) {
    const auto [at, fresh] = names_.try_emplace(who.agent);
    if (!fresh || who.is != party::kind::agent) return &at->second;
    auto found = storage::read_agent(from_, org_, who.agent);
    if (!found) {
      trouble_ = std::move(found.error());
      return nullptr;
    }
    if (*found) at->second = std::move((*found)->value.name);
    return &at->second;
  }

  const storage::snapshot& from_;
  org_id org_;
  const agent& whose_;
  timestamp as_of_;
  std::optional<task_id> except_;
  memory_bounds within_;
  const std::vector<message_seq>& told_;
  mailbox mailbox_;
  std::vector<message> unread_;
  memory_material material_;
  std::map<agent_id, std::string> names_;  ///< each is read once
  error trouble_{};
};

}  // namespace

std::size_t most_memory_bytes(std::size_t max_context_bytes) noexcept {
  return max_context_bytes / memory_share_of_context;
}

result<agent_memory> read_memory(const storage::snapshot& from, org_id org, const agent& whose, timestamp as_of,
                                 std::optional<task_id> except, std::size_t max_bytes,
                                 const std::vector<message_seq>& told) {
  return memory_reader(from, org, whose, as_of, except, {whose.memory_tokens, max_bytes}, told).read();
}

}  // namespace flotilla::actors
