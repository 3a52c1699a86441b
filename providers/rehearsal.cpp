// The offline provider: plays a plan, step by step, on the thread of its caller and of its timer.
#include <atomic>
#include <mutex>
#include <utility>

#include "providers/providers.hpp"
#include "providers/rehearsal_script.hpp"

namespace flotilla {
namespace {

/// One call being played. One thread at a time plays it; any thread may stop it.
class performance : public std::enable_shared_from_this<performance> {
 public:
  performance(std::vector<rehearsal_step> steps, std::shared_ptr<model_sink> sink, std::shared_ptr<timer> clock)
      : steps_(std::move(steps)), sink_(std::move(sink)), clock_(std::move(clock)) {}

  void play() {
    while (next_ < steps_.size() && !stopped_) {
      auto step = std::move(steps_[next_++]);
      if (const auto* delay = std::get_if<std::chrono::milliseconds>(&step)) {
        if (*delay == std::chrono::milliseconds::zero()) continue;
        return sleep(*delay);
      }
      tell(std::move(step));
    }
  }

  void stop() {
    stopped_ = true;
    std::unique_ptr<timer_ticket> dropped;
    const std::lock_guard lock(mutex_);
    dropped = std::move(ticket_);
  }

 private:
  void tell(rehearsal_step step) {
    if (auto* delta = std::get_if<model_delta>(&step)) return sink_->on_delta(std::move(*delta));
    if (auto* answer = std::get_if<model_answer>(&step)) return sink_->on_answer(std::move(*answer));
    sink_->on_failure(std::move(std::get<model_failure>(step)));
  }

  void sleep(std::chrono::milliseconds delay) {
    std::uint64_t mine = 0;
    {
      const std::lock_guard lock(mutex_);
      mine = ++sleeps_;
    }
    auto ticket = clock_->after(delay, [self = shared_from_this()] { self->play(); });
    // The job may have run already and sleep again: then this ticket is spent. After a stop it must not be kept.
    const std::lock_guard lock(mutex_);
    if (sleeps_ == mine && !stopped_) ticket_.swap(ticket);
  }

  std::vector<rehearsal_step> steps_;
  std::size_t next_ = 0;
  std::shared_ptr<model_sink> sink_;
  std::shared_ptr<timer> clock_;
  std::atomic<bool> stopped_ = false;
  std::mutex mutex_;  ///< guards what follows
  std::uint64_t sleeps_ = 0;
  std::unique_ptr<timer_ticket> ticket_;
};

class rehearsal_call final : public model_call {
 public:
  explicit rehearsal_call(std::shared_ptr<performance> what) : performance_(std::move(what)) {}
  ~rehearsal_call() override { performance_->stop(); }

 private:
  std::shared_ptr<performance> performance_;
};

class rehearsal_provider final : public model_provider {
 public:
  explicit rehearsal_provider(std::shared_ptr<timer> clock) : clock_(std::move(clock)) {}

  std::unique_ptr<model_call> start(model_request request, std::shared_ptr<model_sink> sink) override {
    auto one = std::make_shared<performance>(plan_rehearsal(request), std::move(sink), clock_);
    one->play();
    return std::make_unique<rehearsal_call>(std::move(one));
  }

  [[nodiscard]] std::uint64_t most_input_tokens(const model_request& request) const override {
    return count_rehearsed_input(request);
  }

 private:
  std::shared_ptr<timer> clock_;
};

}  // namespace

std::unique_ptr<model_provider> make_rehearsal(std::shared_ptr<timer> clock) {
  return std::make_unique<rehearsal_provider>(std::move(clock));
}

}  // namespace flotilla
