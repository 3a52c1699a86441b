// MCP servers: where agents get tools from, as configured.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "flotilla/id.hpp"
#include "flotilla/page.hpp"
#include "flotilla/time.hpp"

namespace flotilla {

/// How a server is reached: as a child process on the host, or over HTTP (Streamable HTTP of the MCP specification).
enum class mcp_transport : std::uint8_t { stdio, http };
[[nodiscard]] std::string_view to_string(mcp_transport transport) noexcept;
[[nodiscard]] std::optional<mcp_transport> parse_mcp_transport(std::string_view text) noexcept;

/// Whether the runtime holds a connection. `disconnected`: nobody has needed it yet.
enum class mcp_status : std::uint8_t { disconnected, connecting, connected, failed };
[[nodiscard]] std::string_view to_string(mcp_status status) noexcept;
[[nodiscard]] std::optional<mcp_status> parse_mcp_status(std::string_view text) noexcept;

using mcp_variables = std::map<std::string, std::string>;

/// `args`, and the values of `env` and `headers`, may hold `${secret:KEY}`. They are kept and shown as written; the
/// reference is resolved when the server is started, and never in an answer.
struct mcp_server {
  mcp_id id;
  std::string name;  ///< unique in the org: [A-Za-z0-9][A-Za-z0-9_-]*
  mcp_transport transport = mcp_transport::stdio;
  std::optional<std::string> command;  ///< stdio: the executable
  std::vector<std::string> args;       ///< stdio
  std::optional<std::string> url;      ///< http
  mcp_variables env;                   ///< stdio
  mcp_variables headers;               ///< http
  mcp_status status = mcp_status::disconnected;
  std::vector<std::string> tools;  ///< names, as of the last connection
  timestamp created_at;

  friend bool operator==(const mcp_server&, const mcp_server&) = default;
};

/// What is needed to add a server. `stdio` needs a command and takes no url and headers; `http` needs a url and takes
/// no command, args and env.
struct mcp_draft {
  std::string name;
  mcp_transport transport = mcp_transport::stdio;
  std::optional<std::string> command;
  std::vector<std::string> args;
  std::optional<std::string> url;
  mcp_variables env;
  mcp_variables headers;
};

/// A change: only what is set changes. Where the transport changes, what belongs to the other one alone goes with it.
struct mcp_patch {
  std::optional<std::string> name;
  std::optional<mcp_transport> transport;
  std::optional<std::optional<std::string>> command;
  std::optional<std::vector<std::string>> args;
  std::optional<std::optional<std::string>> url;
  std::optional<mcp_variables> env;
  std::optional<mcp_variables> headers;
};

/// What an operator allows (`fleet_options::mcp`).
struct mcp_policy {
  /// Globs on the resolved command (an absolute path, symbolic links followed). Empty: every command.
  std::vector<std::string> stdio_allow;
  /// Lets URLs name link-local and cloud metadata addresses.
  bool allow_link_local = false;
};

}  // namespace flotilla
