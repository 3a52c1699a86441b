// Text that must not stay in memory longer than it is needed.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace flotilla {

/// Overwrites a text, also where the compiler sees no use in it, and empties it.
inline void wipe(std::string& text) noexcept {
  ::explicit_bzero(text.data(), text.size());
  text.clear();
}

/// A text that is overwritten when it goes. It is moved by copying and wiping, since a short string moves by bytes.
class secret_text {
 public:
  secret_text() = default;
  /// Copies it: whoever has the original wipes that.
  explicit secret_text(std::string_view value) : value_(value) {}
  secret_text(const secret_text&) = delete;
  secret_text& operator=(const secret_text&) = delete;
  secret_text(secret_text&& other) : value_(other.value_) { wipe(other.value_); }
  secret_text& operator=(secret_text&& other) {
    if (this != &other) {
      wipe(value_);
      value_ = other.value_;
      wipe(other.value_);
    }
    return *this;
  }
  ~secret_text() { wipe(value_); }

  [[nodiscard]] std::string_view view() const noexcept { return value_; }

 private:
  std::string value_;
};

/// A secret with its key: what a call is made with.
struct credential {
  std::string name;  ///< the secret's key, e.g. "OPENAI_API_KEY"
  secret_text value;
};
using credential_ptr = std::shared_ptr<const credential>;

}  // namespace flotilla
