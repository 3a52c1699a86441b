// A store with something of everything, written by the same functions as everywhere: what a check finds no fault
// with.
#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/bus_types.hpp"
#include "core/run_events.hpp"
#include "storage/answer_records.hpp"
#include "storage/catalog_records.hpp"
#include "storage/check.hpp"
#include "storage/codec.hpp"
#include "storage/counters.hpp"
#include "storage/key_schema.hpp"
#include "storage/records.hpp"
#include "storage/secret_records.hpp"
#include "storage/usage_records.hpp"
#include "tests/storage/record_support.hpp"

namespace flotilla::storage::testing {

/// A clock that a test sets.
struct hand_clock final : wall_clock {
  timestamp time = at(0);
  [[nodiscard]] timestamp now() const override { return time; }
};

class checked_world {
 public:
  using change = std::function<void(task_record&)>;

  explicit checked_world(store& in) : kept(in) {
    BOOST_REQUIRE(ensure_format(kept));
    make_access();
    make_catalog();
    make_tasks();
  }

  /// Writes a task's next step: its events, its record, and a message that tells of it.
  void step(stored<task_record>& of, const change& made, const std::vector<event>& events,
            const std::function<void(batch&)>& also = {}) {
    batch changes;
    auto after = of.value;
    made(after);
    clock.time += std::chrono::hours(1);
    after.task.updated_at = clock.time;
    for (auto each : events) {
      each.seq = ++last_seq[after.task.id];
      each.at = clock.time;
      write_event(changes, org, after.task.id, each);
    }
    const bool fresh = of.bytes.empty();
    of = write_task(changes, org, fresh ? nullptr : &of, after, {"model-1", {}, {}, {}});
    message_draft told;
    told.type = fresh ? bus::task_created : bus::task_started;
    told.from = party::of(after.task.assignee);
    told.to = fresh ? told.from : party::user();
    told.task_id = after.task.id;
    told.epic_id = after.task.epic_id;
    append_message(changes, org, told, stamp, {});
    if (also) also(changes);
    must_commit(kept, std::move(changes));
  }
  stored<task_record> make_task(agent_id assignee, const change& with = {}) {
    stored<task_record> made;
    step(made,
         [&](task_record& record) {
           record.task.id = task_id::make(clock.time);
           record.task.title = "title";
           record.task.assignee = assignee;
           record.task.created_at = clock.time;
           if (with) with(record);
         },
         {});
    return made;
  }
  void begin(stored<task_record>& of) {
    step(of,
         [this](task_record& record) {
           record.task.status = task_status::running;
           record.queued = false;
           record.task.started_at = clock.time;
         },
         {running_event(of.value.task.attempt, "rehearsal", "model-1")});
  }
  /// The model says something, and perhaps asks for a tool; it uses 10 tokens in, 5 out.
  void answer(stored<task_record>& of, const std::string& text, stop_reason stop,
              const std::vector<tool_request>& calls = {}) {
    step(of,
         [](task_record& record) {
           record.task.usage += {10, 5};
         },
         {model_call_event(1, 1), *delta_event(text_delta{text}), model_answer_event({stop, calls, {10, 5}})});
  }
  void end(stored<task_record>& of, const std::string& output) {
    step(of,
         [&](task_record& record) {
           record.task.status = task_status::done;
           record.task.output = output;
           record.task.finished_at = clock.time;
         },
         {status_event(run_status::done)});
  }
  void fail_with(stored<task_record>& of, const task_error& why, const std::function<void(batch&)>& also = {}) {
    step(
        of,
        [&](task_record& record) {
          record.task.status = task_status::error;
          record.task.error = why;
          record.task.finished_at = clock.time;
          record.queued = false;
        },
        {error_event(why), status_event(run_status::error)}, also);
  }
  void queue(stored<task_record>& of) {
    step(of, [](task_record& record) { record.queued = true; }, {status_event(run_status::queued)});
  }
  /// A new attempt, given to another agent.
  void restart(stored<task_record>& of, agent_id to) {
    step(of,
         [&](task_record& record) {
           record.before_attempt = last_seq[record.task.id];
           record.usage_before = record.task.usage;
           ++record.task.attempt;
           record.task.status = task_status::pending;
           record.task.assignee = to;
           record.task.output.reset();
           record.task.error.reset();
           record.task.started_at.reset();
           record.task.finished_at.reset();
           record.queued = true;
         },
         {status_event(run_status::queued)});
  }
  /// What an agent or a person says to another; its place on the bus.
  message_seq say(party from, party to) {
    message_seq seq = 0;
    write([&](batch& into) {
      message_draft said;
      said.type = bus::agent_message;
      said.from = from;
      said.to = to;
      said.text = "text";
      append_message(into, org, std::move(said), stamp,
                     [&seq](const bus_entry& placed, appender&) { seq = placed.value->seq; });
    });
    return seq;
  }
  void write(const std::function<void(batch&)>& what) {
    batch changes;
    what(changes);
    must_commit(kept, std::move(changes));
  }
  [[nodiscard]] store_check checked(std::size_t most_named = default_named_faults) const {
    auto found = check(*view(kept), most_named);
    BOOST_REQUIRE_MESSAGE(found, (found ? std::string() : found.error().message));
    return std::move(*found);
  }

