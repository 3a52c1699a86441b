// What the commands have in common that work on a data directory while no server holds it.
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

/// Adds `--data DIR`, which `into` must outlive.
void add_data_option(CLI::App& command, std::string& into);

/// Takes the directory, so that whoever comes second is told who holds it. Files made from now on are private.
/// Errors: invalid (no such directory), those of `directory_lock::take`.
[[nodiscard]] result<directory_lock> hold_data(const std::string& data, std::string_view purpose);

/// Says why not, on stderr.
[[nodiscard]] exit_code refuse_command(const error& reason);

}  // namespace flotilla::cli
