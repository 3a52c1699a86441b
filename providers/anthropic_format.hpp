// Anthropic's Messages API, version 2023-06-01: the request's body, and the decoder of its event stream. Pure.
#pragma once

#include <map>
#include <string>

#include "providers/stream_decoder.hpp"

namespace flotilla {

inline constexpr std::string_view anthropic_version = "2023-06-01";

/// The body of POST /v1/messages. Consecutive turns of one side become one message; thinking goes first in its
/// message, unchanged; text that is only whitespace is left out, because the API refuses it. The API wants a bound of
/// the answer.
[[nodiscard]] std::string anthropic_body(const model_request& request);

class anthropic_decoder final : public stream_decoder {
 public:
  anthropic_decoder(std::size_t max_answer_bytes, model_sink& sink);

 private:
  enum class block_kind : std::uint8_t { text, thinking, redacted_thinking, tool_use, other };
  struct block {
    block_kind kind = block_kind::other;
    std::string id;
    std::string name;
    std::string pieces;  ///< the arguments, the signature or the redacted data
    bool stopped = false;
  };

  void on_event_data(std::string_view name, std::string_view data) override;
  void complete() override;
  template <class Json>
  void on_typed(std::string_view type, const Json& event);
  template <class Json>
  void start_block(const Json& event);
  template <class Json>
  void continue_block(const Json& event);
  void stop_block(std::uint64_t index);
  template <class Json>
  void count(const Json& usage);
  template <class Json>
  void fail_with(const Json& error);

  std::map<std::uint64_t, block> blocks_;
};

}  // namespace flotilla
