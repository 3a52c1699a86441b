// The check of a task's journal: positions, the replay of every attempt by the run machine, and what the record says
// against what the journal says.
#include <string>
#include <utility>

#include "core/bus_types.hpp"
#include "core/run_machine.hpp"
#include "storage/check/org_audit.hpp"
#include "storage/codec.hpp"

namespace flotilla::storage {
namespace {

/// One attempt, as its events tell it.
struct attempt {
  run_machine machine;
  bool in_call = false;  ///< a model call has begun, and no event tells of its end
  bool queued = false;   ///< an event says that it is to be taken up
  std::string last_status{};
  std::optional<task_error> error{};  ///< that its last events tell of
};

/// Folds a journal, event by event. A journal that is itself at fault is not compared with the record: one fault is
/// told once.
class journal_fold {
 public:
  journal_fold(org_audit& in, const task_record& record, std::string name)
      : in_(in), record_(record), name_(std::move(name)) {
    read_schema();
  }

  void add(std::uint64_t seq, std::string_view json);
  [[nodiscard]] result<void> close();

 private:
  void wrong(std::string_view rule, const std::string& what) {
    sound_ = false;
    in_.found.fault(rule, name_ + what);
  }
  void read_schema();
  void fold(const event& happened);
  void end_attempt();
  void compare_attempt();
  void compare_status();
  void compare_end();
  void compare_output();
  [[nodiscard]] result<void> compare_children();
  [[nodiscard]] result<bool> is_told(const delegated_task& made, const task_record& child) const;
  void compare_usage(std::string_view of, const token_usage& recorded, const token_usage& told, bool may_be_more);

