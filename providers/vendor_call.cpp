// A model call over HTTP.
#include "providers/vendor_call.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "flotilla/limits.hpp"
#include "providers/failures.hpp"

namespace flotilla {
namespace {

constexpr int status_ok = 200;
constexpr int lowest_redirect = 300;
constexpr int lowest_client_error = 400;
constexpr std::size_t max_bytes_after_the_end = 4096;  ///< that are read so that the connection can be used again

/// Takes the answer of one call, and keeps the key out of what is told.
class exchange final : public http_listener, private model_sink {
 public:
  exchange(std::string vendor, credential_ptr key, std::shared_ptr<model_sink> sink)
      : vendor_(std::move(vendor)), key_(std::move(key)), sink_(std::move(sink)) {}

  void decode_with(const vendor_profile& profile, const model_request& request, std::size_t max_bytes) {
    decoder_ = profile.decoder(request, max_bytes, *this);
  }

  /// The sink has been told the end.
  [[nodiscard]] bool done() const noexcept { return done_; }

  void on_head(const http_head& head) override { head_ = head; }

  bool on_body(std::string_view piece) override {
    if (done_) {
      after_end_ += piece.size();
      return after_end_ <= max_bytes_after_the_end;
    }
    if (head_.status == status_ok) {
      decoder_->feed(piece);
      return true;
    }
    error_body_ += piece.substr(0, max_error_body_bytes - error_body_.size());
    if (error_body_.size() < max_error_body_bytes) return true;
    tell_status();
    return false;
  }

  void on_end() override {
    if (head_.status == status_ok) {
      decoder_->finish();
    } else {
      tell_status();
    }
  }

  void on_error(http_error error) override {
    if (head_.status != 0 && head_.status != status_ok) return tell_status();
    decoder_->abandon(error.is == http_error::kind::timeout ? timeout_failure(vendor_, error.message)
                                                            : connection_failure(vendor_, error.message));
  }

 private:
  void tell_status() {
    if (done_) return;
    hide_key(error_body_);  // before it is cut to the length of a message
    auto words = vendor_words(error_body_);
    if (head_.status >= lowest_redirect && head_.status < lowest_client_error) {
      words = "answered with a redirect, which is not followed";
    }
    on_failure(status_failure(vendor_, head_.status, words, head_.retry_after));
  }

  void on_delta(model_delta delta) override { sink_->on_delta(std::move(delta)); }
  void on_answer(model_answer answer) override {
    done_ = true;
    sink_->on_answer(std::move(answer));
  }
  void on_failure(model_failure failure) override {
    done_ = true;
    hide_key(failure.message);
    hide_cut_key(failure.message);
    sink_->on_failure(std::move(failure));
  }

  /// Some servers repeat the key in their error.
  void hide_key(std::string& text) const {
    const auto key = key_->value.view();
    if (key.empty()) return;
    const auto shown = "[secret:" + key_->name + "]";
    for (auto at = text.find(key); at != std::string::npos; at = text.find(key, at + shown.size())) {
      text.replace(at, key.size(), shown);
    }
  }

  /// A message that was cut to its length may end within the key.
  void hide_cut_key(std::string& text) const {
    const auto key = key_->value.view();
    for (auto size = std::min(key.size(), text.size()); size >= min_redacted_bytes; --size) {
      if (!text.ends_with(key.substr(0, size))) continue;
      text.replace(text.size() - size, size, "[secret:" + key_->name + "]");
      return;
    }
  }

  std::string vendor_;
  credential_ptr key_;  ///< its value may be empty
  std::shared_ptr<model_sink> sink_;
  std::unique_ptr<stream_decoder> decoder_;
  http_head head_;
  std::string error_body_;
  std::size_t after_end_ = 0;
  std::atomic<bool> done_ = false;
};

/// Aborts the call when it goes, except where all has been told: then the rest of the answer is read, so that the
/// connection serves the next call.
class vendor_call final : public model_call {
 public:
  vendor_call(std::shared_ptr<exchange> what, std::unique_ptr<http_call> call)
      : exchange_(std::move(what)), call_(std::move(call)) {}
  ~vendor_call() override {
    if (exchange_->done()) call_->detach();
  }

 private:
  std::shared_ptr<exchange> exchange_;
  std::unique_ptr<http_call> call_;
};

/// A call that failed before it began.
class failed_call final : public model_call {};

class vendor_provider final : public model_provider {
 public:
  vendor_provider(vendor_profile profile, std::shared_ptr<http_transport> transport, provider_access access,
                  provider_limits limits)
      : profile_(std::move(profile)),
        transport_(std::move(transport)),
        base_(base_of(profile_.own_base_url, access)),
        key_(std::make_shared<const credential>(
            credential{profile_.key_variable, secret_text(access.key.value_or(""))})),
        limits_(limits) {}

  std::unique_ptr<model_call> start(model_request request, std::shared_ptr<model_sink> sink) override {
    const auto key = request.key ? std::move(request.key) : key_;
    if (auto wrong = check_key(*key)) {
      sink->on_failure(std::move(*wrong));
      return std::make_unique<failed_call>();
    }
    auto answer = std::make_shared<exchange>(profile_.name, key, std::move(sink));
    answer->decode_with(profile_, request, limits_.max_answer_bytes);
    http_request http{base_ + std::string(profile_.path), profile_.headers, profile_.body(request), limits_};
    http.headers.emplace_back("Content-Type: application/json");
    if (!key->value.view().empty()) add_key(http.headers.emplace_back(), key->value.view());
    auto call = transport_->start(std::move(http), answer);
    return std::make_unique<vendor_call>(std::move(answer), std::move(call));
  }

 private:
  /// In one piece of memory, which the transport wipes.
  void add_key(std::string& header, std::string_view key) const {
    header.reserve(profile_.key_header.size() + key.size());
    header.append(profile_.key_header).append(key);
  }

  [[nodiscard]] std::optional<model_failure> check_key(const credential& key) const {
    model_failure wrong;
    const auto value = key.value.view();
    const auto needed = profile_.key_always || base_ == profile_.own_base_url;
    if (value.empty() && needed) {
      wrong.code = "missing_key";
      wrong.message = "No key for " + profile_.name + ": set " + profile_.key_variable + ".";
      return wrong;
    }
    // A line end would become a header of its own.
    const auto is_visible = [](char c) { return c > ' ' && c < '\x7f'; };
    if (std::all_of(value.begin(), value.end(), is_visible)) return std::nullopt;
    wrong.code = "invalid_key";
    wrong.message = "The key for " + profile_.name + " holds a character that no key has: see " + key.name + ".";
    return wrong;
  }

  vendor_profile profile_;
  std::shared_ptr<http_transport> transport_;
  std::string base_;
  credential_ptr key_;  ///< from the environment; its value may be empty
  provider_limits limits_;
};

}  // namespace

std::string base_of(std::string_view own_base_url, const provider_access& access) {
  std::string base(access.base_url.empty() ? own_base_url : std::string_view(access.base_url));
  while (base.ends_with('/')) base.pop_back();
  return base;
}

std::unique_ptr<model_provider> make_vendor(vendor_profile profile, std::shared_ptr<http_transport> transport,
                                            provider_access access, provider_limits limits) {
  return std::make_unique<vendor_provider>(std::move(profile), std::move(transport), std::move(access), limits);
}

}  // namespace flotilla
