// The check of users, API tokens, secrets, and kept answers.
#include <string>

#include "storage/answer_records.hpp"
#include "storage/check/org_audit.hpp"
#include "storage/codec.hpp"
#include "storage/index_keys.hpp"
#include "storage/secret_records.hpp"

namespace flotilla::storage {
namespace {

result<void> check_users(org_audit& in) {
  return each_row(in, keys::table::users, ulid::size, [&in](std::string_view rest, std::string_view bytes) {
    const user_id which{keys::ulid_from(rest)};
    const auto value = decode_user(bytes);
    if (!value || value->id != which) {
      in.found.fault(rules::record, "The user " + which.to_string() + " cannot be read, or is another one.");
    }
    return result<void>{};
  });
}

/// What an org's row of a token leads to. `admins` is raised where it is an admin token.
result<void> check_token(org_audit& in, token_id which, std::string_view hash, std::uint64_t& admins) {
  ++in.counts[static_cast<std::size_t>(org_counter::tokens)];
  const auto name = "The API token " + which.to_string();
  token_hash known{};
  const bool whole = hash.size() == known.size();
  if (whole) known = digest_from(hash);
  const auto bytes = whole ? in.from.get(keys::token(known)) : std::optional<std::string>();
  if (!bytes) return fail(bytes.error());
  const auto value = *bytes ? decode_token(**bytes) : fail(errc::internal, {});
  if (!value || value->id != which || value->org != in.org) {
    in.found.fault(rules::token, name + " of the org " + in.org.to_string() + " does not lead to its record.");
    return {};
  }
  if (value->role == role::admin) ++admins;
  const auto owner = require_row(in, keys::user(in.org, value->user), name, "the user " + value->user.to_string());
  return owner ? result<void>() : fail(owner.error());
}

result<void> check_tokens(org_audit& in) {
  std::uint64_t admins = 0;
  auto done = each_row(in, keys::table::tokens_by_org, ulid::size, [&](std::string_view rest, std::string_view hash) {
    return check_token(in, {keys::ulid_from(rest)}, hash, admins);
  });
  if (!done) return done;
  if (admins == 0) in.found.fault(rules::org, "The org " + in.org.to_string() + " has no admin token.");
  return each_row(in, keys::table::token_uses, ulid::size,
                  [&in](std::string_view rest, std::string_view time) -> result<void> {
                    const token_id which{keys::ulid_from(rest)};
                    const auto there = exists(in.from, keys::org_token(in.org, which));
                    if (!there) return fail(there.error());
                    if (!*there || time.size() != keys::seq_size) {
                      in.found.fault(rules::token, "The last use of the API token " + which.to_string() +
                                                       " is that of no token, or cannot be read.");
                    }
                    return {};
                  });
}

result<void> check_secret(org_audit& in, std::string_view rest, std::string_view bytes) {
  const auto value = decode_secret(rest, bytes);
  if (!value || keys::secret(in.org, value->name) != keys::all(keys::table::secrets, in.org).append(rest)) {
    in.found.fault(rules::record,
                   "A secret of the org " + in.org.to_string() + " cannot be read (" + hex(rest) + ").");
    return {};
  }
  if (!value->name.agent) return {};
  const auto& owner = *value->name.agent;
  const auto there = require_row(in, keys::agent(in.org, owner), "A secret", "the agent " + owner.to_string());
  return there ? result<void>() : fail(there.error());
}

}  // namespace

result<void> check_access(org_audit& in) {
  if (auto done = check_users(in); !done) return done;
  if (auto done = check_tokens(in); !done) return done;
  return each_row(in, keys::table::secrets, 0,
                  [&in](std::string_view rest, std::string_view bytes) { return check_secret(in, rest, bytes); });
}

result<void> check_answers(org_audit& in) {
  index_audit rows(in);
  auto done = each_row(in, keys::table::answers, sizeof(digest),
                       [&](std::string_view rest, std::string_view bytes) -> result<void> {
                         const auto value = decode_answer(bytes);
                         const auto name = "The kept answer " + hex(rest);
                         if (value) return rows.expect(index_keys(in.org, digest_from(rest), *value), name);
                         in.found.fault(rules::record, name + " cannot be read.");
                         return {};
                       });
  if (!done) return done;
  const auto keys_at = [&in](std::string_view position) -> result<std::optional<std::vector<std::string>>> {
    const auto key = digest_from(position);
    const auto bytes = in.from.get(keys::answer(in.org, key));
    if (!bytes) return fail(bytes.error());
    if (!*bytes) return std::vector<std::string>();
    const auto value = decode_answer(**bytes);
    if (!value) return std::nullopt;
    return index_keys(in.org, key, *value);
  };
  return rows.close(keys::table::answers_by_age, sizeof(digest), keys_at);
}

}  // namespace flotilla::storage
