// The store's format version, and what is written when a store of an older format is taken over.
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/builtin_tools.hpp"
#include "core/bus_types.hpp"
#include "core/json_decode.hpp"
#include "storage/codec.hpp"
#include "storage/counting.hpp"
#include "storage/index_keys.hpp"
#include "storage/paging.hpp"
#include "storage/records.hpp"

namespace flotilla::storage {
namespace {

/// Of the keys and values that are written at once, as far as one object's do not come to more.
constexpr std::size_t max_gathered_bytes = 64U << 10U;

/// Those which are filled from what an older store holds. A mailbox is not: what was said before counts as read.
constexpr keys::table filled_tables[] = {keys::table::said, keys::table::agents_by_name, keys::table::agents_by_team,
                                         keys::table::usage_below};

result<void> check_version(std::string_view bytes) {
  const auto version = decode_format(bytes);
  if (!version) return fail(version.error());
  if (*version >= oldest_format_version && *version <= format_version) return {};
  const auto theirs = std::to_string(*version);
  const auto ours = std::to_string(format_version);
  if (*version < format_version) {
    return fail(errc::internal,
                "The store has format " + theirs + ", which this program (format " + ours + ") does not read.");
  }
  return fail(errc::internal, "The store was written by a newer version of Flotilla (format " + theirs +
                                  "; this program reads up to " + ours + "). Start that version, or use another " +
                                  "data directory. Nothing was changed.");
}

result<void> commit_and_wait(store& in, batch changes, durability level) {
  auto answer = std::make_shared<std::promise<result<void>>>();
  auto outcome = answer->get_future();
  in.commit(std::move(changes), level, [answer](result<void> done) { answer->set_value(std::move(done)); });
  return outcome.get();
}

/// Writes to a store in batches of a bounded size, one after another.
class gathered_writes {
 public:
  explicit gathered_writes(store& in) : in_(in) {}

  void erase(std::string key) {
    bytes_ += key.size();
    changes_.erase(std::move(key));
  }
  void put(std::string key, std::string value) {
    bytes_ += key.size() + value.size();
    changes_.put(std::move(key), std::move(value));
  }
  /// Of an object's index rows those in tables that are filled.
  void put_rows(std::vector<std::string> rows) {
    for (auto& row : rows) {
      if (first_format_of(static_cast<keys::table>(row.front())) > oldest_format_version) put(std::move(row), {});
    }
  }
  /// See `storage::count_below`.
  void count_below(org_id org, const task_record& of) { storage::count_below(changes_, org, of, of.task.usage); }

  /// To be called when all of an object is written: commits what has gathered where that is enough.
  result<void> next() { return bytes_ < max_gathered_bytes ? result<void>() : flush(); }
  result<void> flush() {
    bytes_ = 0;
    return commit_and_wait(in_, std::exchange(changes_, {}), durability::buffered);
  }

