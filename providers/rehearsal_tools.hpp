// Tools to rehearse with, offered to the agents whose provider is `rehearsal`.
#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>

#include "core/toolset.hpp"
#include "providers/timer.hpp"

namespace flotilla {

inline constexpr std::chrono::milliseconds max_rehearsal_sleep{600'000};  ///< of rehearse_sleep
inline constexpr std::size_t max_rehearsal_result_bytes = 8U << 20U;      ///< of rehearse_bytes

/// Is told of each call of `rehearse_append`, from the thread that made it; must not block. What it answers is the
/// tool's result.
using append_observer = std::function<std::string(std::string_view text, std::string_view idempotency_key)>;

/// rehearse_echo, rehearse_sleep, rehearse_fail, rehearse_append and rehearse_bytes (docs/rehearsal.md). Without an
/// observer `rehearse_append` keeps count in memory and answers with the number of calls so far.
[[nodiscard]] std::unique_ptr<toolset> make_rehearsal_tools(std::shared_ptr<timer> clock,
                                                            append_observer on_append = {});

/// An observer that appends each text as a line to a file, so that a test counts calls across crashes of the
/// process. It writes to the disk in the caller's thread: for tests only.
[[nodiscard]] append_observer append_to_file(std::filesystem::path file);

}  // namespace flotilla
