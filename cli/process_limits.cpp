// Limits and dispositions of the process, through the system's own calls.
#include "cli/process_limits.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>

namespace flotilla::cli {

std::uint64_t raise_open_files() noexcept {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  if (limit.rlim_cur < limit.rlim_max) {
    const rlimit raised{limit.rlim_max, limit.rlim_max};
    if (::setrlimit(RLIMIT_NOFILE, &raised) == 0) return raised.rlim_cur;
  }
  return limit.rlim_cur;
}

void ignore_broken_pipes() noexcept {
  std::signal(SIGPIPE, SIG_IGN);
}

void create_private_files() noexcept {
  ::umask(S_IRWXG | S_IRWXO);
}

}  // namespace flotilla::cli
