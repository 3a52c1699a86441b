// Tools whose every execution is written down where a kill cannot reach it: the harness's proof of what ran.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/toolset.hpp"

namespace flotilla::recovery {

/// One execution of a tool.
struct note {
  std::string name;  ///< that the call's arguments gave
  std::string tool;
  std::string key;  ///< its idempotency key
};

/// Every execution that was written to the file, in order. Throws where it cannot be read.
[[nodiscard]] std::vector<note> read_notes(const std::filesystem::path& file);

/// note_lookup, note_append and note_guarded for every agent. Arguments: `name`; `before`, the time in ms until it
/// happens (its line is appended to the file with one write, and synced); `after`, the time from then to its answer,
/// "did NAME". The file must be writable while there are calls.
[[nodiscard]] std::shared_ptr<toolset> make_note_tools(const std::filesystem::path& file);

}  // namespace flotilla::recovery
