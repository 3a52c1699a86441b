// What the agents of `flotilla demo --fleet` are and play.
#pragma once

#include <string>
#include <vector>

namespace flotilla::cli {

/// One agent of the demo with what it is given to do, and the agents below it.
struct demo_part {
  std::string name;
  std::string glyph;
  std::string role;
  std::string title;    ///< of its task
  std::string finding;  ///< what it answers; of one with reports: what stands before their answers
  std::vector<demo_part> reports;
};

/// The lead, with two managers who have two workers each.
[[nodiscard]] demo_part demo_cast();

/// A script of the rehearsal provider (docs/rehearsal.md) for a part whose manager has this name (empty: it has
/// none). One with reports delegates to all of them side by side and answers with what they answer; one without does
/// a little work, tells its manager so in a message, and answers. Pure.
[[nodiscard]] std::string demo_script(const demo_part& part, const std::string& manager);

}  // namespace flotilla::cli
