// Takes secrets out of text before it is stored or sent, as a port.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

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

/// Redacts a text that comes in pieces: what is told of it, joined, is the redacted whole. One thread at a time.
///
/// Where a text must be told to its end (`flush`) and goes on nevertheless (the next turn of a run adds to the same
/// output), a secret may begin in what was told: its rest is then told as "[secret:KEY]", so that no value is whole.
class stream_redactor {
 public:
  /// `told_before`: what the text began with, as it was told by another one.
  explicit stream_redactor(redactor_ptr with = nullptr, std::string_view told_before = {});
  /// From now on these are the secrets.
  void use(redactor_ptr with);
  /// What of the text so far can be told, beyond what was told before; may be empty.
  [[nodiscard]] std::string pass(std::string piece);
  /// The text is over, for now: what was held back.
  [[nodiscard]] std::string flush();
  /// What is held back will not be told: it comes again, or never.
  void drop();
  /// Has something been told otherwise than it came, since this was asked last?
  [[nodiscard]] bool altered() noexcept { return std::exchange(altered_, false); }

 private:
  [[nodiscard]] std::string untold(std::size_t size);
  void forget(std::size_t size);

  redactor_ptr with_;
  std::string open_;      ///< what may be the beginning of a secret
  std::size_t told_ = 0;  ///< how much of it was told already
  bool altered_ = false;
};

}  // namespace flotilla
