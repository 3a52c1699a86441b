// Tools that a program adds to every fleet that it opens, behind those that a fleet brings itself.
#pragma once

#include <memory>
#include <vector>

#include "core/toolset.hpp"

namespace flotilla::runtime {

/// Adds a set. Where two sets offer a tool of one name, the earlier one is used. It lives as long as the process.
/// Precondition: no fleet has been opened yet, and there is no other thread that adds or opens.
void add_toolset(std::shared_ptr<toolset> set);
/// In the order in which they were added. Any thread, once a fleet is open.
[[nodiscard]] const std::vector<std::shared_ptr<toolset>>& extra_toolsets();

}  // namespace flotilla::runtime
