// Secrets are taken out of the log: of each line as it is about to be written, whoever has logged it.
#pragma once

#include <cstdio>
#include <functional>
#include <memory>
#include <mutex>
#include <string>

#include <spdlog/sinks/base_sink.h>

namespace flotilla::cli {

/// Takes the secrets out of a line.
using hide_secrets = std::function<std::string(std::string)>;

/// A sink that writes each formatted message through `hide_secrets`, where one is set, to a stream. Thread-safe.
class redacting_sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  /// `to` must outlive it.
  explicit redacting_sink(std::FILE* to) : to_(to) {}
  /// When this returns, the one before is not called any more. Nothing: lines are written as they are.
  void use(hide_secrets hide);

 private:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override;

  std::FILE* to_;
  hide_secrets hide_;
};

/// Has the log hide secrets as long as it lives.
class log_redaction {
 public:
  log_redaction(std::shared_ptr<redacting_sink> in, hide_secrets hide) : in_(std::move(in)) {
    in_->use(std::move(hide));
  }
  ~log_redaction() { in_->use({}); }
  log_redaction(const log_redaction&) = delete;
  log_redaction& operator=(const log_redaction&) = delete;

 private:
  std::shared_ptr<redacting_sink> in_;
};

}  // namespace flotilla::cli
