// What budgets say to the next model call of a run: whether it may be made, how long its answer may be, and what is
// to be reserved for it. No actor in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "actors/environment.hpp"
#include "core/budget_rules.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"
#include "storage/budget_records.hpp"

namespace flotilla::actors {

using budget_limits = std::vector<storage::budget>;

/// The limits for a call of an agent that begins now. May block on the disk. Errors: not_found (no such agent), those
/// of every read.
[[nodiscard]] result<budget_limits> read_limits(const storage::snapshot& from, const environment& env,
                                                const agent_key& who);

/// The call may be made once this is reserved.
struct call_claim {
  storage::reservation reserved;
  std::vector<storage::budget_claim> rows;
  std::uint32_t max_output_tokens = 0;
  std::optional<std::uint32_t> cut_at;  ///< of the answer, where a limit leaves less than it may have else
  storage::budget nearest;              ///< the limit that leaves least
};
/// Others have reserved what is left of this limit: try again.
struct call_delay {
  storage::budget behind;
};
/// This limit is reached.
struct call_refusal {
  storage::budget reached;
};
using call_verdict = std::variant<call_claim, call_delay, call_refusal>;

/// Weighs a call against its limits (core/budget_rules.hpp). Precondition: there is one.
[[nodiscard]] call_verdict weigh_call(const budget_limits& limits, std::uint64_t input_tokens);

/// The error of a run that meets a limit, and of one that has waited too long for what others have reserved of it.
[[nodiscard]] task_error budget_reached(const storage::budget& which);
[[nodiscard]] task_error budget_held(const storage::budget& which);

/// What a run actor keeps of its next or present model call's budget.
struct run_budget {
  std::optional<budget_limits> limits;        ///< as they were read for the next call; used once
  bool reading = false;                       ///< they are being read
  bool claimed = false;                       ///< a reservation goes with the step that gathers or is being committed
  bool granted = false;                       ///< it stands, for a call that is to begin or goes on
  std::optional<std::uint64_t> input_tokens;  ///< of the next call, once estimated
  std::optional<std::uint32_t> max_output_tokens;  ///< of the call; nothing: no limit holds
  std::optional<std::uint32_t> cut_at;
  std::optional<storage::budget> nearest;  ///< the limit that was closest, for whoever meets it
  std::uint32_t tries = 0;                 ///< to reserve, while others hold what is left
  std::optional<timestamp> waits_since;
};

}  // namespace flotilla::actors
