// Calls with an idempotency key, for tests.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "flotilla/idempotency.hpp"
#include "tests/runtime/host.hpp"

namespace flotilla::testing {

/// A key for one call. `request` stands for the digest of what is asked for.
inline idempotency_ptr key(std::string text, std::uint8_t request = 1) {
  auto made = std::make_shared<idempotency>();
  made->key = std::move(text);
  made->request.fill(request);
  return made;
}

/// The caller with a key for the next call.
struct keyed {
  keyed(host& it, idempotency_ptr once) : it_(it) { it.who.once = std::move(once); }
  ~keyed() { it_.who.once = nullptr; }
  keyed(const keyed&) = delete;
  keyed& operator=(const keyed&) = delete;
  [[nodiscard]] bool replayed() const { return it_.who.once->replayed; }

 private:
  host& it_;
};

}  // namespace flotilla::testing