  store& kept;
  hand_clock clock;
  std::shared_ptr<bus_stamp> stamp = std::make_shared<bus_stamp>(clock, at(0));
  std::map<task_id, event_seq> last_seq;

  org_id org = org_id::make(at(0));
  user_id owner = user_id::make(at(0));
  token_id token = token_id::make(at(0));
  token_hash hash{1, 2, 3};
  agent boss;
  agent worker;
  epic_id goal = epic_id::make(at(0));
  mcp_server server;
  digest answered{4, 5, 6};
  reservation::row budget_row{budget_period::month, first_day_of(budget_period::month, at(0)), {}};

  stored<task_record> done;        ///< in its second attempt, with a long input
  stored<task_record> running;     ///< has delegated, and has reserved 100 tokens
  stored<task_record> waiting;     ///< for a human
  stored<task_record> pending;     ///< queued
  stored<task_record> failed;      ///< cancelled before it began
  stored<task_record> child;       ///< of `running`; has ended, and a signal says so
  stored<task_record> grandchild;  ///< of `child`, which did not wait for it
  message_seq read = 0;            ///< what the boss told the worker, who has read it
  message_seq unread = 0;          ///< what the worker told the boss, who is to be woken by it

 private:
  void make_access() {
    write([this](batch& into) {
      write_org(into, {org, "org", at(0)});
      write_user(into, org, {owner, "owner", role::admin});
      write_token(into, hash, {token, org, owner, "first", role::admin, at(0), {}});
      write_token_use(into, org, token, at(1));
      std::vector<std::int64_t> one(org_counter_count);
      one[static_cast<std::size_t>(org_counter::tokens)] = 1;
      into.add({keys::org_counters(org), one, {}});
      boss.id = agent_id::make(at(0));
      worker.id = agent_id::make(at(0));
      worker.manager = boss.id;
      boss.name = "Ada";
      worker.name = "Grace";
      worker.team = "crew";
      boss.glyph = worker.glyph = "🤖";
      write_agent(into, org, nullptr, boss);
      write_agent(into, org, nullptr, worker);
      write_secret(into, org, nullptr, {{secret_scope::agent, worker.id, "KEY"}, at(0), "sealed"});
    });
  }
  void make_catalog() {
    write([this](batch& into) {
      epic made;
      made.id = goal;
      made.name = "epic";
      write_epic(into, org, nullptr, made);
      server.id = mcp_id::make(at(0));
      server.name = "files";
      write_mcp(into, org, nullptr, server);
      write_answer(into, org, answered, nullptr, {at(5), {}, true, "answer"});
    });
  }
  void make_tasks() {
    done = make_task(boss.id, [this](task_record& record) {
      record.task.input = std::string(5000, 'i');
      record.task.epic_id = goal;
    });
    begin(done);
    answer(done, "Hel", stop_reason::max_tokens);
    fail_with(done, {"max_tokens", "cut"});
    restart(done, worker.id);
    begin(done);
    answer(done, "Hello", stop_reason::end_turn);
    end(done, "Hello");

    running = make_task(boss.id);
    begin(running);
    answer(running, "one moment", stop_reason::tool_use, {{"c1", "delegate", "{}"}});
    child = make_task(worker.id, [this](task_record& record) {
      record.task.parent = running.value.task.id;
      record.from = delegation{boss.id, "c1", 1, 1, true, {running.value.task.id}};
    });
    const tool_request call{"c1", "delegate", "{}"};
    step(
        running,
        [this](task_record& record) {
          record.reserved = reservation{100, {budget_row}};
        },
        {tool_call_event(call), delegated_event(call, {child.value.task.id, worker.id, true})},
        [this](batch& into) {
          into.add({keys::budget(org, budget_row.period, budget_row.bucket, budget_row.agent), {30, 0}, {}});
        });
    begin(child);
    make_grandchild();
    fail_with(child, {"internal", "why"}, [this](batch& into) {
      write_signal(into, org, {boss.id, running.value.task.id, keys::signal_kind::child_ended, child.value.task.id});
    });

    waiting = make_task(worker.id);
    begin(waiting);
    answer(waiting, "may I?", stop_reason::tool_use, {{"c1", "rm", "{}"}});
    step(waiting,
         [this](task_record& record) {
           record.task.status = task_status::waiting;
           record.task.output = "may I?";
           record.parked_at = clock.time;
         },
         {approval_requested_event({"c1", "rm", "{}"}, approval_reason::policy), status_event(run_status::waiting)});

    pending = make_task(boss.id);
    queue(pending);
    failed = make_task(boss.id);
    fail_with(failed, {"cancelled", "The task was cancelled."});
    make_mail();
  }
  void make_grandchild() {
    const tool_request call{"c2", "delegate", "{}"};
    step(child,
         [](task_record& record) {
           record.task.usage += {7, 3};
         },
         {model_call_event(1, 1), model_answer_event({stop_reason::tool_use, {call}, {7, 3}})});
    grandchild = make_task(boss.id, [this](task_record& record) {
      record.task.parent = child.value.task.id;
      record.from = delegation{worker.id, "c2", 1, 2, false, {child.value.task.id, running.value.task.id}};
      record.wakes = 2;
    });
    step(child, [](task_record&) {},
         {tool_call_event(call), delegated_event(call, {grandchild.value.task.id, boss.id, false})});
    begin(grandchild);
    answer(grandchild, "so", stop_reason::end_turn);
    end(grandchild, "so");
  }
  void make_mail() {
    read = say(party::of(boss.id), party::of(worker.id));
    unread = say(party::of(worker.id), party::of(boss.id));
    write([this](batch& into) {
      erase_mail(into, org, {worker.id, read});
      write_signal(into, org, {boss.id, {}, keys::signal_kind::wake, task_id{ulid{{7}}}});
    });
  }
};

/// A way to spoil a good store, and the rules that are broken then, each as often as it stands there.
struct spoilt {
  std::string name;
  std::function<void(checked_world&, batch&)> spoil;
  std::vector<std::string> rules;
};

/// Spoils a store of its own in each way, and requires that exactly these faults are found.
inline void find_exactly(const std::vector<spoilt>& ways) {
  for (const auto& each : ways) {
    const auto kept = make_memory_store();
    checked_world world(*kept);
    world.write([&](batch& into) { each.spoil(world, into); });
    const auto found = world.checked();
    std::vector<std::string> rules;
    std::string texts;
    for (const auto& fault : found.named) {
      rules.push_back(fault.rule);
      texts += "\n  " + fault.rule + ": " + fault.text;
    }
    auto expected = each.rules;
    std::sort(expected.begin(), expected.end());
    std::sort(rules.begin(), rules.end());
    BOOST_TEST(rules == expected, each.name << texts);
    BOOST_TEST(found.faults == rules.size());
  }
}

/// Replaces a task's record without its index rows and counters.
inline void put_record(const checked_world& in, batch& into, const stored<task_record>& of,
                       const std::function<void(task_record&)>& change) {
  auto after = of.value;
  change(after);
  into.put(keys::task(in.org, after.task.id), encode(after, input_mark_of(of.bytes)));
}

}  // namespace flotilla::storage::testing
