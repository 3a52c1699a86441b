// Owning of open files.
#include "cli/file_descriptor.hpp"

#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace flotilla::cli {

file_descriptor& file_descriptor::operator=(file_descriptor&& other) noexcept {
  if (this != &other) {
    if (open()) ::close(number_);
    number_ = std::exchange(other.number_, -1);
  }
  return *this;
}

file_descriptor::~file_descriptor() {
  if (open()) ::close(number_);
}

tl::unexpected<error> system_failure(const std::string& what) {
  return fail(errc::internal, what + ": " + std::generic_category().message(errno));
}

}  // namespace flotilla::cli
