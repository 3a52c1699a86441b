// The fleet on one machine: its secrets.
#include <memory>
#include <utility>
#include <variant>

#include "core/secret_text.hpp"
#include "runtime/local_fleet.hpp"
#include "runtime/secret_changes.hpp"

namespace flotilla::runtime {

void local_fleet::list_secrets(const principal& who, secret_query query, reply<page<secret>> handler) {
  read<page<secret>>(
      context(),
      [org = who.org, query = std::move(query)](const storage::snapshot& from) {
        return runtime::list_secrets(from, org, query);
      },
      std::move(handler));
}

void local_fleet::put_secret(const principal& who, secret_name name, std::string value, reply<void> handler) {
  auto text = std::make_shared<const secret_text>(value);
  wipe(value);
  if (refused(handler)) return;
  if (auto valid = validate_secret_name(name); !valid) return handler(std::move(valid));
  if (auto valid = validate_secret_value(text->view()); !valid) return handler(std::move(valid));
  // Sealing and fingerprints cost time that a caller's thread may not have.
  readers_->run([this, who, name = std::move(name), text, handler = std::move(handler)]() mutable {
    const storage::sealed_secret made{name, system_wall_clock().now(), vault_->seal(who.org, name, text->view())};
    auto patterns = vault_->expect(who.org, name, text->view());
    text.reset();
    change<std::monostate>(
        context(), who, [org = who.org, made](const storage::snapshot& from) { return decide_put(from, org, made); },
        [this, org = who.org, name, patterns, handler = std::move(handler)](result<std::monostate> outcome) {
          if (!outcome) {
            vault_->refused(org, name, patterns);
            return handler(fail(std::move(outcome.error())));
          }
          vault_->put(org, name, patterns);
          handler({});
        });
  });
}

void local_fleet::delete_secret(const principal& who, secret_name name, reply<void> handler) {
  if (refused(handler)) return;
  if (auto valid = validate_secret_name(name); !valid) return handler(std::move(valid));
  change_unkeyed<std::monostate>(
      context(), who.org,
      [org = who.org, name](const storage::snapshot& from) { return decide_delete(from, org, name); },
      [this, org = who.org, name, handler = std::move(handler)](result<std::monostate> outcome) {
        if (!outcome) return handler(fail(std::move(outcome.error())));
        vault_->deleted(org, name);
        handler({});
      });
}

std::string local_fleet::without_secrets(std::string text) const {
  return vault_->redact_all(std::move(text));
}

}  // namespace flotilla::runtime
