// In which step of which run each kill landed, read from the journals.
//
// An event of a journal has the time at which it was made, of the same clock that says when a kill was done; and a
// server takes longer to start than that clock's step. So the last event before a kill is where the kill hit its
// task.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <ostream>
#include <vector>

#include "tests/recovery/scripted_vendor.hpp"
#include "tests/recovery/watchers.hpp"

namespace flotilla::recovery {

/// The kinds of steps.
enum class landing : std::uint8_t {
  queued,         ///< accepted, in its agent's queue
  model_asked,    ///< a model call was under way, and had said nothing yet
  mid_answer,     ///< its answer was being streamed
  answer_lost,    ///< its answer had been sent to its end, and was not journaled yet
  retrying,       ///< it had failed and was to be made again
  tool_begun,     ///< a tool call was under way
  tool_answered,  ///< a tool's result was journaled, others were not
  human_asked,    ///< it waited for a human
  deciding,       ///< a human's decision was sent and not answered
  decided,        ///< the decision was journaled, and nothing after it
  delegated,      ///< it waited for a task that it had delegated
  child_ended,    ///< that had ended, and the one who waited for it had not heard
  cancelling,     ///< a cancellation was sent and not answered
  ended,          ///< it had just ended
  recovering,     ///< it was running, and had not gone on yet since the last kill
  restarting,     ///< the server had not answered a request yet
};
inline constexpr std::size_t landing_count = static_cast<std::size_t>(landing::restarting) + 1;
[[nodiscard]] const char* to_string(landing kind) noexcept;

/// One kill.
struct kill_record {
  wall_ms at = 0;         ///< when the process was gone
  wall_ms before = 0;     ///< when the one before it was; 0: it is the first
  bool serving = false;   ///< the server had said that it serves
  bool deciding = false;  ///< a human's decision was under way
  bool cancelling = false;
};

/// In how many tasks it landed, by kind; of the last three kinds, and those of the humans' calls, 1 or 0.
using landing_counts = std::array<std::size_t, landing_count>;
[[nodiscard]] landing_counts landings_of(const kill_record& kill, const watchers& watched,
                                         const scripted_vendor::call_table& calls);

/// How many kills landed in each kind, and how many tasks they hit.
struct landing_table {
  landing_counts kills{};
  landing_counts tasks{};
  void add(const landing_counts& one);
  void print(std::ostream& out) const;
};

}  // namespace flotilla::recovery
