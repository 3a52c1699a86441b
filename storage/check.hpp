// The check of a store: does everything in it agree with everything else?
//
// What is written twice is compared: index rows with the objects that ask for them, a task's record with what its
// journal says (by the run machine itself), counters with a recount, usage by agent with the org's, tokens and names
// in both directions; positions of logs have no gaps; what an object names exists. Nothing is repaired.
//
// Memory: the journal of one task at a time, and some hundred bytes for each org and, within an org, for each epic,
// each agent that manages or has used tokens, each task that has delegated, and each month. The number of tasks,
// events and messages costs time only.
#pragma once

#include <cstddef>

#include "flotilla/check.hpp"
#include "flotilla/result.hpp"
#include "storage/store.hpp"

namespace flotilla::storage {

/// Checks a store as a snapshot shows it. Faults are no error: they are what is answered. `most_named`: of how many
/// faults the texts are kept. Blocks on the disk; one thread.
/// Errors: those of every read; internal (no store of a format that this program reads).
[[nodiscard]] result<store_check> check(const snapshot& from, std::size_t most_named = default_named_faults);

}  // namespace flotilla::storage
