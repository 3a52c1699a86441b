// What actors say to each other: plain structs, each of which could cross the network.
//
// They are grouped by who receives them in interfaces.hpp. The one exception is `continuation`, which an actor
// sends to itself only.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <caf/all.hpp>

#include "flotilla/id.hpp"
#include "flotilla/task.hpp"

namespace flotilla {

/// How CAF writes a ULID: its bytes.
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, ulid& x) {
  auto& b = x.bytes;
  return f(caf::meta::type_name("ulid"), b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11],
           b[12], b[13], b[14], b[15]);
}
template <class Inspector, id_kind Kind>
typename Inspector::result_type inspect(Inspector& f, id<Kind>& x) {
  return f(caf::meta::type_name("id"), x.value);
}

namespace actors {

/// Names one agent of one org.
struct agent_key {
  org_id org;
  agent_id agent;
  friend bool operator==(const agent_key&, const agent_key&) = default;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, agent_key& x) {
  return f(caf::meta::type_name("agent_key"), x.org, x.agent);
}

struct agent_key_hash {
  std::size_t operator()(const agent_key& key) const noexcept { return std::hash<agent_id>{}(key.agent); }
};

/// Run this task (see fleet::run_task).
struct run_request {
  agent_key who;
  task_id task;
  bool restart = false;
  std::uint32_t expected_attempt = 0;  ///< where the task has another one by now, nothing is begun; 0: any
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, run_request& x) {
  return f(caf::meta::type_name("run_request"), x.who, x.task, x.restart, x.expected_attempt);
}

/// A human's word on a waiting task: on one call, or on all that wait.
struct decide_request {
  agent_key who;
  task_id task;
  bool granted = false;
  std::string call_id;  ///< empty: all that wait
  std::string comment;  ///< what the human says to the model; may be empty
  /// Unix time in ms, of the task's last change as it was seen when this was first asked: where such a decision
  /// stands since then, there is none to be made; 0: it is asked for the first time.
  std::int64_t expected_update = 0;
  /// Unix time in ms: nobody decided in time. Nothing is decided unless the task has waited since then or longer;
  /// 0: a human decides.
  std::int64_t expired_since = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, decide_request& x) {
  return f(caf::meta::type_name("decide_request"), x.who, x.task, x.granted, x.call_id, x.comment, x.expected_update,
           x.expired_since);
}

/// Stop a pending, running or waiting task.
struct cancel_request {
  agent_key who;
  task_id task;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, cancel_request& x) {
  return f(caf::meta::type_name("cancel_request"), x.who, x.task);
}

/// The request is durable; the attempt's events follow this position.
struct run_accepted {
  std::uint64_t before_first = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, run_accepted& x) {
  return f(caf::meta::type_name("run_accepted"), x.before_first);
}

/// The agent's record was changed, or work was put into its queue: look again.
struct agent_changed {
  agent_key who;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, agent_changed& x) {
  return f(caf::meta::type_name("agent_changed"), x.who);
}

/// The agent has another manager, or none any more: who supervises it is found out anew.
struct agent_moved {
  agent_key who;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, agent_moved& x) {
  return f(caf::meta::type_name("agent_moved"), x.who);
}

/// Something that an agent must do about one of its tasks stands in the store (storage::task_signal); a task of zero:
/// a message asks to wake it.
struct signalled {
  agent_key who;
  task_id task;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, signalled& x) {
  return f(caf::meta::type_name("signalled"), x.who, x.task);
}

/// The agent has taken up what a crash or a stop of the server had cut, or has found that there is nothing.
struct recovered {
  agent_key who;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, recovered& x) {
  return f(caf::meta::type_name("recovered"), x.who);
}

/// Tasks that the run has delegated may have ended: look.
struct look_again {};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, look_again&) {
  return f(caf::meta::type_name("look_again"));
}

/// The run has used the time that it may take.
struct time_is_up {};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, time_is_up&) {
  return f(caf::meta::type_name("time_is_up"));
}

/// How are the agents of an org?
struct live_agents {
  org_id org;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, live_agents& x) {
  return f(caf::meta::type_name("live_agents"), x.org);
}

/// One whose actor has crashed since the server started.
struct restarted_agent {
  agent_id agent;
  std::uint32_t restarts = 0;
  bool restarting = false;  ///< it is down at the moment
  bool failed = false;      ///< it crashed too often, and was paused
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, restarted_agent& x) {
  return f(caf::meta::type_name("restarted_agent"), x.agent, x.restarts, x.restarting, x.failed);
}

/// Those of whom there is something to tell that the store does not know; in no particular order.
struct live_report {
  std::vector<restarted_agent> agents;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, live_report& x) {
  return f(caf::meta::type_name("live_report"), x.agents);
}

