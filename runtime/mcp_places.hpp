// Where MCP servers are: the host of a URL and the executable of a command, checked against what the operator allows.
#pragma once

#include <filesystem>
#include <string>

#include "flotilla/mcp_server.hpp"
#include "flotilla/result.hpp"

namespace flotilla::runtime {

/// Is the URL one that a server may have: http or https, a host, no user and password, and (unless the policy allows
/// it) no link-local or metadata host (core/metadata_hosts.hpp)? It is read by libcurl's own parser, which is what
/// reads it when the connection is made, so that nobody can mean one host here and another there.
/// Errors: invalid. Pure; nothing is resolved.
[[nodiscard]] result<void> check_url(const std::string& url, const mcp_policy& policy);

/// The executable that a command stands for: looked up in the server's PATH where it is a bare name, symbolic links
/// followed. May block on the disk. Errors: invalid (there is none). No message names a path of the host.
[[nodiscard]] result<std::filesystem::path> resolve_command(const std::string& command);

/// Is a command one that the policy lets run? Without globs each is, and nothing is looked up. May block on the disk.
/// Errors: invalid (no such executable), forbidden (no glob matches it).
[[nodiscard]] result<void> check_command(const std::string& command, const mcp_policy& policy);

}  // namespace flotilla::runtime
