// What is about the service itself: who am I, the index, the probes, the metrics, the document.
#include <nlohmann/json.hpp>

#include "http/handlers.hpp"
#include "http/input.hpp"

namespace flotilla::http {

void show_me(api& shared, const exchange_ptr& client) {
  shared.served.me(client->who, answering<identity>(client));
}

void show_index(api& /*shared*/, const exchange_ptr& client) {
  client->answer(
      ok(R"({"name":"flotilla","api":"/api","document":"/api/openapi.json","health":"/healthz","ready":"/readyz"})"));
}

void show_health(api& /*shared*/, const exchange_ptr& client) {
  client->answer(ok(R"({"status":"alive"})"));
}

void show_readiness(api& shared, const exchange_ptr& client) {
  const auto refusing = shared.refusing.load();
  const auto state = shared.served.ready();
  const nlohmann::ordered_json recovery{{"state", state.recovered ? "done" : "running"},
                                        {"agents", state.recovering_agents},
                                        {"done", state.recovered_agents}};
  auto shown =
      ok(nlohmann::ordered_json{{"status", refusing ? "draining" : state.reason}, {"recovery", recovery}}.dump());
  if (refusing || !state.ready) shown.status = 503;
  client->answer(std::move(shown));
}

void show_metrics(api& shared, const exchange_ptr& client) {
  // Where the runtime's part cannot be had, as while it stops, the server's own is shown alone.
  shared.served.metrics([client, owner = shared.shared_from_this()](const result<std::string>& runtime) {
    auto text = runtime ? *runtime : "# the runtime's metrics: " + runtime.error().message + "\n";
    auto shown = ok(text + owner->metrics.text());
    shown.content_type = metrics_content_type;
    client->answer(std::move(shown));
  });
}

void show_openapi(api& shared, const exchange_ptr& client) {
  auto shown = ok(shared.document);
  shown.cache_control = "public, max-age=300";
  client->answer(std::move(shown));
}

}  // namespace flotilla::http
