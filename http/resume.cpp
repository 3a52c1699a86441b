// Last-Event-ID, ?after= and the opening of streams.
#include "http/resume.hpp"

#include "http/fields.hpp"
#include "http/uri.hpp"

namespace flotilla::http {

result<std::optional<std::uint64_t>> resume_position(const request& of) {
  const auto query = parse_query(of.query);
  if (!query) return fail(query.error());
  std::optional<std::uint64_t> position;
  field_errors errors;
  if (!of.last_event_id.empty()) {
    errors.note("Last-Event-ID", read_text(of.last_event_id, position.emplace()));
  } else if (const auto after = query->find("after"); after != query->end()) {
    errors.note("after", read_text(after->second, position.emplace()));
  }
  return std::move(errors).check(position);
}

reply<std::shared_ptr<subscription>> streaming(api& shared, const exchange_ptr& client) {
  return [owner = shared.shared_from_this(), client](result<std::shared_ptr<subscription>> given) {
    if (!given) return client->answer(error_response(given.error()));
    owner->streams.open(client, std::move(*given));
  };
}

}  // namespace flotilla::http
