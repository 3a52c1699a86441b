// A model sink that keeps what it is told.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "core/model_provider.hpp"

namespace flotilla::testing {

/// What a sink was told. Texts of the same kind that follow each other are joined in `text` and `thinking`.
struct told {
  std::string text;
  std::vector<thinking_block> thinking;  ///< closed ones
  std::string open_thinking;             ///< of a block that is not closed
  std::size_t deltas = 0;
  std::size_t ends = 0;             ///< answers and failures
  std::vector<std::string> pieces;  ///< of the visible text
  std::optional<model_answer> answer;
  std::optional<model_failure> failure;
};

/// May be told from one thread and read from another.
class recording_sink final : public model_sink {
 public:
  void on_delta(model_delta delta) override {
    const std::lock_guard lock(mutex_);
    ++told_.deltas;
    if (auto* text = std::get_if<text_delta>(&delta)) {
      told_.text += text->text;
      told_.pieces.push_back(std::move(text->text));
    } else if (auto* thought = std::get_if<thinking_delta>(&delta)) {
      told_.open_thinking += thought->text;
    } else {
      told_.thinking.push_back({std::move(told_.open_thinking), std::get<thinking_end>(delta).opaque});
      told_.open_thinking.clear();
    }
    changed_.notify_all();
  }
  void on_answer(model_answer answer) override {
    const std::lock_guard lock(mutex_);
    ++told_.ends;
    told_.answer = std::move(answer);
    changed_.notify_all();
  }
  void on_failure(model_failure failure) override {
    const std::lock_guard lock(mutex_);
    ++told_.ends;
    told_.failure = std::move(failure);
    changed_.notify_all();
  }

  [[nodiscard]] told so_far() const {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  /// Waits for the end of the call.
  [[nodiscard]] told wait() const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return told_.ends > 0; });
    return told_;
  }
  /// Waits until there are this many deltas.
  void wait_for_deltas(std::size_t count) const {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this, count] { return told_.deltas >= count || told_.ends > 0; });
  }

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  told told_;
};

}  // namespace flotilla::testing
