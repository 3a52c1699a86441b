// Long inputs of tasks: kept beside the record, and written only when they change.
#include <algorithm>

#include "storage/codec.hpp"
#include "storage/key_schema.hpp"
#include "storage/records.hpp"
#include "tests/storage/record_support.hpp"

using namespace flotilla;
using namespace flotilla::storage;
using namespace flotilla::storage::testing;

namespace {

struct fixture : memory_fixture {
  org_id org = org_id::make(at(0));

  static task_record with_input(std::string input) {
    task_record made;
    made.task.id = task_id::make(at(0));
    made.task.input = std::move(input);
    return made;
  }
  /// Writes a task and reads it back.
  stored<task_record> put(const stored<task_record>* before, const task_record& after) {
    batch changes;
    const auto written = write_task(changes, org, before, after);
    must_commit(*kept, std::move(changes));
    const auto read = read_task(*view(*kept), org, after.task.id);
    BOOST_REQUIRE(read && *read);
    BOOST_TEST(((*read)->value == written.value));
    BOOST_TEST((*read)->bytes == written.bytes);
    BOOST_TEST((*read)->bytes == *get(*kept, keys::task(org, after.task.id)));
    return **read;
  }
  std::optional<std::string> aside(const stored<task_record>& of) {
    return get(*kept, keys::input(org, of.value.task.id));
  }
};

const std::string longest_inline(max_inline_input_bytes, 'i');
const std::string long_input = longest_inline + "j";

}  // namespace

BOOST_FIXTURE_TEST_SUITE(task_inputs, fixture)

BOOST_AUTO_TEST_CASE(a_short_one_stays_in_the_record) {
  const auto stands = put(nullptr, with_input(longest_inline));
  BOOST_TEST(stands.value.task.input == longest_inline);
  BOOST_TEST(stands.bytes.find(longest_inline) != std::string::npos);
  BOOST_TEST(!aside(stands));
}

BOOST_AUTO_TEST_CASE(a_long_one_is_kept_aside) {
  const auto stands = put(nullptr, with_input(long_input));
  BOOST_TEST(stands.value.task.input == long_input);
  BOOST_TEST(stands.bytes.size() < max_inline_input_bytes);
  BOOST_TEST(*aside(stands) == long_input);
  const auto listed = list_tasks(*view(*kept), org, {});
  BOOST_REQUIRE(listed);
  BOOST_TEST((listed->items == std::vector{stands.value.task}));
}

BOOST_AUTO_TEST_CASE(a_step_does_not_write_it_again) {
  const auto stands = put(nullptr, with_input(long_input));
  auto after = stands.value;
  after.task.status = task_status::running;
  batch step;
  write_task(step, org, &stands, after);
  const auto& writes = step.writes();
  BOOST_TEST(std::none_of(writes.begin(), writes.end(), [](const batch::write& each) {
    return each.key.starts_with(keys::all(keys::table::inputs)) ||
           (each.value && each.value->find(long_input) != std::string::npos);
  }));
  must_commit(*kept, std::move(step));
  BOOST_TEST((*read_task(*view(*kept), org, after.task.id))->value.task.input == long_input);
}

BOOST_AUTO_TEST_CASE(it_goes_and_comes_with_its_length) {
  auto stands = put(nullptr, with_input("short"));
  for (const auto& input : {long_input, longest_inline, long_input + long_input, std::string(), long_input}) {
    auto after = stands.value;
    after.task.input = input;
    stands = put(&stands, after);
    BOOST_TEST(stands.value.task.input == input);
    BOOST_TEST(aside(stands).has_value() == (input.size() > max_inline_input_bytes));
  }
}

// Two changes within one millisecond leave the same fields but the input: whoever relied on the old one is told.
BOOST_AUTO_TEST_CASE(another_long_input_is_another_record) {
  const auto stands = put(nullptr, with_input(long_input));
  auto other = stands.value;
  other.task.input.back() = 'k';
  const auto changed = put(&stands, other);
  BOOST_TEST(changed.bytes != stands.bytes);
  batch late;
  write_task(late, org, &stands, stands.value);
  BOOST_TEST((commit(*kept, std::move(late)).error().code == errc::conflict));
  BOOST_TEST(*aside(changed) == other.task.input);
}

BOOST_AUTO_TEST_CASE(the_mark_is_the_same_everywhere) {
  // The test vectors of FNV-1a: it stands in the store.
  BOOST_TEST(input_mark_for("") == 0xCBF29CE484222325U);
  BOOST_TEST(input_mark_for("a") == 0xAF63DC4C8601EC8CU);
  BOOST_TEST(input_mark_for("foobar") == 0x85944171F73967E8U);
}

BOOST_AUTO_TEST_CASE(damage_is_told) {
  const auto stands = put(nullptr, with_input(long_input));
  const auto which = stands.value.task.id;
  batch losing;
  losing.erase(keys::input(org, which));
  must_commit(*kept, std::move(losing));
  BOOST_TEST((read_task(*view(*kept), org, which).error().code == errc::internal));
  BOOST_TEST(read_task(*view(*kept), org, which).error().message.find(which.to_string()) != std::string::npos);
  BOOST_TEST((list_tasks(*view(*kept), org, {}).error().code == errc::internal));
  auto unknown_flag = stands.bytes;
  unknown_flag[0] = 8;
  BOOST_TEST(!decode_task(unknown_flag));
  for (std::size_t size = 0; size < stands.bytes.size(); ++size)
    BOOST_TEST(!decode_task(stands.bytes.substr(0, size)));
}

BOOST_AUTO_TEST_SUITE_END()
