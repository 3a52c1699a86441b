// Takes secrets out of text before it is stored or sent, as a port.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace flotilla {

/// Knows the secrets of an org without holding their values. Immutable: any thread.
class redactor {
 public:
  virtual ~redactor() = default;
  /// The text with every value of a secret in it, also one that is escaped as in a JSON string (once or twice),
  /// replaced by "[secret:KEY]". The longest one that begins at a place wins.
  [[nodiscard]] virtual std::string redact(std::string_view text) const = 0;
  /// For text that comes in pieces: how many bytes at the end of `text` may be the beginning of a secret, so that
  /// they must wait for what follows. Never more than the longest pattern less one.
  [[nodiscard]] virtual std::size_t undecided(std::string_view text) const = 0;
};
/// Null: the org has no secrets.
using redactor_ptr = std::shared_ptr<const redactor>;

/// Redacts a text that comes in pieces: what is passed on, joined, is the redacted whole. One thread at a time.
class stream_redactor {
 public:
  explicit stream_redactor(redactor_ptr with = nullptr) : with_(std::move(with)) {}
  /// What of the text so far can be told, beyond what was told before; may be empty.
  [[nodiscard]] std::string pass(std::string piece);
  /// The text is over: what was held back.
  [[nodiscard]] std::string flush();

 private:
  redactor_ptr with_;
  std::string held_;
};

}  // namespace flotilla
