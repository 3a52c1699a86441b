// flotilla::error as a caf::error: the code as CAF's code, the message as its context.
#include "actors/caf_errors.hpp"

#include <cstdint>
#include <string>

namespace flotilla::actors {
namespace {

constexpr caf::atom_value category = caf::atom("flotilla");
/// CAF takes code 0 for "no error".
constexpr int code_offset = 1;

}  // namespace

caf::error to_caf(const error& reason) {
  return {static_cast<std::uint8_t>(static_cast<int>(reason.code) + code_offset), category,
          caf::make_message(reason.message)};
}

bool is_ours(const caf::error& reason) {
  return reason.category() == category;
}

error from_caf(const caf::error& reason) {
  if (!is_ours(reason)) {
    return {errc::unavailable, "The runtime did not answer in time; try again.", std::nullopt};
  }
  error converted;
  converted.code = static_cast<errc>(static_cast<int>(reason.code()) - code_offset);
  if (reason.context().match_elements<std::string>()) converted.message = reason.context().get_as<std::string>(0);
  return converted;
}

}  // namespace flotilla::actors
