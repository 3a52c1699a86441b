#include "storage/check/org_audit.hpp"

#include <algorithm>
#include <utility>

#include "storage/index_keys.hpp"

namespace flotilla::storage {

result<void> each_row(org_audit& in, keys::table of, std::size_t rest_size, const row_visitor& visit) {
  std::uint64_t rows = 0;
  auto done = each_row(in.from, keys::all(of, in.org), [&](std::string_view rest, std::string_view value) {
    ++rows;
    if (rest_size == 0 || rest.size() == rest_size) return visit(rest, value);
    in.found.fault(rules::table,
                   "A key of the table of " + std::string(name_of(of)) + " has a wrong size (" + hex(rest) + ").");
    return result<void>{};
  });
  in.found.count(of, rows);
  return done;
}

result<bool> exists(const snapshot& from, std::string_view key) {
  const auto row = from.get(key);
  if (!row) return fail(row.error());
  return row->has_value();
}

result<bool> require_row(org_audit& in, std::string_view key, std::string_view whose, std::string_view what) {
  auto there = exists(in.from, key);
  if (there && !*there) {
    in.found.fault(rules::reference, std::string(whose) + " names " + std::string(what) + ", which there is not.");
  }
  return there;
}

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text += digits[static_cast<unsigned char>(byte) >> 4U];
    text += digits[static_cast<unsigned char>(byte) & 15U];
  }
  return text;
}

result<void> index_audit::expect(const std::vector<std::string>& keys, std::string_view whose) {
  for (const auto& key : keys) {
    const auto table = static_cast<keys::table>(key.front());
    const bool may_be_absent = first_format_of(table) > in_.format;
    const auto row = in_.from.get(key);
    if (!row) return fail(row.error());
    if (!*row && may_be_absent) continue;
    if (!*row) {
      in_.found.fault(rules::index_missing, std::string(whose) + " has no row in the index of " +
                                                std::string(name_of(table)) + ", or not where it belongs.");
      continue;
    }
    ++good_[key.front()];
    if ((*row)->empty()) continue;
    in_.found.fault(rules::index_value, "The row of " + std::string(whose) + " in the index of " +
                                            std::string(name_of(table)) + " is not empty.");
  }
  return {};
}

result<void> index_audit::close(keys::table index, std::size_t position_size, const keys_at& of) {
  std::uint64_t rows = 0;
  auto counted = each_row(in_.from, keys::all(index, in_.org), [&rows](std::string_view, std::string_view) {
    ++rows;
    return result<void>{};
  });
  if (!counted) return counted;
  in_.found.count(index, rows);
  // All that must be there is there, each once: as many rows are exactly these.
  if (rows == good_[static_cast<char>(index)]) return {};
  return hunt(index, position_size, of);
}

result<void> index_audit::hunt(keys::table index, std::size_t position_size, const keys_at& of) {
  const auto prefix = keys::all(index, in_.org);
  return each_row(in_.from, prefix, [&](std::string_view rest, std::string_view) -> result<void> {
    const auto stray = [&](std::string_view why) {
      in_.found.fault(rules::index_stray, "A row in the index of " + std::string(name_of(index)) + " (" + hex(rest) +
                                              ") " + std::string(why));
      return result<void>{};
    };
    if (rest.size() < position_size) return stray("is too short.");
    const auto owners = of(rest.substr(rest.size() - position_size));
    if (!owners) return fail(owners.error());
    if (!*owners) return {};
    if ((*owners)->empty()) return stray("leads to nothing.");
    const auto key = prefix + std::string(rest);
    if (std::find((*owners)->begin(), (*owners)->end(), key) != (*owners)->end()) return {};
    return stray("does not belong to what it leads to.");
  });
}

}  // namespace flotilla::storage
