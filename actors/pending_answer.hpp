// A promise of an answer that is kept even where nobody is left to keep it: CAF's own answers nothing when it is
// dropped with an actor that crashes, and whoever asked would wait until the end of its patience.
#pragma once

#include <memory>
#include <utility>

#include <caf/all.hpp>

namespace flotilla::actors {

/// What a request will be answered. Copies stand for the same answer; when the last one is gone without it, the
/// answer is `caf::sec::request_receiver_down`. Answered in the actor's own thread; dropped in any.
template <class T>
class pending_answer {
 public:
  /// Of no request: nothing is pending.
  pending_answer() = default;
  /// Precondition: `of` is pending, and is answered through this only.
  explicit pending_answer(caf::typed_response_promise<T> of) : held_(std::make_shared<held>(std::move(of))) {}

  [[nodiscard]] bool pending() const { return held_ && held_->promise.pending(); }
  void deliver(T answer) const {
    if (pending()) held_->promise.deliver(std::move(answer));
  }
  void deliver(caf::error reason) const {
    if (pending()) held_->promise.deliver(std::move(reason));
  }

 private:
  struct held {
    explicit held(caf::typed_response_promise<T> of) : promise(std::move(of)) {}
    held(const held&) = delete;
    held& operator=(const held&) = delete;
    ~held() {
      if (!promise.pending()) return;
      // Not by the promise: it would speak as the actor, which may be gone, from a thread that may not be its own.
      const caf::response_promise& raw = promise;
      if (const auto asked = raw.next()) {
        asked->enqueue(nullptr, raw.id().response_id(),
                       caf::make_message(caf::make_error(caf::sec::request_receiver_down)), nullptr);
      }
    }
    caf::typed_response_promise<T> promise;
  };
  std::shared_ptr<held> held_;
};

}  // namespace flotilla::actors
