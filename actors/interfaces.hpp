// Every actor's interface: which messages it takes, and what it answers.
//
// An error is answered as a CAF error that carries a `flotilla::error` (caf_errors.hpp). A request is always made
// with a time limit. The tree: the fleet supervises the agents without a manager, an agent its reports and its run.
#pragma once

#include <caf/all.hpp>

#include "actors/messages.hpp"

namespace flotilla::actors {

/// The one that everybody outside talks to: activates agents and passes requests on to them.
using fleet_actor = caf::typed_actor<
    // To the agent, which is activated if need be; the answer is the agent's.
    caf::replies_to<run_request>::with<run_accepted>, caf::replies_to<decide_request>::with<run_accepted>,
    caf::replies_to<cancel_request>::with<run_accepted>, caf::reacts_to<agent_changed>,
    // From runs and agents, to the agent that is meant.
    caf::reacts_to<signalled>,
    // An agent that is active gets another supervisor. Activates none.
    caf::reacts_to<agent_moved>,
    // From supervisors, about those whom they supervise.
    caf::reacts_to<agent_down>, caf::reacts_to<agent_restarted>, caf::reacts_to<agent_given_up>,
    // From an agent that was activated when the fleet began.
    caf::reacts_to<recovered>,
    // What the store does not know of an org's agents. Activates none.
    caf::replies_to<live_agents>::with<live_report>, caf::replies_to<locate>::with<located>,
    // From an idle agent.
    caf::reacts_to<passivate>,
    // Draining: `settle` waits for the runs, `suspend` does not.
    caf::replies_to<settle>::with<suspended>, caf::replies_to<suspend>::with<suspended>,
    // To itself.
    caf::reacts_to<continuation>>;

/// One agent: its work queue, the one run that goes on, and the reports that it supervises.
using agent_actor = caf::typed_actor<
    // Runs the task now if the agent is free, else queues it. Errors: not_found, invalid, unavailable.
    caf::replies_to<run_request>::with<run_accepted>,
    // Journals the decision; the run goes on when the agent is free. Errors: not_found, invalid (nothing waits).
    caf::replies_to<decide_request>::with<run_accepted>,
    // Ends the task. Errors: not_found, invalid (it has ended).
    caf::replies_to<cancel_request>::with<run_accepted>,
    // The record or the queue has changed: an archived agent cancels its work, a resumed one goes on with it.
    caf::reacts_to<agent_changed>,
    // A delegated task has ended: its parent goes on. Or: a task's parent was cancelled, and so is the task.
    caf::reacts_to<signalled>,
    // From the fleet: those whom it supervises. Answered with the actor that the report has, or has got.
    caf::replies_to<supervise>::with<supervised>, caf::replies_to<release>::with<released>,
    // From its run.
    caf::reacts_to<run_over>, caf::replies_to<settle>::with<suspended>, caf::replies_to<suspend>::with<suspended>,
    // To itself.
    caf::reacts_to<tick>, caf::reacts_to<continuation>>;

/// One run of one task: carries out what the run machine asks for.
using run_actor = caf::typed_actor<
    // From its agent, once.
    caf::replies_to<start_run>::with<run_accepted>,
    // From its agent: abort everything and end the task.
    caf::replies_to<cancel_request>::with<run_accepted>,
    // From its agent: abort everything, journal what was seen, leave the task running in the store.
    caf::replies_to<suspend>::with<suspended>,
    // From its agent: a delegated task has ended.
    caf::reacts_to<look_again>,
    // From the model call's inbox.
    caf::reacts_to<model_progress>,
    // To itself.
    caf::reacts_to<retry_due>, caf::reacts_to<time_is_up>, caf::reacts_to<continuation>>;

}  // namespace flotilla::actors
