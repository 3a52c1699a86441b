// The server that the recovery harness kills: `flotilla serve` with tools whose executions are written down
// (RECOVERY_NOTES names the file) and, with RECOVERY_LOSSY, a store that loses at a kill what it had not synced.
#include <csignal>
#include <cstdlib>
#include <exception>
#include <iostream>

#include "cli/serve.hpp"
#include "cli/serve_settings.hpp"
#include "runtime/extra_toolsets.hpp"
#include "storage/rocksdb/rocksdb_store.hpp"
#include "tests/recovery/note_tools.hpp"
#include "tests/support/lossy_file_system.hpp"

namespace {

using namespace flotilla;

/// A signal that ends the server is for the thread that waits for it: those that the tools start must not take it.
void block_shutdown_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT}) sigaddset(&signals, each);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

int serve(int argc, char** argv) {
  const auto notes = cli::process_environment("RECOVERY_NOTES");
  if (!notes || argc < 2 || std::string_view(argv[1]) != "serve") {
    std::cerr << "this is the recovery harness's server: it is started by it\n";
    return EXIT_FAILURE;
  }
  if (cli::process_environment("RECOVERY_LOSSY")) {
    storage::replace_default_file_system(std::make_shared<testing::lossy_file_system>());
  }
  block_shutdown_signals();
  runtime::add_toolset(recovery::make_note_tools(*notes));
  const auto settings = cli::resolve_serve_settings({argv + 2, argv + argc}, cli::process_environment);
  if (!settings) {
    std::cerr << settings.error().message << '\n';
    return EXIT_FAILURE;
  }
  return cli::to_int(cli::serve(*settings));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return serve(argc, argv);
  } catch (const std::exception& problem) {
    std::cerr << problem.what() << '\n';
    return EXIT_FAILURE;
  }
}
