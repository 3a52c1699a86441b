// The real program as a child process: `flotilla serve` on a directory of the test's own, on a port that the system
// chooses.
//
// One thread at a time, and always the same: the kernel ends the child when the thread that started it ends.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace flotilla::testing {

/// For whatever must happen, however slow the machine is.
inline constexpr std::chrono::seconds patience{60};

/// The admin token of every server that a test starts.
inline constexpr const char* admin_token = "fr_live_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

struct launch_options {
  std::vector<std::string> arguments;  ///< behind "serve --data DIR --listen 127.0.0.1:0 --rate-limit 0"
  std::map<std::string, std::string>
      environment;  ///< besides FLOTILLA_BOOTSTRAP_TOKEN; an empty value takes one away
  std::string listen = "127.0.0.1:0";
  std::string program{};  ///< empty: the `flotilla` of this build
};

/// How a process ended.
struct ending {
  int code = -1;   ///< its exit code; -1: a signal ended it
  int signal = 0;  ///< that one
};

/// Runs the program with these arguments until it ends. For what ends by itself.
class program {
 public:
  /// Starts it with an environment of nothing but `environment` and what a process needs. `file`: which program;
  /// empty: the `flotilla` of this build. Throws where it cannot.
  program(std::vector<std::string> arguments, const std::map<std::string, std::string>& environment,
          std::string file = {});
  /// Kills it if it still runs.
  ~program();
  program(const program&) = delete;
  program& operator=(const program&) = delete;

  [[nodiscard]] pid_t id() const noexcept { return id_; }
  void signal(int number) const;
  /// Waits for the end; throws where it does not come in time.
  ending await_end();
  [[nodiscard]] bool has_ended();
  /// What it has written so far.
  [[nodiscard]] std::string out();
  [[nodiscard]] std::string err() const;
  /// Waits until a line with `text` has been written to stdout; false where the program ended before.
  bool await_line(const std::string& text);

 private:
  void read_out();

  pid_t id_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::string said_;
  std::optional<ending> ended_;
};

/// How a program ended, and what it said.
struct outcome {
  int code = -1;  ///< its exit code; -1: a signal ended it
  std::string out;
  std::string err;
};
/// Runs the program to its end.
outcome run(std::vector<std::string> arguments, const std::map<std::string, std::string>& environment = {});

/// A server. Its destructor kills it.
class server_process {
 public:
  explicit server_process(const std::filesystem::path& directory, const launch_options& options = {});

  /// Waits until it serves; throws with what it said where it ended instead.
  std::uint16_t port();
  void kill() { end_with(9); }
  /// SIGTERM, and its ending.
  ending terminate() { return end_with(15); }
  ending end_with(int signal);
  [[nodiscard]] program& process() noexcept { return program_; }

 private:
  program program_;
  std::uint16_t port_ = 0;
};

}  // namespace flotilla::testing
