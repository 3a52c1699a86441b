// Counters under one key.
#include "storage/counters.hpp"

#include <algorithm>
#include <utility>

#include "storage/codec.hpp"
#include "storage/key_schema.hpp"

namespace flotilla::storage {
namespace {

/// The counter after a delta; nothing where it would leave its range.
std::optional<std::uint64_t> moved(std::uint64_t value, std::int64_t delta) {
  if (delta >= 0) {
    const auto after = value + static_cast<std::uint64_t>(delta);
    return after >= value ? std::optional(after) : std::nullopt;
  }
  const auto less = static_cast<std::uint64_t>(-(delta + 1)) + 1;  // the lowest delta has no negative
  return less <= value ? std::optional(value - less) : std::nullopt;
}

bool passes(const batch::increment::bound& bound, const batch::increment& what, std::uint64_t after) {
  return bound.index >= what.deltas.size() || what.deltas[bound.index] <= 0 || after <= bound.most;
}

}  // namespace

std::string encode_counters(const std::vector<std::uint64_t>& values) {
  std::string bytes;
  bytes.reserve(values.size() * keys::seq_size);
  for (const auto value : values) bytes += keys::seq_bytes(value);
  return bytes;
}

result<std::vector<std::uint64_t>> decode_counters(std::string_view bytes) {
  if (bytes.size() % keys::seq_size != 0) return fail(damaged("counters", {}));
  std::vector<std::uint64_t> values;
  for (; !bytes.empty(); bytes.remove_prefix(keys::seq_size)) {
    values.push_back(keys::seq_from(bytes.substr(0, keys::seq_size)));
  }
  return values;
}

result<std::string> incremented(const std::optional<std::string>& before, const batch::increment& what) {
  auto values = decode_counters(before ? std::string_view(*before) : std::string_view());
  if (!values) return fail(std::move(values.error()));
  values->resize(std::max(values->size(), what.deltas.size()));
  for (std::size_t i = 0; i < what.deltas.size(); ++i) {
    const auto after = moved((*values)[i], what.deltas[i]);
    if (!after) return fail(errc::internal, "The store is damaged: a counter does not agree with what it counts.");
    (*values)[i] = *after;
  }
  if (what.at_most && what.at_most->index < values->size() &&
      !passes(*what.at_most, what, (*values)[what.at_most->index])) {
    return fail(errc::forbidden, what.at_most->message);
  }
  return encode_counters(*values);
}

result<std::vector<std::uint64_t>> read_counters(const snapshot& from, const std::string& key, std::size_t size) {
  const auto bytes = from.get(key);
  if (!bytes) return fail(bytes.error());
  auto values = decode_counters(*bytes ? std::string_view(**bytes) : std::string_view());
  if (values && values->size() < size) values->resize(size);
  return values;
}

}  // namespace flotilla::storage
