// Kept answers as records.
#include "storage/answer_records.hpp"

#include <algorithm>
#include <utility>

#include "storage/codec.hpp"
#include "storage/index_keys.hpp"
#include "storage/key_schema.hpp"

namespace flotilla::storage {
namespace {

constexpr std::size_t header_size = keys::seq_size + sizeof(digest) + 1;

std::uint64_t milliseconds_of(timestamp when) {
  return static_cast<std::uint64_t>(when.time_since_epoch().count());
}

std::string encode(const kept_answer& value) {
  auto bytes = keys::seq_bytes(milliseconds_of(value.created_at));
  for (const auto byte : value.request) bytes.push_back(static_cast<char>(byte));
  bytes.push_back(value.finished ? 1 : 0);
  return bytes + value.answer;
}

}  // namespace

digest digest_from(std::string_view bytes) {
  digest value{};
  std::transform(bytes.begin(), bytes.end(), value.begin(),
                 [](char byte) { return static_cast<std::uint8_t>(byte); });
  return value;
}

result<kept_answer> decode_answer(std::string_view bytes) {
  if (bytes.size() < header_size || static_cast<unsigned char>(bytes[header_size - 1]) > 1) {
    return fail(damaged("a kept answer", {}));
  }
  kept_answer value;
  value.created_at = timestamp{std::chrono::milliseconds{keys::seq_from(bytes.substr(0, keys::seq_size))}};
  value.request = digest_from(bytes.substr(keys::seq_size, sizeof(digest)));
  value.finished = bytes[header_size - 1] == 1;
  value.answer = bytes.substr(header_size);
  return value;
}

std::vector<std::string> index_keys(org_id org, const digest& key, const kept_answer& of) {
  return {keys::answer_age(org, milliseconds_of(of.created_at), key)};
}

result<std::optional<stored<kept_answer>>> read_answer(const snapshot& from, org_id org, const digest& key) {
  auto bytes = from.get(keys::answer(org, key));
  if (!bytes) return fail(std::move(bytes.error()));
  if (!*bytes) return std::nullopt;
  auto value = decode_answer(**bytes);
  if (!value) return fail(std::move(value.error()));
  return stored<kept_answer>{std::move(*value), std::move(**bytes)};
}

void write_answer(batch& into, org_id org, const digest& key, const stored<kept_answer>* before,
                  const kept_answer& after) {
  auto row = keys::answer(org, key);
  into.require(row, before != nullptr ? std::optional(before->bytes) : std::nullopt);
  into.put(std::move(row), encode(after));
  replace_index_rows(into, before != nullptr ? index_keys(org, key, before->value) : std::vector<std::string>(),
                     index_keys(org, key, after));
}

result<void> erase_old_answers(batch& into, const snapshot& from, org_id org, timestamp made_before,
                               std::size_t most) {
  if (most == 0) return {};
  const auto prefix = keys::all(keys::table::answers_by_age, org);
  const key_range old{prefix, prefix + keys::seq_bytes(milliseconds_of(made_before))};
  std::size_t erased = 0;
  bool good = true;
  const auto scanned = from.scan(old, direction::forward, [&](std::string_view age_row, std::string_view value) {
    const auto position = age_row.substr(prefix.size());
    good = position.size() == keys::seq_size + sizeof(digest);
    if (!good) return false;
    // The row goes when its answer is written anew: what stands by then must stay.
    into.require(std::string(age_row), std::string(value));
    into.erase(std::string(age_row));
    into.erase(keys::answer(org, digest_from(position.substr(keys::seq_size))));
    return ++erased < most;
  });
  if (!scanned) return scanned;
  if (!good) return fail(damaged("the age of a kept answer", {}));
  return {};
}

}  // namespace flotilla::storage
