#include "tests/recovery/landings.hpp"

#include <algorithm>
#include <iomanip>
#include <map>
#include <optional>
#include <set>
#include <string>

namespace flotilla::recovery {
namespace {

constexpr wall_ms just_now = 30;  ///< ms before a kill

/// What of a task's journal had been written when a kill came.
struct cut_journal {
  const seen_event* last = nullptr;
  std::size_t answers = 0;          ///< of the model, before it
  std::set<std::string> delegated;  ///< its tasks under way
  bool waits_for_human = false;
  bool runs = false;  ///< it was begun, and neither waited nor had ended
};

cut_journal cut(const watched_task& task, wall_ms at) {
  cut_journal found;
  for (const auto& event : task.stream.events()) {
    if (event.at > at) break;
    found.last = &event;
    if (event.type == "tool_result") found.delegated.erase(event.call_id);
    if (event.type != "status") continue;
    if (event.text == "model_answer") ++found.answers;
    if (event.text == "delegated") found.delegated.insert(event.call_id);
    if (event.text == "running") found.runs = true;
    if (event.text == "done" || event.text == "error") found.runs = false;
    if (event.text == "waiting") found.waits_for_human = true;
    if (event.text != "waiting") found.waits_for_human = false;
  }
  return found;
}

/// Had the vendor sent the whole answer for this turn before the kill?
bool answered(const scripted_vendor::call_table& calls, const std::string& script, std::size_t turn, wall_ms at) {
  const auto found = calls.find({script, turn});
  return found != calls.end() && std::any_of(found->second.begin(), found->second.end(), [at](const auto& call) {
           return call.answered != 0 && call.answered <= at;
         });
}

std::optional<landing> kind_of(const watched_task& task, const cut_journal& journal, wall_ms at,
                               const scripted_vendor::call_table& calls) {
  static const std::map<std::string, landing, std::less<>> by_status = {{"queued", landing::queued},
                                                                        {"running", landing::model_asked},
                                                                        {"model_call", landing::model_asked},
                                                                        {"retrying", landing::retrying},
                                                                        {"approved", landing::decided},
                                                                        {"rejected", landing::decided},
                                                                        {"approval_requested", landing::human_asked}};
  const auto& last = *journal.last;
  if (last.type == "output" || last.type == "thinking" || last.text == "model_call") {
    if (answered(calls, task.script, journal.answers, at)) return landing::answer_lost;
  }
  if (last.type == "output" || last.type == "thinking") return landing::mid_answer;
  if (last.type == "tool_call") return landing::tool_begun;
  if (last.type == "tool_result") return landing::tool_answered;
  if (last.text == "done" || last.text == "error") {
    return last.at + just_now >= at ? std::optional(landing::ended) : std::nullopt;
  }
  if (journal.waits_for_human) return landing::human_asked;
  if (!journal.delegated.empty()) return landing::delegated;
  const auto found = by_status.find(last.text);
  return found == by_status.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace

const char* to_string(landing kind) noexcept {
  static constexpr std::array<const char*, landing_count> names = {
      "queued",        "model call under way", "in mid-answer",           "answer not journaled yet",
      "to be retried", "tool under way",       "one of several answered", "waiting for a human",
      "decision sent", "decision journaled",   "waiting for a child",     "child's end not heard of yet",
      "cancel sent",   "just ended",           "not recovered yet",       "server starting"};
  return names[static_cast<std::size_t>(kind)];
}

landing_counts landings_of(const kill_record& kill, const watchers& watched,
                           const scripted_vendor::call_table& calls) {
  landing_counts counts{};
  const auto count = [&counts](landing kind) { ++counts[static_cast<std::size_t>(kind)]; };
  if (!kill.serving) count(landing::restarting);
  if (kill.deciding) count(landing::deciding);
  if (kill.cancelling) count(landing::cancelling);
  std::set<std::string> ended;                            // tasks
  std::map<std::string, std::vector<std::string>> waits;  // parents of children that had ended
  watched.visit([&](const watched_task& task) {
    const auto journal = cut(task, kill.at);
    if (!journal.last) return;
    if (const auto kind = kind_of(task, journal, kill.at, calls)) count(*kind);
    if (journal.runs && journal.last->at <= kill.before) count(landing::recovering);
    if (!task.parent.empty() && (journal.last->text == "done" || journal.last->text == "error")) {
      waits[task.parent].push_back(std::string(call_prefix) + task.script);
    }
  });
  watched.visit([&](const watched_task& task) {
    const auto found = waits.find(task.id);
    if (found == waits.end()) return;
    const auto journal = cut(task, kill.at);
    for (const auto& call : found->second) {
      if (journal.delegated.contains(call)) count(landing::child_ended);
    }
  });
  return counts;
}

void landing_table::add(const landing_counts& one) {
  for (std::size_t i = 0; i < landing_count; ++i) {
    kills[i] += one[i] > 0 ? 1 : 0;
    tasks[i] += one[i];
  }
}

void landing_table::print(std::ostream& out) const {
  out << "where the kills landed              kills   tasks hit\n";
  for (std::size_t i = 0; i < landing_count; ++i) {
    out << "  " << std::left << std::setw(32) << to_string(static_cast<landing>(i)) << std::right << std::setw(7)
        << kills[i] << std::setw(12) << tasks[i] << '\n';
  }
}

}  // namespace flotilla::recovery
