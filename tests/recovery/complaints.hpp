// What the harness has found wrong, from all its threads.
#pragma once

#include <cstddef>
#include <mutex>
#include <ostream>
#include <string>
#include <vector>

namespace flotilla::recovery {

inline constexpr std::size_t most_complaints_shown = 40;

/// Any thread.
class complaints {
 public:
  void add(std::string what) {
    const std::lock_guard lock(mutex_);
    all_.push_back(std::move(what));
  }
  [[nodiscard]] std::size_t count() const {
    const std::lock_guard lock(mutex_);
    return all_.size();
  }
  void print(std::ostream& out) const {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < all_.size() && i < most_complaints_shown; ++i) out << "WRONG: " << all_[i] << '\n';
    if (all_.size() > most_complaints_shown) out << "… and " << all_.size() - most_complaints_shown << " more\n";
  }

 private:
  mutable std::mutex mutex_;
  std::vector<std::string> all_;
};

}  // namespace flotilla::recovery
