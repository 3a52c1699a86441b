// The last uses of tokens.
#include "runtime/token_uses.hpp"

#include <algorithm>

namespace flotilla::runtime {

bool token_uses::note(token_id which, timestamp when) {
  const std::lock_guard held(mutex_);
  if (uses_.size() >= max_noted_tokens && !uses_.contains(which)) uses_.clear();
  const auto [found, is_new] = uses_.try_emplace(which, use{when, when});
  auto& known = found->second;
  known.last = std::max(known.last, when);
  if (!is_new && when - known.written < token_use_resolution) return false;
  known.written = when;
  return true;
}

std::optional<timestamp> token_uses::last(token_id which) const {
  const std::lock_guard held(mutex_);
  const auto found = uses_.find(which);
  if (found == uses_.end()) return std::nullopt;
  return found->second.last;
}

}  // namespace flotilla::runtime
