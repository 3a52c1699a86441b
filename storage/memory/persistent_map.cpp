#include "storage/memory/persistent_map.hpp"

#include <utility>

namespace flotilla::storage {

struct persistent_map::node {
  struct pair {
    std::string key;
    std::string value;
  };
  std::shared_ptr<const pair> item;  ///< shared by all versions of the node
  std::size_t priority = 0;          ///< never below that of a node beneath
  link left;
  link right;

  /// Does this node stand above another key's? Equal priorities are told apart by key.
  [[nodiscard]] bool above(std::size_t other, std::string_view key) const noexcept {
    return priority != other ? priority > other : item->key < key;
  }
  [[nodiscard]] link with_children(link new_left, link new_right) const {
    return std::make_shared<const node>(node{item, priority, std::move(new_left), std::move(new_right)});
  }
};

const std::string* persistent_map::find(std::string_view key) const noexcept {
  const node* at = root_.get();
  while (at != nullptr) {
    const auto order = key.compare(at->item->key);
    if (order == 0) return &at->item->value;
    at = order < 0 ? at->left.get() : at->right.get();
  }
  return nullptr;
}

persistent_map persistent_map::with(std::string_view key, std::string_view value) const {
  auto item = std::make_shared<const node::pair>(node::pair{std::string(key), std::string(value)});
  const auto added =
      std::make_shared<const node>(node{std::move(item), std::hash<std::string_view>{}(key), nullptr, nullptr});
  return persistent_map(insert(root_, added));
}

persistent_map persistent_map::without(std::string_view key) const {
  return find(key) == nullptr ? *this : persistent_map(erase(root_, key));
}

persistent_map::link persistent_map::insert(const link& at, const link& added) {
  if (!at) return added;
  const auto& key = added->item->key;
  const auto order = key.compare(at->item->key);
  if (order == 0) return added->with_children(at->left, at->right);
  if (!at->above(added->priority, key)) {
    auto [left, right] = split(at, key);
    return added->with_children(std::move(left), std::move(right));
  }
  return order < 0 ? at->with_children(insert(at->left, added), at->right)
                   : at->with_children(at->left, insert(at->right, added));
}

persistent_map::link persistent_map::erase(const link& at, std::string_view key) {
  const auto order = key.compare(at->item->key);
  if (order == 0) return merge(at->left, at->right);
  return order < 0 ? at->with_children(erase(at->left, key), at->right)
                   : at->with_children(at->left, erase(at->right, key));
}

persistent_map::link persistent_map::merge(const link& left, const link& right) {
  if (!left) return right;
  if (!right) return left;
  if (left->above(right->priority, right->item->key)) {
    return left->with_children(left->left, merge(left->right, right));
  }
  return right->with_children(merge(left, right->left), right->right);
}

// Precondition: the key itself is not below `at`.
std::pair<persistent_map::link, persistent_map::link> persistent_map::split(const link& at, std::string_view key) {
  if (!at) return {};
  if (at->item->key < key) {
    auto [low, high] = split(at->right, key);
    return {at->with_children(at->left, std::move(low)), std::move(high)};
  }
  auto [low, high] = split(at->left, key);
  return {std::move(low), at->with_children(std::move(high), at->right)};
}

void persistent_map::scan(const key_range& range, direction way,
                          const std::function<bool(std::string_view, std::string_view)>& visit) const {
  walk(root_, range, way, visit);
}

// Visits what is in range below `at`; false where the visitor stopped.
bool persistent_map::walk(const link& at, const key_range& range, direction way,
                          const std::function<bool(std::string_view, std::string_view)>& visit) {
  if (!at) return true;
  const auto& key = at->item->key;
  const bool reaches_from = key >= range.from;
  const bool before_to = range.to.empty() || key < range.to;
  const auto go_left = [&] { return !reaches_from || walk(at->left, range, way, visit); };
  const auto go_right = [&] { return !before_to || walk(at->right, range, way, visit); };
  const auto here = [&] { return !reaches_from || !before_to || visit(key, at->item->value); };
  return way == direction::forward ? go_left() && here() && go_right() : go_right() && here() && go_left();
}

}  // namespace flotilla::storage
