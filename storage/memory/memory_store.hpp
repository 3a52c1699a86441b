// The store port in memory: for tests and for a runtime without a data directory.
#pragma once

#include <memory>

#include "storage/store.hpp"

namespace flotilla::storage {

/// An empty store that is gone with its last user. A snapshot costs O(1), a write O(log n).
///
/// Commits are answered from within `commit`, in order. A commit made from a handler, or while another thread's is
/// going on, is answered by whoever is answering, before that call of `commit` returns. It is always writable, and
/// both durabilities are the same.
[[nodiscard]] std::unique_ptr<store> make_memory_store();

}  // namespace flotilla::storage
