// What actors need from the outside, as ports: shared by all of them, and replaced in tests.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <vector>

#include <caf/all.hpp>

#include "actors/journal.hpp"
#include "actors/messages.hpp"
#include "actors/run_slots.hpp"
#include "core/clock.hpp"
#include "core/executor.hpp"
#include "core/model_provider.hpp"
#include "core/redactor.hpp"
#include "core/telemetry.hpp"
#include "core/toolset.hpp"
#include "flotilla/plan.hpp"
#include "storage/store.hpp"

namespace flotilla::actors {

inline constexpr std::size_t max_queued_tasks = 10'000;     ///< of one agent; more are refused
inline constexpr std::chrono::seconds request_timeout{60};  ///< of a request between actors
inline constexpr std::chrono::seconds settle_timeout{
    86'400};  ///< of a drain; who asks for it waits as long as it likes
inline constexpr std::chrono::milliseconds store_retry{500};  ///< before a refused commit of a run is tried again
inline constexpr std::chrono::milliseconds limit_retry{
    1000};  ///< before a queued task is tried again that a limit of the plan kept back
inline constexpr std::size_t max_waiting_requests = 10'000;  ///< to one agent that is being activated or restarted
inline constexpr int max_conflict_retries = 8;               ///< of a read-decide-commit cycle
/// How often in a row a run's actor may fail, without the run getting on, before its task ends in an error.
inline constexpr std::uint32_t max_run_crashes = 5;
/// How often in a row the server may come back to a run that does not get on. Far more: servers end for other
/// reasons.
inline constexpr std::uint32_t max_futile_resumes = 100;
inline constexpr std::chrono::seconds crash_delay{1};       ///< before a run whose actor has failed goes on
inline constexpr std::size_t max_recovering_agents = 1024;  ///< that take up their work at once when the fleet begins
inline constexpr std::uint64_t recovery_notices = 10;    ///< messages on a bus about how far its recovery is, at most
inline constexpr std::uint64_t min_recovery_step = 100;  ///< agents between two of them, at least
inline constexpr std::chrono::milliseconds min_expiry_interval{100};  ///< between two looks for expired approvals
inline constexpr std::size_t max_expired_at_once = 256;               ///< approvals, between two looks at the store

/// How far the agents that had work when the fleet began have taken it up. Any thread.
struct recovery_progress {
  std::atomic<std::uint64_t> agents{0};  ///< that had work
  std::atomic<std::uint64_t> done{0};    ///< of them
  std::atomic<bool> over{false};
};

/// Everything that an actor reaches for. All members are set, outlive the actor system, and may be used from any
/// thread.
struct environment {
  storage::store* store = nullptr;
  executor* readers = nullptr;  ///< where the store is read
  actors::journal* journal = nullptr;
  const wall_clock* clock = nullptr;
  /// The provider of this name; null where there is none.
  std::function<model_provider*(std::string_view)> provider;
  std::vector<toolset*> toolsets;
  /// What takes an org's secrets out of text; answers null where it has none. Null: there are no secrets at all.
  std::function<redactor_ptr(org_id)> redactor_of;
  /// The key that an agent's secrets or its org's hold for a provider; answers null where the provider's own is to be
  /// used. The handler may be called within the call. Null: there are no secrets at all.
  std::function<void(const agent_key&, std::string_view provider, reply<credential_ptr>)> credential_for;
  plan_limits limits;  ///< of each org
  /// How many runs go on at once.
  std::shared_ptr<run_slots> slots = std::make_shared<run_slots>(run_capacity{}, system_wall_clock());
  flotilla::telemetry* telemetry = &no_telemetry();
  /// Tells how long things take.
  std::function<std::chrono::steady_clock::time_point()> stopwatch = &std::chrono::steady_clock::now;
  std::function<double()> jitter;  ///< in [0, 1)
  std::chrono::milliseconds agent_idle{60'000};
  std::chrono::milliseconds run_limit{0};     ///< that an attempt may go on, waiting left out; 0: no limit
  std::chrono::milliseconds approval_ttl{0};  ///< after which an approval that nobody decided is refused; 0: never
  std::size_t max_context_bytes = std::numeric_limits<std::size_t>::max();  ///< of a run's conversation
  /// How far the bringing back of what was running is; the fleet's actor writes it.
  std::shared_ptr<recovery_progress> recovery = std::make_shared<recovery_progress>();
};
using environment_ptr = std::shared_ptr<const environment>;

/// Reads the store on the executor, then goes on in the actor's own thread with what was read.
///
/// `read` is called with a snapshot and returns a `result`; `then` gets it. Neither may throw.
template <class Self, class Read, class Then>
void read_then(Self* self, const environment_ptr& env, Read read, Then then) {
  using answer = std::invoke_result_t<Read, const storage::snapshot&>;
  auto handle = caf::actor_cast<caf::actor>(self);
  env->readers->run([env, handle, read = std::move(read), then = std::move(then)]() mutable {
    auto seen = env->store->snapshot();
    auto found = std::make_shared<answer>(seen ? read(**seen) : answer(fail(seen.error())));
    caf::anon_send(handle, continuation{[found, then = std::move(then)]() mutable { then(std::move(*found)); }});
  });
}

/// Asks a port that answers within the call or later, from any thread. Gives the answer where it came at once; else
/// `then` is called with it in the actor's own thread.
template <class T, class Self, class Ask, class Then>
std::optional<result<T>> ask_or_then(Self* self, Ask ask, Then then) {
  struct meeting_point {
    std::mutex mutex;
    bool left = false;  ///< nobody waits here any more
    std::optional<result<T>> answer;
  };
  auto at = std::make_shared<meeting_point>();
  auto handle = caf::actor_cast<caf::actor>(self);
  ask(reply<T>([at, handle, then = std::move(then)](result<T> answer) {
    {
      const std::lock_guard held(at->mutex);
      if (!at->left) {
        at->answer = std::move(answer);
        return;
      }
    }
    auto late = std::make_shared<result<T>>(std::move(answer));
    caf::anon_send(handle, continuation{[late, then]() mutable { then(std::move(*late)); }});
  }));
  const std::lock_guard held(at->mutex);
  at->left = true;
  return std::move(at->answer);
}

}  // namespace flotilla::actors
