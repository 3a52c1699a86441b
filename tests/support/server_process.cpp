// fork(2), execve(2) and waiting on a pidfd.
#include "tests/support/server_process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <system_error>

namespace flotilla::testing {
namespace {

using steady = std::chrono::steady_clock;

[[noreturn]] void fail_with(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

/// Waits until the file can be read, for the time until `deadline`.
bool await_readable(int file, steady::time_point deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady::now()).count();
  pollfd watched{file, POLLIN, 0};
  const auto ready = ::poll(&watched, 1, left > 0 ? static_cast<int>(left) : 0);
  return ready > 0 || (ready < 0 && errno == EINTR);
}

/// Pointers to the texts and a null behind them, as execve(2) takes them.
std::vector<char*> pointers(std::vector<std::string>& texts) {
  std::vector<char*> found;
  for (auto& text : texts) found.push_back(text.data());
  found.push_back(nullptr);
  return found;
}

std::vector<std::string> environment_of(const std::map<std::string, std::string>& given) {
  std::vector<std::string> lines;
  for (const auto* kept : {"PATH", "TMPDIR", "LD_LIBRARY_PATH", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS"}) {
    if (const char* value = std::getenv(kept)) lines.push_back(std::string(kept) + "=" + value);
  }
  for (const auto& [name, value] : given) {
    if (!value.empty()) lines.push_back(name + "=" + value);
  }
  return lines;
}

/// In the child: only what is safe between fork and exec in a process of several threads.
[[noreturn]] void become(char* const* arguments, char* const* environment, int out, int err, pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(126);
  sigset_t none{};
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::dup2(out, STDOUT_FILENO);
  ::dup2(err, STDERR_FILENO);
  ::execve(arguments[0], arguments, environment);
  ::_exit(127);
}

std::vector<std::string> serve_arguments(const std::filesystem::path& directory, const launch_options& options) {
  std::vector<std::string> all{"serve",        "--data", directory.string(), "--listen", options.listen,
                               "--rate-limit", "0"};
  all.insert(all.end(), options.arguments.begin(), options.arguments.end());
  return all;
}

std::map<std::string, std::string> serve_environment(const launch_options& options) {
  auto all = options.environment;
  all.emplace("FLOTILLA_BOOTSTRAP_TOKEN", admin_token);
  return all;
}

}  // namespace

program::program(std::vector<std::string> arguments, const std::map<std::string, std::string>& environment,
                 std::string file) {
  arguments.insert(arguments.begin(), file.empty() ? FLOTILLA_PROGRAM : std::move(file));
  auto variables = environment_of(environment);
  const auto argument_pointers = pointers(arguments);
  const auto variable_pointers = pointers(variables);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) fail_with("pipe");
  out_ = pipe[0];
  err_ = ::memfd_create("stderr", MFD_CLOEXEC);
  if (err_ < 0) fail_with("memfd_create");
  const auto parent = ::getpid();
  id_ = ::fork();
  if (id_ == 0) become(argument_pointers.data(), variable_pointers.data(), pipe[1], err_, parent);
  ::close(pipe[1]);
  if (id_ < 0) fail_with("fork");
}

program::~program() {
  if (!ended_) {
    ::kill(id_, SIGKILL);
    ::waitpid(id_, nullptr, 0);
  }
  ::close(out_);
  ::close(err_);
}

void program::signal(int number) const {
  if (!ended_) ::kill(id_, number);
}

bool program::has_ended() {
  if (ended_) return true;
  int status = 0;
  if (::waitpid(id_, &status, WNOHANG) != id_) return false;
  ended_ = WIFSIGNALED(status) ? ending{-1, WTERMSIG(status)} : ending{WEXITSTATUS(status), 0};
  return true;
}

ending program::await_end() {
  const auto deadline = steady::now() + patience;
  while (!has_ended()) {
    const int handle = static_cast<int>(::syscall(SYS_pidfd_open, id_, 0));
    if (handle < 0) fail_with("pidfd_open");
    const bool ended = await_readable(handle, deadline);
    ::close(handle);
    if (!ended) throw std::runtime_error("the program does not end; it said:\n" + out() + err());
  }
  return *ended_;
}

void program::read_out() {
  std::array<char, 4096> piece{};
  while (await_readable(out_, steady::time_point{})) {
    const auto got = ::read(out_, piece.data(), piece.size());
    if (got <= 0) return;
    said_.append(piece.data(), static_cast<std::size_t>(got));
  }
}

std::string program::out() {
  read_out();
  return said_;
}

std::string program::err() const {
  std::string text(static_cast<std::size_t>(::lseek(err_, 0, SEEK_END)), '\0');
  const auto got = ::pread(err_, text.data(), text.size(), 0);
  text.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  return text;
}

bool program::await_line(const std::string& text) {
  const auto deadline = steady::now() + patience;
  for (;;) {
    const auto found = said_.find(text);
    if (found != std::string::npos && said_.find('\n', found) != std::string::npos) return true;
    if (!await_readable(out_, deadline)) throw std::runtime_error("never said: " + text);
    const auto before = said_.size();
    read_out();
    if (said_.size() == before) return false;  // readable, and nothing to read: the end
  }
}

outcome run(std::vector<std::string> arguments, const std::map<std::string, std::string>& environment) {
  program started(std::move(arguments), environment);
  const auto end = started.await_end();
  return {end.code, started.out(), started.err()};
}

server_process::server_process(const std::filesystem::path& directory, const launch_options& options)
    : program_(serve_arguments(directory, options), serve_environment(options), options.program) {
}

std::uint16_t server_process::port() {
  if (port_ != 0) return port_;
  const std::string before = "is serving on http://";
  if (!program_.await_line(before)) {
    (void)program_.await_end();
    throw std::runtime_error("the server did not start; it said:\n" + program_.out() + program_.err());
  }
  const auto said = program_.out();
  const auto address = said.find(before);
  const auto line = said.substr(address, said.find('\n', address) - address);
  port_ = static_cast<std::uint16_t>(std::stoul(line.substr(line.rfind(':') + 1)));
  return port_;
}

ending server_process::end_with(int signal) {
  program_.signal(signal);
  return program_.await_end();
}

}  // namespace flotilla::testing
