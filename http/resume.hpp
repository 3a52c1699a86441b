// Where a stream begins, and how a subscription becomes one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "flotilla/result.hpp"
#include "flotilla/stream.hpp"
#include "http/api.hpp"

namespace flotilla::http {

/// The position that the client has seen already: of the Last-Event-ID header, else of `?after=`. The header wins,
/// since an EventSource that reconnects sends it with the URL that it began with. Nothing where neither is given.
/// Errors: invalid.
[[nodiscard]] result<std::optional<std::uint64_t>> resume_position(const exchange& of);

/// A reply that opens the client's stream, or answers why it cannot be.
[[nodiscard]] reply<std::shared_ptr<subscription>> streaming(api& shared, const exchange_ptr& client);

}  // namespace flotilla::http
