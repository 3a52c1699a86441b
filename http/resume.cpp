// Last-Event-ID, ?after= and the opening of streams.
#include "http/resume.hpp"

#include "http/fields.hpp"

namespace flotilla::http {

result<std::optional<std::uint64_t>> resume_position(const exchange& of) {
  std::optional<std::uint64_t> position;
  if (of.in().last_event_id.empty()) {
    // The body of a POST holds fields of its own.
    const auto none = nlohmann::json::object();
    query_reader in(of.query, of.in().verb == method::get ? of.body : none);
    in.optional("after", position);
    return std::move(in).check(position);
  }
  field_errors errors;
  errors.note("Last-Event-ID", read_text(of.in().last_event_id, position.emplace()));
  return std::move(errors).check(position);
}

reply<std::shared_ptr<subscription>> streaming(api& shared, const exchange_ptr& client) {
  return [owner = shared.shared_from_this(), client](result<std::shared_ptr<subscription>> given) {
    if (!given) return client->answer(error_response(given.error()));
    owner->streams.open(client, std::move(*given));
  };
}

}  // namespace flotilla::http
