// Pages, links and plain answers.
#include "http/input.hpp"

namespace flotilla::http {

void read_page(query_reader& in, page_request& into) {
  std::optional<page_limit> limit;
  in.optional("limit", limit);
  in.optional("cursor", into.cursor);
  into.limit = limit.value_or(page_limit{}).value;
}

std::optional<header> next_link(const request& of, const std::optional<std::string>& cursor) {
  if (!cursor) return std::nullopt;
  auto parameters = parse_query(of.query).value_or(query_parameters{});
  parameters.insert_or_assign("cursor", *cursor);
  return header{"Link", "<" + std::string(of.path) + "?" + to_query(parameters) + ">; rel=\"next\""};
}

response ok(std::string body) {
  response shown;
  shown.body = std::move(body);
  return shown;
}

response created(std::string body, std::string location) {
  auto shown = ok(std::move(body));
  shown.status = 201;
  shown.headers.push_back({"Location", std::move(location)});
  return shown;
}

}  // namespace flotilla::http
