// The model providers, as the runtime assembles them.
//
// All of them may be shared by any number of runs and called from any thread. docs/providers.md says how each
// vendor's wire format is read and written.
#pragma once

#include <memory>

#include "core/model_provider.hpp"
#include "core/toolset.hpp"
#include "flotilla/fleet.hpp"
#include "providers/http_transport.hpp"
#include "providers/rehearsal_tools.hpp"
#include "providers/timer.hpp"

namespace flotilla {

/// The vendors' own addresses, used where `provider_access::base_url` is empty.
inline constexpr std::string_view anthropic_base_url = "https://api.anthropic.com";
inline constexpr std::string_view openai_base_url = "https://api.openai.com/v1";
inline constexpr std::string_view openrouter_base_url = "https://openrouter.ai/api/v1";

/// The Messages API at {base}/v1/messages. Without a key every call fails with "missing_key".
[[nodiscard]] std::unique_ptr<model_provider> make_anthropic(std::shared_ptr<http_transport> transport,
                                                             provider_access access, provider_limits limits);

/// Chat Completions at {base}/chat/completions. A key is needed at the vendor's own address only: servers that
/// speak the same format (Ollama, vLLM, llama.cpp) often have none.
[[nodiscard]] std::unique_ptr<model_provider> make_openai(std::shared_ptr<http_transport> transport,
                                                          provider_access access, provider_limits limits);

/// Chat Completions as OpenRouter speaks it. Without a key every call fails with "missing_key".
[[nodiscard]] std::unique_ptr<model_provider> make_openrouter(std::shared_ptr<http_transport> transport,
                                                              provider_access access, provider_limits limits);

/// The offline provider: plays the script in the task's input (docs/rehearsal.md). Where the script asks for no
/// delay everything is delivered from within `start`.
[[nodiscard]] std::unique_ptr<model_provider> make_rehearsal(std::shared_ptr<timer> clock);

}  // namespace flotilla
