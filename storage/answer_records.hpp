// What calls with an idempotency key were answered (flotilla/idempotency.hpp), as records of the store. The
// conventions and the errors are those of records.hpp.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/id.hpp"
#include "flotilla/result.hpp"
#include "flotilla/time.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

using digest = std::array<std::uint8_t, 32>;

/// Grammar of the record: created_at:u64 (ms) request:32 bytes finished:u8 answer.
struct kept_answer {
  timestamp created_at;
  digest request{};      ///< of the request that was answered
  bool finished = true;  ///< false: the call has begun; `answer` says what it saw, so that it can be completed
  std::string answer;    ///< runtime/ knows what it means

  friend bool operator==(const kept_answer&, const kept_answer&) = default;
};

/// Precondition: the bytes have a digest's size.
[[nodiscard]] digest digest_from(std::string_view bytes);
/// Errors: internal.
[[nodiscard]] result<kept_answer> decode_answer(std::string_view bytes);

/// `key`: a digest of the caller's key.
[[nodiscard]] result<std::optional<stored<kept_answer>>> read_answer(const snapshot& from, org_id org,
                                                                     const digest& key);
/// Preconditions as for `write_agent`.
void write_answer(batch& into, org_id org, const digest& key, const stored<kept_answer>* before,
                  const kept_answer& after);
/// Adds to a batch the removal of some answers of an org that were made before a time, oldest first, at most `most`
/// of them. The batch requires that none of them was written anew or removed meanwhile, so it is best one of its own:
/// where it is refused with `conflict`, a later one does its work.
[[nodiscard]] result<void> erase_old_answers(batch& into, const snapshot& from, org_id org, timestamp made_before,
                                             std::size_t most);

}  // namespace flotilla::storage
