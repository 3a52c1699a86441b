// What calls answer, as text: how an answer is kept for a call that is sent again (flotilla/idempotency.hpp).
//
// All functions are pure. Errors of decoding: internal.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "flotilla/access.hpp"
#include "flotilla/agent.hpp"
#include "flotilla/backup.hpp"
#include "flotilla/epic.hpp"
#include "flotilla/fleet.hpp"
#include "flotilla/mcp_server.hpp"
#include "flotilla/message.hpp"
#include "flotilla/result.hpp"
#include "flotilla/task.hpp"

namespace flotilla::runtime {

/// `encode` and `decode`; `is_secret`: the text is kept sealed.
template <class T>
struct answer_codec;

/// A call that is answered with nothing but that it was done.
template <class T>
requires std::is_empty_v<T>
struct answer_codec<T> {
  static constexpr bool is_secret = false;
  static std::string encode(const T& /*value*/) { return {}; }
  static result<T> decode(std::string_view /*text*/) { return T{}; }
};

template <>
struct answer_codec<agent> {
  static constexpr bool is_secret = false;
  static std::string encode(const agent& value);
  static result<agent> decode(std::string_view text);
};

template <>
struct answer_codec<task> {
  static constexpr bool is_secret = false;
  static std::string encode(const task& value);
  static result<task> decode(std::string_view text);
};

template <>
struct answer_codec<epic> {
  static constexpr bool is_secret = false;
  static std::string encode(const epic& value);
  static result<epic> decode(std::string_view text);
};

template <>
struct answer_codec<mcp_server> {
  static constexpr bool is_secret = false;
  static std::string encode(const mcp_server& value);
  static result<mcp_server> decode(std::string_view text);
};

template <>
struct answer_codec<message> {
  static constexpr bool is_secret = false;
  static std::string encode(const message& value);
  static result<message> decode(std::string_view text);
};

template <>
struct answer_codec<std::vector<message>> {
  static constexpr bool is_secret = false;
  static std::string encode(const std::vector<message>& value);
  static result<std::vector<message>> decode(std::string_view text);
};

template <>
struct answer_codec<run_ticket> {
  static constexpr bool is_secret = false;
  static std::string encode(const run_ticket& value);
  static result<run_ticket> decode(std::string_view text);
};

template <>
struct answer_codec<backup_report> {
  static constexpr bool is_secret = false;
  static std::string encode(const backup_report& value);
  static result<backup_report> decode(std::string_view text);
};

template <>
struct answer_codec<new_token> {
  static constexpr bool is_secret = true;
  static std::string encode(const new_token& value);
  static result<new_token> decode(std::string_view text);
};

}  // namespace flotilla::runtime
