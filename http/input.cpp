// Pages, links and plain answers.
#include "http/input.hpp"

#include "http/routes.hpp"

namespace flotilla::http {

void read_page(query_reader& in, page_request& into) {
  std::optional<page_limit> limit;
  in.optional("limit", limit);
  in.optional("cursor", into.cursor);
  into.limit = limit.value_or(page_limit{}).value;
}

result<page_request> read_page_only(query_reader in) {
  page_request wanted;
  read_page(in, wanted);
  return std::move(in).check(std::move(wanted));
}

std::optional<header> next_link(const exchange& of, const std::optional<std::string>& cursor) {
  if (!cursor) return std::nullopt;
  auto parameters = of.query;
  for (const auto& wanted : of.wanted->takes.query) {
    const auto sent = of.body.find(wanted.name);
    if (sent == of.body.end()) continue;
    parameters.try_emplace(std::string(wanted.name), sent->is_string() ? sent->get<std::string>() : digits_of(*sent));
  }
  parameters.insert_or_assign("cursor", *cursor);
  return header{"Link", "<" + std::string(of.in().path) + "?" + to_query(parameters) + ">; rel=\"next\""};
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
