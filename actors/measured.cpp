#include "actors/measured.hpp"

#include <chrono>
#include <utility>

namespace flotilla::actors {
namespace {

class measured_sink final : public model_sink {
 public:
  measured_sink(environment_ptr env, std::string provider, std::shared_ptr<model_sink> to)
      : env_(std::move(env)), provider_(std::move(provider)), to_(std::move(to)), began_(env_->stopwatch()) {}
  ~measured_sink() override {
    if (!ended_) tell_end("aborted");
  }
  measured_sink(const measured_sink&) = delete;
  measured_sink& operator=(const measured_sink&) = delete;

  void on_delta(model_delta delta) override {
    if (!std::exchange(spoke_, true)) env_->telemetry->model_first_piece(provider_, env_->stopwatch() - began_);
    to_->on_delta(std::move(delta));
  }
  void on_answer(model_answer answer) override {
    end("answer", answer.usage);
    to_->on_answer(std::move(answer));
  }
  void on_failure(model_failure failure) override {
    end(failure.code, failure.usage);
    to_->on_failure(std::move(failure));
  }

 private:
  void end(std::string_view outcome, const token_usage& used) {
    ended_ = true;
    tell_end(outcome);
    env_->telemetry->tokens_used(provider_, used);
  }
  void tell_end(std::string_view outcome) const {
    env_->telemetry->model_call_ended(provider_, outcome, env_->stopwatch() - began_);
  }

  // A provider calls its sink from one thread at a time.
  const environment_ptr env_;
  const std::string provider_;
  const std::shared_ptr<model_sink> to_;
  const std::chrono::steady_clock::time_point began_;
  bool spoke_ = false;
  bool ended_ = false;
};

}  // namespace

run_meter::~run_meter() {
  end(task_status::running);
}

void run_meter::begin(environment_ptr env, std::string provider) {
  env_ = std::move(env);
  provider_ = std::move(provider);
  env_->telemetry->run_began(provider_);
}

void run_meter::end(task_status how) {
  if (const auto env = std::exchange(env_, nullptr)) env->telemetry->run_ended(provider_, how);
}

std::shared_ptr<model_sink> measured_call(environment_ptr env, std::string provider, std::shared_ptr<model_sink> to) {
  return std::make_shared<measured_sink>(std::move(env), std::move(provider), std::move(to));
}

std::function<void(tool_outcome)> measured_tool(environment_ptr env, std::function<void(tool_outcome)> to) {
  const auto began = env->stopwatch();
  return [env = std::move(env), to = std::move(to), began](tool_outcome outcome) {
    env->telemetry->tool_call_ended(outcome.is_error, env->stopwatch() - began);
    to(std::move(outcome));
  };
}

}  // namespace flotilla::actors
