// Chat Completions as OpenAI, OpenRouter and the servers compatible with them speak it: the request's body, and the
// decoder of its event stream. Pure.
#pragma once

#include <memory>
#include <string>

#include "providers/stream_decoder.hpp"

namespace flotilla {

/// Whose variant of the format it is.
enum class chat_dialect : std::uint8_t {
  openai,
  compatible,  ///< Ollama, vLLM, llama.cpp and their like: under the name of openai, at another address
  openrouter,  ///< gives reasoning with details that must be sent back
};

/// The body of POST {base}/chat/completions. Thinking is sent back to OpenRouter only, as its `reasoning_details`;
/// the format has no mark for a tool that failed, so its result begins with "Error: ". A bound of the answer is
/// `max_completion_tokens` to OpenAI, whose newer models refuse the old name, and `max_tokens` to all others, of whom
/// some ignore the new one.
[[nodiscard]] std::string chat_body(const model_request& request, chat_dialect dialect);

class chat_decoder final : public stream_decoder {
 public:
  /// `call_prefix` begins the ids of tool calls that a server gives none, and makes them unique within the
  /// conversation.
  chat_decoder(chat_dialect dialect, std::string call_prefix, std::size_t max_answer_bytes, model_sink& sink);
  ~chat_decoder() override;

 private:
  struct reasoning_log;
  struct open_call {
    std::uint64_t index = 0;
    std::string id;
    std::string name;
    std::string arguments;
  };

  void on_event_data(std::string_view name, std::string_view data) override;
  void complete() override;
  template <class Json>
  void take_choice(const Json& choice);
  template <class Json>
  void take_reasoning(const Json& delta);
  template <class Json>
  void take_calls(const Json& list);
  template <class Json>
  void take_call(const Json& piece);
  template <class Json>
  [[nodiscard]] open_call* call_of(const Json& piece);
  void end_reasoning();
  template <class Json>
  void fail_with(const Json& error);

  chat_dialect dialect_;
  std::string call_prefix_;
  bool refused_ = false;
  std::vector<open_call> open_calls_;
  std::unique_ptr<reasoning_log> reasoning_;
};

/// A prefix for `chat_decoder` that no other call of this conversation has.
[[nodiscard]] std::string call_prefix_for(const model_request& request);

}  // namespace flotilla
