// What the process knows of the secrets: which there are, and how to find their values in text. No value is kept.
//
// A value is looked for from before the moment in which it stands in the store until the process ends, also when it
// has been replaced or deleted: a run may still have it. What is remembered beyond the secrets that are there is
// bounded by `max_former_values` for each org.
#pragma once

#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/redactor.hpp"
#include "core/secret_text.hpp"
#include "flotilla/id.hpp"
#include "flotilla/result.hpp"
#include "flotilla/secret.hpp"
#include "runtime/master_key.hpp"
#include "runtime/secret_pattern.hpp"
#include "storage/secret_records.hpp"
#include "storage/store.hpp"

namespace flotilla::runtime {

inline constexpr std::size_t max_former_values = 10'000;  ///< replaced, deleted or on their way, of one org

/// Does the store hold a secret of any org? Blocks on the disk. Errors: those of the store.
[[nodiscard]] result<bool> holds_secrets(const storage::snapshot& from);

/// Any thread.
class secret_vault {
 public:
  /// The patterns of one value.
  using value_patterns = std::shared_ptr<const std::vector<secret_pattern>>;

  /// `always`: of values that are secret to every org, such as the keys in the environment.
  secret_vault(key_ring keys, std::vector<secret_pattern> always);

  /// Takes every secret of every org up. Blocks on the disk. Errors: those of the store; invalid (a secret was
  /// encrypted with a master key that is not in the ring), internal (one is damaged).
  [[nodiscard]] result<void> load(const storage::snapshot& from);

  /// Null: there is nothing to look for.
  [[nodiscard]] redactor_ptr redactor_of(org_id org) const;
  /// The text without the values of any org.
  [[nodiscard]] std::string redact_all(std::string text) const;
  /// Is there a secret of this name, or is one being put?
  [[nodiscard]] bool has(org_id org, const secret_name& name) const;

  /// A value for its place in the store.
  [[nodiscard]] std::string seal(org_id org, const secret_name& name, std::string_view value) const;
  /// Errors: as for `load`; the message names the secret.
  [[nodiscard]] result<secret_text> reveal(org_id org, const storage::sealed_secret& from) const;

  /// A value is about to be put: from the return on it is looked for. Must be followed by `put` or `refused`.
  [[nodiscard]] value_patterns expect(org_id org, const secret_name& name, std::string_view value);
  /// It stands in the store. Called in the order of the commits, as `deleted` is.
  void put(org_id org, const secret_name& name, value_patterns of);
  /// It does not, and never did.
  void refused(org_id org, const secret_name& name, const value_patterns& of);
  void deleted(org_id org, const secret_name& name);

 private:
  struct org_secrets {
    std::map<secret_name, value_patterns> current;
    std::deque<value_patterns> former;  ///< oldest first
    std::map<secret_name, std::size_t> expected;
    redactor_ptr with;
  };
  void rebuild(org_secrets& of) const;
  static void retire(org_secrets& in, value_patterns what);
  static void settle(org_secrets& in, const secret_name& name, const value_patterns& what);

  const key_ring keys_;
  const std::vector<secret_pattern> always_;
  const redactor_ptr always_with_;
  mutable std::shared_mutex mutex_;  ///< guards what follows
  std::unordered_map<org_id, org_secrets> orgs_;
};

}  // namespace flotilla::runtime