 private:
  store& in_;
  batch changes_;
  std::size_t bytes_ = 0;
};

// What cannot be read is passed over below: the check of a store tells of it.

/// An attempt before this one may have been cut, and an older program have gone on with the store since.
result<void> empty_tables(const snapshot& from, gathered_writes& into) {
  for (const auto of : filled_tables) {
    const auto table = keys::all(of);
    auto done = each_row(from, table, [&](std::string_view rest, std::string_view) {
      into.erase(table + std::string(rest));
      return into.next();
    });
    if (!done) return done;
  }
  return into.flush();
}

result<void> index_agents(const snapshot& from, org_id org, gathered_writes& into) {
  return each_row(from, keys::all(keys::table::agents, org), [&](std::string_view, std::string_view json) {
    if (const auto value = agent_from_json(json)) into.put_rows(index_keys(org, *value));
    return into.next();
  });
}

result<void> index_said(const snapshot& from, org_id org, gathered_writes& into) {
  const auto said = keys::messages_by_type(org, bus::agent_message);
  return each_row(from, said, [&](std::string_view position, std::string_view) -> result<void> {
    const auto value = read_message(from, org, keys::seq_from(position));
    if (!value && value.error().code != errc::internal) return fail(value.error());
    if (value) into.put_rows(index_keys(org, *value));
    return into.next();
  });
}

result<std::optional<coded_task>> read_record(const snapshot& from, org_id org, task_id which) {
  const auto bytes = from.get(keys::task(org, which));
  if (!bytes) return fail(bytes.error());
  auto value = *bytes ? decode_task(**bytes) : fail(errc::internal, {});
  if (!value) return std::nullopt;
  return std::move(*value);
}

/// The tasks above one, from its parent up.
result<std::vector<task_id>> chain_from(const snapshot& from, org_id org, task_id parent) {
  std::vector<task_id> above{parent};
  while (above.size() < builtin::max_delegation_depth) {
    const auto next = read_record(from, org, above.back());
    if (!next) return fail(next.error());
    if (!*next || !(*next)->record.task.parent) break;
    above.push_back(*(*next)->record.task.parent);
  }
  return above;
}

/// Each task that was delegated gets to know all tasks above it, and what it has used is counted there.
result<void> name_ancestors(const snapshot& from, org_id org, gathered_writes& into) {
  constexpr std::size_t row_size = 2 * ulid::size;  // parent child
  const auto children = keys::all(keys::table::children, org);
  return each_row(from, children, [&](std::string_view rest, std::string_view) -> result<void> {
    if (rest.size() != row_size) return {};
    const task_id which{keys::ulid_from(rest.substr(ulid::size))};
    auto child = read_record(from, org, which);
    if (!child) return fail(child.error());
    if (!*child || !(*child)->record.from) return {};
    auto& record = (*child)->record;
    auto above = chain_from(from, org, *record.task.parent);
    if (!above) return fail(above.error());
    record.from->ancestors = std::move(*above);
    into.put(keys::task(org, which), encode(record, (*child)->input_mark));
    into.count_below(org, record);
    return into.next();
  });
}

/// Writes what has come since. Its outcome is the same however often it was begun.
result<void> take_over(store& in) {
  const auto now = in.snapshot();
  if (!now) return fail(now.error());
  const auto& from = **now;
  gathered_writes into(in);
  if (auto done = empty_tables(from, into); !done) return done;
  const auto orgs = list_orgs(from);
  if (!orgs) return fail(orgs.error());
  for (const auto& org : *orgs) {
    for (auto* part : {&index_agents, &index_said, &name_ancestors}) {
      if (auto done = part(from, org.id, into); !done) return done;
    }
  }
  return into.flush();
}

/// An older format that can be taken over becomes ours.
result<void> raise_version(store& in, const std::string& theirs) {
  auto ours = encode_format(format_version);
  if (theirs == ours) return {};
  if (auto done = take_over(in); !done) return done;
  batch raised;
  raised.require(keys::format(), theirs);
  raised.put(keys::format(), std::move(ours));
  return commit_and_wait(in, std::move(raised), durability::synced);
}

}  // namespace

std::uint32_t first_format_of(keys::table which) noexcept {
  switch (which) {
    case keys::table::mailboxes:
    case keys::table::said:
    case keys::table::agents_by_name:
    case keys::table::agents_by_team:
    case keys::table::usage_below:
      return 4;
    default:
      return oldest_format_version;
  }
}

result<std::uint32_t> read_format(const snapshot& from) {
  const auto bytes = from.get(keys::format());
  if (!bytes) return fail(bytes.error());
  if (!*bytes)
    return fail(errc::internal, "The store holds no format version. It was not made by Flotilla, or is damaged.");
  if (auto known = check_version(**bytes); !known) return fail(std::move(known.error()));
  return decode_format(**bytes);
}

result<void> ensure_format(store& in) {
  const auto now = in.snapshot();
  if (!now) return fail(now.error());
  const auto version = (*now)->get(keys::format());
  if (!version) return fail(version.error());
  if (*version) {
    if (auto known = check_version(**version); !known) return known;
    return raise_version(in, **version);
  }
  const auto row = first_of(**now, {}, direction::forward);
  if (!row) return fail(row.error());
  if (*row) {
    return fail(errc::internal, "The store holds data but no format version (this program writes format " +
                                    std::to_string(format_version) +
                                    "). It was not made by Flotilla, or is damaged.");
  }
  batch first;
  first.require(keys::format(), std::nullopt);
  first.put(keys::format(), encode_format(format_version));
  return commit_and_wait(in, std::move(first), durability::synced);
}

}  // namespace flotilla::storage
