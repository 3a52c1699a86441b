#include "storage/index_keys.hpp"

#include <algorithm>

namespace flotilla::storage {
namespace {

bool absent_from(const std::vector<std::string>& rows, const std::string& row) {
  return std::find(rows.begin(), rows.end(), row) == rows.end();
}

}  // namespace

void replace_index_rows(batch& into, const std::vector<std::string>& before, const std::vector<std::string>& after) {
  for (const auto& row : before) {
    if (absent_from(after, row)) into.erase(row);
  }
  for (const auto& row : after) {
    if (absent_from(before, row)) into.put(row, {});
  }
}

}  // namespace flotilla::storage
