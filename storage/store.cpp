#include "storage/store.hpp"

namespace flotilla::storage {

result<void> store::checkpoint(const std::filesystem::path& /*directory*/) const {
  return fail(errc::invalid, "A store in memory cannot be copied to a disk.");
}

key_range keys_with_prefix(std::string_view prefix) {
  // The first key behind the prefix: its last byte that can grow, grown by one; what follows it is dropped.
  std::string to(prefix);
  while (!to.empty() && static_cast<unsigned char>(to.back()) == 0xFFU) to.pop_back();
  if (!to.empty()) to.back() = static_cast<char>(static_cast<unsigned char>(to.back()) + 1U);
  return {std::string(prefix), std::move(to)};
}

}  // namespace flotilla::storage
