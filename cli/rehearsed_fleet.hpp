// What the demos are made of: a fleet in memory, whose agents play on the offline provider, and calls of it that wait
// for their answers. For a thread that may wait.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "flotilla/fleet.hpp"

namespace flotilla::cli {

/// Waits for the answer of a call that takes a handler.
template <class T>
[[nodiscard]] result<T> await(const std::function<void(reply<T>)>& call) {
  auto answer = std::make_shared<std::promise<result<T>>>();
  auto future = answer->get_future();
  call([answer](result<T> value) { answer->set_value(std::move(value)); });
  return future.get();
}

/// A fleet in memory with its admin.
struct rehearsed_fleet {
  std::unique_ptr<fleet> runtime;
  principal who;

  /// Errors: those of `open_fleet`.
  [[nodiscard]] static result<rehearsed_fleet> open();

  /// Makes an agent on the offline provider. Errors: those of `fleet::create_agent`.
  [[nodiscard]] result<agent> hire(std::string name, std::string glyph, std::string role,
                                   std::optional<agent_id> manager) const;
  /// Gives an agent a task and runs it. Errors: those of `fleet::create_task` and `fleet::run_task`.
  [[nodiscard]] result<run_ticket> give(agent_id assignee, std::string title, std::string input) const;
};

/// The next entries of a log; waits until there are some or it has ended. Errors: those of `subscription::next`.
[[nodiscard]] result<log_chunk> next_entries(subscription& from);

}  // namespace flotilla::cli
