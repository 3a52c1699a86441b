// Backups: only below a directory that the operator has named.
#include <filesystem>

#include "http/handlers.hpp"
#include "http/input.hpp"

namespace flotilla::http {
namespace {

struct asked {
  std::string to;
  bool master_key = true;
};

result<asked> read_asked(body_reader in) {
  asked found;
  in.required("to", found.to);
  in.optional("masterKey", found.master_key);
  return std::move(in).check(std::move(found));
}

/// Where a name or a path leads. Errors: invalid (elsewhere than directly below the directory).
result<std::filesystem::path> place_of(const std::string& to, const std::filesystem::path& below) {
  const std::filesystem::path asked_for(to);
  const auto name = asked_for.filename();
  if (asked_for == name || asked_for.parent_path().lexically_normal() == below.lexically_normal())
    return below / name;
  return fail(
      errc::invalid,
      "to: must be a name, or a path directly below the directory that the server was given with --backup-dir");
}

}  // namespace

void make_backup(api& shared, const exchange_ptr& client) {
  auto wanted = body_as(*client, read_asked);
  if (!wanted) return client->answer(error_response(wanted.error()));
  const auto& below = shared.options.backup_directory;
  if (below.empty()) {
    const error off{errc::forbidden, "Backups are off: the server was started without --backup-dir.", {}};
    return client->answer(error_response(off));
  }
  auto to = place_of(wanted->to, below);
  if (!to) return client->answer(error_response(to.error()));
  shared.served.backup(client->who, {std::move(*to), wanted->master_key}, answering<backup_report>(client));
}

}  // namespace flotilla::http
