// The vault: maps of names and patterns under one lock, and a redactor for each org that is made anew with each
// value.
#include "runtime/secret_vault.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "runtime/sealing.hpp"
#include "runtime/secret_redactor.hpp"
#include "storage/key_schema.hpp"
#include "storage/paging.hpp"

namespace flotilla::runtime {
namespace {

redactor_ptr make_redactor(const std::vector<secret_pattern>& patterns) {
  return patterns.empty() ? nullptr : std::make_shared<secret_redactor>(patterns);
}

}  // namespace

result<bool> holds_secrets(const storage::snapshot& from) {
  const auto all = storage::keys_with_prefix(storage::keys::all(storage::keys::table::secrets));
  auto found = storage::first_of(from, all, storage::direction::forward);
  if (!found) return fail(std::move(found.error()));
  return found->has_value();
}

secret_vault::secret_vault(key_ring keys, std::vector<secret_pattern> always)
    : keys_(std::move(keys)), always_(std::move(always)), always_with_(make_redactor(always_)) {
}

result<void> secret_vault::load(const storage::snapshot& from) {
  auto orgs = storage::list_orgs(from);
  if (!orgs) return fail(std::move(orgs.error()));
  for (const auto& org : *orgs) {
    auto secrets = storage::read_secrets(from, org.id);
    if (!secrets) return fail(std::move(secrets.error()));
    if (secrets->empty()) continue;
    org_secrets loaded;
    for (const auto& each : *secrets) {
      auto value = reveal(org.id, each.value);
      if (!value) return fail(std::move(value.error()));
      const auto& name = each.value.name;
      loaded.current[name] =
          std::make_shared<const std::vector<secret_pattern>>(patterns_of(name.key, value->view()));
    }
    rebuild(loaded);
    const std::unique_lock held(mutex_);
    orgs_[org.id] = std::move(loaded);
  }
  return {};
}

redactor_ptr secret_vault::redactor_of(org_id org) const {
  const std::shared_lock held(mutex_);
  const auto found = orgs_.find(org);
  return found == orgs_.end() ? always_with_ : found->second.with;
}

std::string secret_vault::redact_all(std::string text) const {
  std::vector<redactor_ptr> all{always_with_};
  {
    const std::shared_lock held(mutex_);
    if (!orgs_.empty()) all.clear();  // those of an org look for what is always looked for too
    for (const auto& [org, secrets] : orgs_) all.push_back(secrets.with);
  }
  for (const auto& each : all) {
    if (each) text = each->redact(text);
  }
  return text;
}

bool secret_vault::has(org_id org, const secret_name& name) const {
  const std::shared_lock held(mutex_);
  const auto found = orgs_.find(org);
  if (found == orgs_.end()) return false;
  return found->second.current.contains(name) || found->second.expected.contains(name);
}

std::string secret_vault::seal(org_id org, const secret_name& name, std::string_view value) const {
  return runtime::seal(keys_.sealing(), secret_binding(org, name), value);
}

result<secret_text> secret_vault::reveal(org_id org, const storage::sealed_secret& from) const {
  auto value = unseal(keys_, secret_binding(org, from.name), from.sealed);
  if (value) return value;
  return fail(value.error().code,
              "The secret " + from.name.key + " cannot be opened: " + value.error().message + ".");
}

secret_vault::value_patterns secret_vault::expect(org_id org, const secret_name& name, std::string_view value) {
  auto made = std::make_shared<const std::vector<secret_pattern>>(patterns_of(name.key, value));
  const std::unique_lock held(mutex_);
  auto& secrets = orgs_[org];
  ++secrets.expected[name];
  retire(secrets, made);
  rebuild(secrets);
  return made;
}

void secret_vault::put(org_id org, const secret_name& name, value_patterns of) {
  const std::unique_lock held(mutex_);
  auto& secrets = orgs_[org];
  settle(secrets, name, of);
  auto& current = secrets.current[name];
  if (current) retire(secrets, current);
  current = std::move(of);  // looked for since it was expected: the redactor stays
}

void secret_vault::refused(org_id org, const secret_name& name, const value_patterns& of) {
  const std::unique_lock held(mutex_);
  auto& secrets = orgs_[org];
  settle(secrets, name, of);
  rebuild(secrets);
}

void secret_vault::deleted(org_id org, const secret_name& name) {
  const std::unique_lock held(mutex_);
  auto& secrets = orgs_[org];
  const auto found = secrets.current.find(name);
  if (found == secrets.current.end()) return;
  retire(secrets, std::move(found->second));
  secrets.current.erase(found);
}

/// What is there comes first: where two secrets have one value, it is shown under the name of one that is there.
void secret_vault::rebuild(org_secrets& of) const {
  std::vector<secret_pattern> all;
  for (const auto& [name, patterns] : of.current) all.insert(all.end(), patterns->begin(), patterns->end());
  all.insert(all.end(), always_.begin(), always_.end());
  for (const auto& patterns : of.former) all.insert(all.end(), patterns->begin(), patterns->end());
  of.with = make_redactor(all);
}

void secret_vault::retire(org_secrets& in, value_patterns what) {
  in.former.push_back(std::move(what));
  if (in.former.size() > max_former_values) in.former.pop_front();
}

/// A value that was expected is not on its way any more.
void secret_vault::settle(org_secrets& in, const secret_name& name, const value_patterns& what) {
  const auto found = std::find(in.former.begin(), in.former.end(), what);
  if (found != in.former.end()) in.former.erase(found);
  const auto expected = in.expected.find(name);
  if (expected != in.expected.end() && --expected->second == 0) in.expected.erase(expected);
}

}  // namespace flotilla::runtime