/// An idle agent asks to give its memory back. It is let go if it has seen everything that the fleet sent it.
struct passivate {
  agent_key who;
  std::uint64_t seen = 0;  ///< messages from the fleet that it has handled
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, passivate& x) {
  return f(caf::meta::type_name("passivate"), x.who, x.seen);
}

/// Supervise this agent, whose manager you are: restart its actor when it crashes.
struct supervise {
  agent_key child;
  caf::strong_actor_ptr alive;  ///< its actor; null: it has none, and is to be given one
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, supervise& x) {
  return f(caf::meta::type_name("supervise"), x.child, x.alive);
}
struct supervised {
  caf::strong_actor_ptr actor;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, supervised& x) {
  return f(caf::meta::type_name("supervised"), x.actor);
}

/// Supervise it no longer: somebody else does from now on.
struct release {
  agent_key child;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, release& x) {
  return f(caf::meta::type_name("release"), x.child);
}
struct released {};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, released&) {
  return f(caf::meta::type_name("released"));
}

/// The actor of an agent has crashed, and gets a successor in `delay_ms`.
struct agent_down {
  agent_key who;
  std::uint64_t delay_ms = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, agent_down& x) {
  return f(caf::meta::type_name("agent_down"), x.who, x.delay_ms);
}
/// It has one.
struct agent_restarted {
  agent_key who;
  caf::strong_actor_ptr actor;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, agent_restarted& x) {
  return f(caf::meta::type_name("agent_restarted"), x.who, x.actor);
}
/// It has crashed too often, and gets none.
struct agent_given_up {
  agent_key who;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, agent_given_up& x) {
  return f(caf::meta::type_name("agent_given_up"), x.who);
}

/// Which actor has this agent at the moment? Activates none. For tests and benches, which make it crash.
struct locate {
  agent_key who;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, locate& x) {
  return f(caf::meta::type_name("locate"), x.who);
}
struct located {
  caf::strong_actor_ptr actor;  ///< null: none
  /// Whose actor supervises it; nothing: the fleet's, or nobody's where it has no actor.
  std::vector<agent_id> supervisor;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, located& x) {
  return f(caf::meta::type_name("located"), x.actor, x.supervisor);
}

/// Take no new run up, journal where the current ones stand, and answer when that is durable.
struct suspend {};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, suspend&) {
  return f(caf::meta::type_name("suspend"));
}
struct suspended {};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, suspended&) {
  return f(caf::meta::type_name("suspended"));
}

/// Take no new run up; those that go on go on. Answered when none does.
struct settle {};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, settle&) {
  return f(caf::meta::type_name("settle"));
}

/// Begin: journal that the run goes on, then carry its actions out. Answered when that is durable.
struct start_run {
  bool give_up = false;  ///< where the store cannot be written: answer the error and end, instead of trying again
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, start_run& x) {
  return f(caf::meta::type_name("start_run"), x.give_up);
}

/// The run has ended, waits for a human, or could not begin; it is gone.
struct run_over {
  task_id task;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, run_over& x) {
  return f(caf::meta::type_name("run_over"), x.task);
}

/// The model has said something; it lies in the inbox of the call of this number.
struct model_progress {
  std::uint64_t call = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, model_progress& x) {
  return f(caf::meta::type_name("model_progress"), x.call);
}

/// The wait before a retry is over: of the model call (`call`), or of a commit that the store refused.
struct retry_due {
  std::uint64_t call = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, retry_due& x) {
  return f(caf::meta::type_name("retry_due"), x.call);
}

/// Look whether there is something to do, or nothing for long enough.
struct tick {
  std::uint64_t generation = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, tick& x) {
  return f(caf::meta::type_name("tick"), x.generation);
}

/// Work that an actor has asked an executor, the store or a tool for is done: go on with this, in the actor's own
/// thread. It never leaves the process, and an actor that is gone does not run it.
struct continuation {
  std::function<void()> go_on;
};

}  // namespace actors
}  // namespace flotilla

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(flotilla::actors::continuation)

CAF_BEGIN_TYPE_ID_BLOCK(flotilla, first_custom_type_id)
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::agent_key))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::run_request))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::decide_request))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::cancel_request))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::run_accepted))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::agent_changed))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::live_agents))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::live_report))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::passivate))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::suspend))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::suspended))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::settle))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::start_run))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::run_over))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::model_progress))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::retry_due))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::tick))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::signalled))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::recovered))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::look_again))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::time_is_up))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::continuation))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::agent_moved))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::supervise))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::supervised))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::release))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::released))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::agent_down))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::agent_restarted))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::agent_given_up))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::locate))
CAF_ADD_TYPE_ID(flotilla, (flotilla::actors::located))
CAF_END_TYPE_ID_BLOCK(flotilla)
