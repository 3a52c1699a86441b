// What the commands that work on a data directory without a server have in common.
#pragma once

#include <string>
#include <string_view>

#include "cli/directory_lock.hpp"
#include "cli/exit_codes.hpp"
#include "flotilla/result.hpp"

namespace CLI {
class App;
}

namespace flotilla::cli {

/// Adds --data, which FLOTILLA_DATA also sets. `into` must outlive the command.
void add_data_option(CLI::App& command, std::string& into);

/// Takes the directory, so that whoever comes second is told who holds it; files that are made from now on are for
/// their owner only. Errors: invalid (it is no directory), those of `directory_lock::take`.
[[nodiscard]] result<directory_lock> hold_directory(const std::string& data, std::string_view purpose);

/// Says on stderr why not.
[[nodiscard]] exit_code refuse_maintenance(const error& reason);

}  // namespace flotilla::cli
