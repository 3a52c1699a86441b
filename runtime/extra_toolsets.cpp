#include "runtime/extra_toolsets.hpp"

#include <utility>

namespace flotilla::runtime {
namespace {

std::vector<std::shared_ptr<toolset>>& added() {
  static std::vector<std::shared_ptr<toolset>> sets;
  return sets;
}

}  // namespace

void add_toolset(std::shared_ptr<toolset> set) {
  added().push_back(std::move(set));
}

const std::vector<std::shared_ptr<toolset>>& extra_toolsets() {
  return added();
}

}  // namespace flotilla::runtime
