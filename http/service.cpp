// What is not about agents, tasks or the bus: who am I, the index, the probes.
#include <nlohmann/json.hpp>

#include "http/handlers.hpp"
#include "http/input.hpp"

namespace flotilla::http {

void show_me(api& shared, const exchange_ptr& client) {
  shared.served.me(client->who, answering<identity>(client));
}

void show_index(api& /*shared*/, const exchange_ptr& client) {
  client->answer(ok(R"({"name":"flotilla","api":"/api","health":"/healthz","ready":"/readyz"})"));
}

void show_health(api& /*shared*/, const exchange_ptr& client) {
  client->answer(ok(R"({"status":"alive"})"));
}

void show_readiness(api& shared, const exchange_ptr& client) {
  const auto refusing = shared.refusing.load();
  const auto state = shared.served.ready();
  auto shown = ok(nlohmann::json{{"status", refusing ? "draining" : state.reason}}.dump());
  if (refusing || !state.ready) shown.status = 503;
  client->answer(std::move(shown));
}

}  // namespace flotilla::http
