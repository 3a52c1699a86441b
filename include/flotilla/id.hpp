// Identifiers: a prefix that tells the kind, and a ULID, so that ids sort by the time they were made.
//
// ULID: https://github.com/ulid/spec (48 bits of Unix time in ms, 80 random bits, Crockford base 32).
// All of this may be used from any thread.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "flotilla/time.hpp"

namespace flotilla {

/// A ULID as its 16 bytes, most significant first: byte order is time order.
struct ulid {
  static constexpr std::size_t size = 16;       ///< in bytes
  static constexpr std::size_t text_size = 26;  ///< in characters
  std::array<std::uint8_t, size> bytes{};

  /// A new one that is greater than every other that this process has made. Its time part is `now` unless an
  /// earlier call was given a later time. Thread-safe.
  [[nodiscard]] static ulid make(timestamp now);
  /// Reads the canonical text form (upper case, as `to_string` writes it); nothing else is accepted.
  [[nodiscard]] static std::optional<ulid> parse(std::string_view text) noexcept;
  /// The 26 characters of the canonical form.
  [[nodiscard]] std::string to_string() const;

  friend auto operator<=>(const ulid&, const ulid&) = default;
};

/// What an id names. The prefix that each is written with stands beside it.
enum class id_kind : std::uint8_t {
  agent,    ///< agt_
  task,     ///< tsk_
  message,  ///< msg_
  epic,     ///< epc_
  mcp,      ///< mcp_
  token,    ///< tok_
  org,      ///< org_
  user,     ///< usr_
};

/// The prefix of a kind, with its underscore.
[[nodiscard]] std::string_view prefix_of(id_kind kind) noexcept;

/// An id of one kind: ids of different kinds do not mix. Cheap to copy (16 bytes). The default value is all
/// zero and names nothing.
template <id_kind Kind>
struct id {
  static constexpr id_kind kind = Kind;
  ulid value;

  /// A new id. Thread-safe.
  [[nodiscard]] static id make(timestamp now) { return id{ulid::make(now)}; }
  /// Reads prefix and ULID; nothing where the prefix is another kind's or the ULID is not canonical.
  [[nodiscard]] static std::optional<id> parse(std::string_view text) noexcept {
    const auto prefix = prefix_of(Kind);
    if (!text.starts_with(prefix)) return std::nullopt;
    const auto parsed = ulid::parse(text.substr(prefix.size()));
    if (!parsed) return std::nullopt;
    return id{*parsed};
  }
  /// The form that the API shows, e.g. "agt_01JC…".
  [[nodiscard]] std::string to_string() const { return std::string(prefix_of(Kind)) + value.to_string(); }
  /// True for the default value.
  [[nodiscard]] bool empty() const noexcept { return value == ulid{}; }

  friend auto operator<=>(const id&, const id&) = default;
};

using agent_id = id<id_kind::agent>;
using task_id = id<id_kind::task>;
using message_id = id<id_kind::message>;
using epic_id = id<id_kind::epic>;
using mcp_id = id<id_kind::mcp>;
using token_id = id<id_kind::token>;
using org_id = id<id_kind::org>;
using user_id = id<id_kind::user>;

}  // namespace flotilla

/// Ids as keys of unordered containers: the low 64 bits of a ULID are random already.
template <flotilla::id_kind Kind>
struct std::hash<flotilla::id<Kind>> {
  std::size_t operator()(const flotilla::id<Kind>& value) const noexcept {
    std::uint64_t low = 0;
    std::memcpy(&low, value.value.bytes.data() + 8, sizeof low);
    return static_cast<std::size_t>(low);
  }
};
