// Where a provider leaves what a model says, until the run takes it.
//
// The provider's thread fills it and wakes the run once; the run takes everything that has come since. So a burst
// of pieces becomes one step of the run, and a slow commit makes pieces gather instead of messages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <variant>
#include <vector>

#include <caf/all.hpp>

#include "core/model_provider.hpp"

namespace flotilla::actors {

inline constexpr std::size_t max_increment_bytes = 64U << 10U;  ///< of one piece of text, and so of one event

/// What has come since the last look.
struct model_news {
  std::vector<model_delta> deltas;  ///< neighbours of one kind are joined, up to `max_increment_bytes`
  std::optional<std::variant<model_answer, model_failure>> end;
};

class model_inbox final : public model_sink {
 public:
  /// `call` numbers the call: the run ignores wake-ups of calls that it has given up.
  model_inbox(caf::actor run, std::uint64_t call) : run_(std::move(run)), call_(call) {}

  void on_delta(model_delta delta) override;
  void on_answer(model_answer answer) override;
  void on_failure(model_failure failure) override;

  /// Takes everything; from then on the next piece wakes the run again. Any thread.
  [[nodiscard]] model_news take();

 private:
  void wake(std::unique_lock<std::mutex> held);

  const caf::actor run_;
  const std::uint64_t call_;
  std::mutex mutex_;
  model_news news_;
  bool woken_ = false;
};

}  // namespace flotilla::actors
