// Cuts, orders and joins what an agent remembers.
#include "core/memory_text.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <string>
#include <utility>

#include "core/token_estimate.hpp"
#include "core/utf8.hpp"

namespace flotilla {
namespace {

constexpr std::string_view gap = "\n\n";  ///< between two entries, and below the headline
constexpr std::string_view cut_mark = "…";
constexpr std::string_view about_memory = "Your memory, oldest first. The task follows in the next message.";

/// The largest part of the allowance that a text may have, in tokens. A token has a byte at least and two at most.
std::uint64_t share_of(const memory_bounds& within, std::uint64_t part) {
  return std::min<std::uint64_t>(within.tokens, within.max_bytes / 2) / part;
}

/// A text within a bound in bytes and a share of the allowance.
std::string shortened(std::string_view text, std::size_t max_bytes, std::uint64_t max_tokens) {
  auto shown = cut_utf8(text, max_bytes);
  shown = cut_utf8(text, std::min(shown.size(), bytes_within(shown, max_tokens)));
  std::string made(shown);
  if (shown.size() < text.size()) made += cut_mark;
  return made;
}

void add_part(std::string& into, std::string_view name, std::string text) {
  into += '\n';
  into += name;
  into += std::move(text);
}

memory_entry entry_of(timestamp at, std::string text) {
  memory_entry made;
  made.at = at;
  made.tokens = estimate_tokens(text);
  made.text = std::move(text);
  return made;
}

std::string counted(std::uint64_t count, std::string_view what) {
  return std::to_string(count) + " earlier " + std::string(what) + (count == 1 ? "" : "s");
}

/// What is not shown.
struct omission {
  std::uint64_t tasks = 0;
  std::uint64_t messages = 0;
  bool more = false;  ///< than those
};

std::string headline(const omission& omitted) {
  std::string text(about_memory);
  if (omitted.tasks == 0 && omitted.messages == 0) return text + (omitted.more ? " Older ones are not shown." : "");
  text += omitted.more ? " At least " : " ";
  if (omitted.tasks > 0) text += counted(omitted.tasks, "task");
  if (omitted.tasks > 0 && omitted.messages > 0) text += " and ";
  if (omitted.messages > 0) text += counted(omitted.messages, "message");
  text += omitted.tasks + omitted.messages == 1 ? " is not shown." : " are not shown.";
  return text;
}

/// What is still free of the bounds.
class room {
 public:
  explicit room(const memory_bounds& within) : tokens_(within.tokens), bytes_(within.max_bytes) {}

  bool take(std::uint64_t tokens, std::size_t bytes) {
    if (tokens > tokens_ || bytes > bytes_) return false;
    tokens_ -= tokens;
    bytes_ -= bytes;
    return true;
  }
  /// The parts are counted one by one, and each is rounded up: together they have never more than that.
  bool take(std::string_view text) { return take(estimate_tokens(text), text.size()); }

 private:
  std::uint64_t tokens_;
  std::size_t bytes_;
};

/// Newest first.
std::vector<memory_entry> in_order(memory_material& from) {
  auto all = std::move(from.tasks);
  all.insert(all.end(), std::make_move_iterator(from.messages.begin()), std::make_move_iterator(from.messages.end()));
  std::stable_sort(all.begin(), all.end(),
                   [](const memory_entry& one, const memory_entry& other) { return one.at > other.at; });
  return all;
}

/// How many of the entries have room, from the first on.
std::size_t count_fitting(const std::vector<memory_entry>& entries, room& free) {
  std::size_t count = 0;
  const auto gap_tokens = estimate_tokens(gap);
  while (count < entries.size() &&
         free.take(entries[count].tokens + gap_tokens, entries[count].text.size() + gap.size())) {
    ++count;
  }
  return count;
}

bool is_task(const memory_entry& entry) {
  return entry.task.has_value();
}

std::string joined(const std::string& head, const std::vector<memory_entry>& entries) {
  auto text = head;
  auto size = text.size();
  for (const auto& each : entries) size += gap.size() + each.text.size();
  text.reserve(size);
  for (const auto& each : entries) (text += gap) += each.text;
  return text;
}

}  // namespace

memory_entry remember(const task& ended, const memory_bounds& within) {
  const bool done = ended.status == task_status::done;
  const auto at = ended.finished_at.value_or(ended.updated_at);
  auto text = "Task \"" + shortened(ended.title, max_remembered_title_bytes, share_of(within, title_share)) +
              (done ? "\", done " : "\", failed ") + to_string(at) + ":";
  add_part(text, "Input: ", shortened(ended.input, max_remembered_input_bytes, share_of(within, input_share)));
  if (ended.output && !ended.output->empty()) {
    add_part(text, done ? "Output: " : "Output until then: ",
             shortened(*ended.output, max_remembered_output_bytes, share_of(within, output_share)));
  }
  if (ended.error) {
    add_part(text, "Error: ",
             shortened(ended.error->code + ": " + ended.error->message, max_remembered_error_bytes,
                       share_of(within, error_share)));
  }
  auto made = entry_of(at, std::move(text));
  made.task = ended.id;
  return made;
}

memory_entry remember(const message& said, message_direction direction, std::string_view name,
                      const memory_bounds& within) {
  const auto& other = direction == message_direction::sent ? said.to : said.from;
  auto text = to_text(message_heading{direction, other, name, std::nullopt, said.created_at});
  text += shortened(said.text, max_remembered_message_bytes, share_of(within, message_share));
  auto made = entry_of(said.created_at, std::move(text));
  made.message = said.id;
  return made;
}

agent_memory compose_memory(memory_material from, const memory_bounds& within) {
  agent_memory made;
  made.allowance = within.tokens;
  if (within.tokens == 0) return made;
  const omission nothing_shown{from.tasks.size() + from.more_tasks, from.messages.size() + from.more_messages,
                               !from.counted_all};
  made.omitted_more = nothing_shown.more;
  auto entries = in_order(from);
  // The longest headlines that there can be: fewer are not shown when some are.
  const auto most = headline(nothing_shown);
  const auto least = headline({0, 0, nothing_shown.more});
  room free(within);
  const bool has_head = free.take(most.size() > least.size() ? most : least);
  if (has_head) entries.resize(count_fitting(entries, free));
  if (!has_head) entries.clear();
  const auto tasks = static_cast<std::uint64_t>(std::count_if(entries.begin(), entries.end(), is_task));
  made.omitted_tasks = nothing_shown.tasks - tasks;
  made.omitted_messages = nothing_shown.messages - (entries.size() - tasks);
  std::reverse(entries.begin(), entries.end());
  made.entries = std::move(entries);
  const bool empty = made.entries.empty() && made.omitted_tasks + made.omitted_messages == 0 && !made.omitted_more;
  if (!has_head || empty) return made;
  made.text = joined(headline({made.omitted_tasks, made.omitted_messages, made.omitted_more}), made.entries);
  made.tokens = estimate_tokens(made.text);
  return made;
}

}  // namespace flotilla
