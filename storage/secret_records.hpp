// Secrets as records of the store: sealed bytes that this room cannot open. The conventions and the errors are those
// of records.hpp.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/result.hpp"
#include "flotilla/secret.hpp"
#include "storage/records.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

/// A secret as it is kept. Grammar of the record: updated_at:u64 (ms) sealed.
struct sealed_secret {
  secret_name name;
  timestamp updated_at;
  std::string sealed;  ///< what runtime/ made of the value; its grammar stands there

  friend bool operator==(const sealed_secret&, const sealed_secret&) = default;
};

/// `rest`: the key behind the org. Errors: internal (a key or a record that is none).
[[nodiscard]] result<sealed_secret> decode_secret(std::string_view rest, std::string_view bytes);
[[nodiscard]] result<std::optional<stored<sealed_secret>>> read_secret(const snapshot& from, org_id org,
                                                                       const secret_name& name);
/// All of an org, in the order of their keys. There are at most `max_secrets_per_org`.
[[nodiscard]] result<std::vector<stored<sealed_secret>>> read_secrets(const snapshot& from, org_id org);
/// Preconditions as for `write_agent`.
void write_secret(batch& into, org_id org, const stored<sealed_secret>* before, const sealed_secret& after);
/// Requires that it still stands as read.
void erase_secret(batch& into, org_id org, const stored<sealed_secret>& before);

}  // namespace flotilla::storage