  org_audit& in_;
  const task_record& record_;
  const std::string name_;
  bool sound_ = true;
  std::uint64_t last_ = 0;
  run_spec spec_;  ///< of every attempt, as far as a journal depends on it
  attempt now_{run_machine(spec_)};
  std::uint32_t ended_ = 0;        ///< attempts before the current one
  token_usage used_before_;        ///< by them, as far as events tell
  bool more_used_before_ = false;  ///< a model call failed for good in one of them: what it used stands in no event
};

void journal_fold::read_schema() {
  if (!record_.task.output_schema) return;
  auto schema = output_schema::parse(*record_.task.output_schema);
  if (!schema) return wrong(rules::record, " has an output schema that cannot be read.");
  spec_.output_schema = std::move(*schema);
  now_.machine = run_machine(spec_);
}

void journal_fold::add(std::uint64_t seq, std::string_view json) {
  if (seq != last_ + 1) {
    wrong(rules::journal_gap,
          " has a journal with a gap: " + std::to_string(seq) + " follows " + std::to_string(last_) + ".");
  }
  last_ = seq;
  const auto happened = decode_event(json);
  if (!happened || happened->seq != seq) {
    wrong(rules::journal_event,
          " has an event at " + std::to_string(seq) + " that cannot be read, or is another one.");
  }
  if (!sound_) return;
  fold(*happened);
  if (seq == record_.before_attempt && ended_ + 1 != record_.task.attempt) {
    wrong(rules::task_journal, " is in attempt " + std::to_string(record_.task.attempt) + ", but " +
                                   std::to_string(ended_) + " have ended before it.");
  }
}

void journal_fold::fold(const event& happened) {
  if (auto applied = now_.machine.apply(happened); !applied) {
    wrong(rules::journal_event, " has an event at " + std::to_string(happened.seq) + " (" +
                                    std::string(to_string(happened.type)) + ") that has no place there.");
    return;
  }
  if (happened.type == event_type::error) now_.error = task_error{{}, happened.text};
  if (happened.type != event_type::status) return;
  const std::string_view text = happened.text;
  if (text == run_status::queued) now_.queued = true;
  if (text == run_status::model_call) now_.in_call = true;
  if (text == run_status::model_answer || text == run_status::retrying || text == run_status::resumed ||
      text == run_status::crashed) {
    now_.in_call = false;
  }
  now_.last_status = text;
  if (happened.seq <= record_.before_attempt && now_.machine.ended()) end_attempt();
}

/// One of the attempts before the record's own.
void journal_fold::end_attempt() {
  ++ended_;
  in_.delegated += now_.machine.delegated().size();
  used_before_ += now_.machine.usage();
  more_used_before_ = more_used_before_ || (now_.in_call && now_.last_status == run_status::error);
  now_ = attempt{run_machine(spec_)};
}

result<void> journal_fold::close() {
  in_.delegated += now_.machine.delegated().size();
  if (!sound_) return {};
  if (record_.before_attempt > last_) {
    wrong(rules::task_journal, " has an attempt that begins behind its journal's end.");
  } else if (ended_ + 1 != record_.task.attempt) {
    wrong(rules::task_journal, " is in attempt " + std::to_string(record_.task.attempt) + ", but " +
                                   std::to_string(ended_) + " have ended before it.");
  }
  if (!sound_) return {};
  compare_status();
  compare_end();
  compare_output();
  compare_usage(" before this attempt", record_.usage_before, used_before_, more_used_before_);
  auto told = record_.usage_before;
  told += now_.machine.usage();
  const bool failed_call = now_.in_call && record_.task.status == task_status::error;
  compare_usage("", record_.task.usage, told, failed_call);
  return sound_ ? compare_children() : result<void>();
}

void journal_fold::compare_status() {
  const auto& machine = now_.machine;
  const auto status = record_.task.status;
  const auto says = [&](std::string_view what) {
    wrong(rules::task_journal,
          " is " + std::string(to_string(status)) + ", but its journal says that it " + std::string(what) + ".");
  };
  const bool should_have_ended = status == task_status::done || status == task_status::error;
  if (machine.ended() != should_have_ended) return says(machine.ended() ? "has ended" : "has not ended");
  if (machine.started() != record_.task.started_at.has_value()) {
    return says(machine.started() ? "has started" : "has not started");
  }
  if (should_have_ended && now_.last_status != to_string(status)) return says("has ended in " + now_.last_status);
  if (status == task_status::running && machine.waiting()) return says("waits");
  // One that is to be taken up again is waiting, and its journal goes on already.
  if (status == task_status::waiting && machine.waiting() == record_.queued) {
    return says(record_.queued ? "waits for humans, who have not decided" : "waits for nobody");
  }
  if (status == task_status::waiting && !record_.queued && record_.parked_at && machine.awaiting_approval().empty())
    return says("waits for no human");
  if (status == task_status::pending && now_.queued && !record_.queued) return says("is to be taken up");
}

void journal_fold::compare_end() {
  if (record_.task.status != task_status::error || !record_.task.error) return;
  if (!now_.error || now_.error->message != record_.task.error->message) {
    wrong(rules::task_journal, " has another error than its journal tells of.");
  }
}

void journal_fold::compare_output() {
  const auto& told = now_.machine.output();
  const auto& recorded = record_.task.output;
  // While it runs, the record holds what was said until it last waited.
  const bool good = record_.task.status == task_status::running ? told.starts_with(recorded.value_or(""))
                                                                : recorded.value_or("") == told;
  if (!good || (recorded && recorded->empty())) {
    wrong(rules::task_output, " has an output that is not what its journal's output events join to.");
  }
}

/// Each task that this attempt has delegated is there, and whoever must be told of an end has been: a signal stands
/// until its agent has acted on it.
result<void> journal_fold::compare_children() {
  for (const auto& made : now_.machine.delegated()) {
    const auto bytes = in_.from.get(keys::task(in_.org, made.task));
    if (!bytes) return fail(bytes.error());
    const auto child = *bytes ? decode_task(**bytes) : fail(errc::internal, {});
    if (*bytes && !child) continue;  // that is told elsewhere
    const auto name = " has delegated the task " + made.task.to_string();
    if (!child || child->record.task.parent != record_.task.id) {
      wrong(rules::delegation, name + (child ? ", which says otherwise." : ", which there is not."));
      continue;
    }
    const auto told = is_told(made, child->record);
    if (!told) return fail(told.error());
    if (!*told) wrong(rules::delegation, name + "; one of the two has ended, and no signal tells the other.");
  }
  return {};
}

/// The child's end is told to a parent that waits for it; the parent's to a child that it waits for, or, where it was
/// cancelled, to every child.
result<bool> journal_fold::is_told(const delegated_task& made, const task_record& child) const {
  using enum keys::signal_kind;
  const auto& parent = record_.task;
  const bool over = child.task.status == task_status::done || child.task.status == task_status::error;
  if (over == now_.machine.ended() || made.ended || child.task.attempt > 1) return true;
  const bool cancelled = parent.error && parent.error->code == "cancelled";
  if (!made.wait && !(cancelled && !over)) return true;
  const auto stands = [this](agent_id agent, task_id task, keys::signal_kind kind, task_id other) {
    return exists(in_.from, keys::signal(in_.org, agent, task, kind, other));
  };
  // A task that is given to another agent leaves its signals with the one before, until that one passes them on.
  auto told = over ? stands(parent.assignee, parent.id, child_ended, made.task)
                   : stands(child.task.assignee, made.task, cancel, parent.id);
  if (!told || *told) return told;
  return over ? stands(child.from->agent, parent.id, child_ended, made.task)
              : stands(made.assignee, made.task, cancel, parent.id);
}

void journal_fold::compare_usage(std::string_view of, const token_usage& recorded, const token_usage& told,
                                 bool may_be_more) {
  const bool more = recorded.input_tokens >= told.input_tokens && recorded.output_tokens >= told.output_tokens;
  if (recorded == told || (may_be_more && more)) return;
  const auto text = [](const token_usage& usage) {
    return std::to_string(usage.input_tokens) + " and " + std::to_string(usage.output_tokens);
  };
  wrong(rules::task_usage, " has used " + text(recorded) + " tokens in and out" + std::string(of) +
                               "; its journal tells of " + text(told) + ".");
}

}  // namespace

result<void> check_journal(org_audit& in, const task_record& record, std::uint64_t& events) {
  journal_fold fold(in, record, "The task " + record.task.id.to_string());
  auto done =
      each_row(in.from, keys::events(in.org, record.task.id), [&](std::string_view rest, std::string_view json) {
        ++events;
        if (rest.size() == keys::seq_size) fold.add(keys::seq_from(rest), json);
        return result<void>{};
      });
  return done ? fold.close() : done;
}

}  // namespace flotilla::storage
