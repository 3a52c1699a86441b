// The rotation of the master key: whole, and cut off at every step.
#include "runtime/key_rotation.hpp"

#include "flotilla/maintenance.hpp"
#include "runtime/bootstrap.hpp"
#include "runtime/sealing.hpp"
#include "storage/records.hpp"
#include "storage/secret_records.hpp"
#include "tests/runtime/host.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::testing;

namespace {

constexpr std::size_t secrets_of_first_org = 150;  // three batches
constexpr std::size_t secrets_of_second_org = 5;   // and one
constexpr std::size_t batches = 4;
constexpr std::size_t all_secrets = secrets_of_first_org + secrets_of_second_org;
const std::string first_key(64, '1');
const std::string second_key(64, '2');

std::string value_of(std::size_t i) {
  return "a-planted-value-" + std::to_string(i);
}

/// Lets so many commits through, and refuses the others.
class failing_store final : public storage::store {
 public:
  failing_store(storage::store& good, std::size_t commits) : good_(good), left_(commits) {}
  result<std::unique_ptr<storage::snapshot>> snapshot() const override { return good_.snapshot(); }
  void commit(storage::batch changes, storage::durability level, reply<void> done) override {
    if (left_ == 0) return done(fail(errc::unavailable, "cut off"));
    --left_;
    good_.commit(std::move(changes), level, std::move(done));
  }
  storage::store_health health() const override { return {}; }

 private:
  storage::store& good_;
  std::size_t left_;
};

/// A data directory with secrets of two orgs.
struct with_secrets {
  explicit with_secrets(std::optional<std::string> master_key = std::nullopt) {
    options.data_directory = directory.path;
    options.master_key = std::move(master_key);
    {
      host it{options};
      tokens.push_back(it.runtime->new_admin_token().value());
    }
    tokens.push_back(create_org(options, "acme").value().admin_token);
    host it{options};
    fill(it, tokens[0], 0, secrets_of_first_org);
    fill(it, tokens[1], secrets_of_first_org, secrets_of_second_org);
    before = listed(it);
  }

  static void fill(host& it, const std::string& token, std::size_t from, std::size_t count) {
    it.log_in(token);
    for (auto i = from; i < from + count; ++i) {
      it.get(&fleet::put_secret, secret_name{secret_scope::org, {}, "KEY_" + std::to_string(i)}, value_of(i));
    }
  }
  std::vector<secret> listed(host& it) const {
    std::vector<secret> found;
    for (const auto& token : tokens) {
      it.log_in(token);
      secret_query query;
      query.page.limit = max_page_limit;
      const auto page = it.get(&fleet::list_secrets, query);
      found.insert(found.end(), page.items.begin(), page.items.end());
    }
    return found;
  }
  /// Opens a fleet, which opens each secret; all must be there as they were.
  void check_whole() const {
    host it{options};
    BOOST_TEST((listed(it) == before));
    for (std::size_t i = 0; i < all_secrets; ++i) {
      BOOST_TEST(it.runtime->without_secrets(value_of(i) + "!") == "[secret:KEY_" + std::to_string(i) + "]!");
    }
  }
  /// How many are sealed with a key.
  std::size_t sealed_by(const runtime::master_key_id& key) const {
    const auto store = runtime::open_existing_store(options).value();
    const auto seen = store->snapshot().value();
    std::size_t count = 0;
    const auto orgs = storage::list_orgs(*seen).value();
    for (const auto& org : orgs) {
      const auto secrets = storage::read_secrets(*seen, org.id).value();
      for (const auto& each : secrets) {
        if (runtime::sealed_with(each.value.sealed) == key) ++count;
      }
    }
    return count;
  }
  runtime::master_key_id file_key(std::string_view file = master_key_file) const {
    return runtime::master_key::parse(read_file(directory.path / file))->id();
  }
  bool has_next() const { return std::filesystem::exists(directory.path / runtime::next_master_key_file); }

  scratch_directory directory;
  fleet_options options;
  std::vector<std::string> tokens;
  std::vector<secret> before;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(key_rotation)

BOOST_AUTO_TEST_CASE(every_secret_of_every_org_gets_the_new_key) {
  const with_secrets at;
  const auto old_key = at.file_key();
  BOOST_TEST(at.sealed_by(old_key) == all_secrets);
  const auto done = rotate_master_key(at.options);
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
  BOOST_TEST(done->secrets == all_secrets);
  BOOST_TEST(done->in_file);
  BOOST_TEST(!at.has_next());
  BOOST_TEST((at.file_key() != old_key));
  BOOST_TEST(at.sealed_by(at.file_key()) == all_secrets);
  at.check_whole();
  BOOST_TEST(rotate_master_key(at.options).value().secrets == all_secrets);  // to yet another key
  at.check_whole();
}

BOOST_AUTO_TEST_CASE(cut_off_at_any_batch_it_is_readable_and_can_be_ended) {
  with_secrets at;
  for (std::size_t stops_after = 0; stops_after <= batches; ++stops_after) {
    const auto old_key = at.file_key();
    {
      const auto store = runtime::open_existing_store(at.options).value();
      const auto keys = runtime::open_key_ring(at.options, true).value();
      const auto next = runtime::begin_rotation(at.options).value();
      failing_store failing(*store, stops_after);
      const auto outcome = runtime::reseal_secrets(failing, keys, next);
      BOOST_TEST(outcome.has_value() == (stops_after == batches));
    }
    BOOST_TEST(at.has_next());
    const auto next_key = at.file_key(runtime::next_master_key_file);
    BOOST_TEST(at.sealed_by(old_key) + at.sealed_by(next_key) == all_secrets);
    BOOST_TEST((at.sealed_by(next_key) > 0) == (stops_after > 0));
    at.check_whole();  // a server that is started in between reads all of it
    const auto left = at.sealed_by(old_key);
    BOOST_TEST(rotate_master_key(at.options).value().secrets == left);
    BOOST_TEST((at.file_key() == next_key));
    BOOST_TEST(at.sealed_by(next_key) == all_secrets);
    BOOST_TEST(!at.has_next());
    at.check_whole();
  }
}

BOOST_AUTO_TEST_CASE(what_is_put_between_two_tries_is_taken_along) {
  with_secrets at;
  (void)runtime::begin_rotation(at.options).value();
  {
    host it{at.options};
    with_secrets::fill(it, at.tokens[0], all_secrets, 1);
    at.before = at.listed(it);
  }
  BOOST_TEST(rotate_master_key(at.options).value().secrets == all_secrets + 1);
  at.check_whole();
}

BOOST_AUTO_TEST_CASE(the_new_key_is_private_before_it_is_used) {
  const with_secrets at;
  (void)runtime::begin_rotation(at.options).value();
  const auto mode = std::filesystem::status(at.directory.path / runtime::next_master_key_file).permissions();
  BOOST_TEST((mode == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write)));
}

BOOST_AUTO_TEST_CASE(with_variables_the_new_key_must_be_named) {
  with_secrets at(first_key);
  BOOST_TEST(refusal(rotate_master_key(at.options), errc::invalid).starts_with("FLOTILLA_NEW_MASTER_KEY is not set"));
  at.options.new_master_key = second_key;
  {
    // Cut off after one batch: both are needed.
    const auto store = runtime::open_existing_store(at.options).value();
    failing_store failing(*store, 1);
    const auto keys = runtime::open_key_ring(at.options, true).value();
    BOOST_TEST(!runtime::reseal_secrets(failing, keys, runtime::begin_rotation(at.options).value()));
  }
  at.check_whole();
  auto without_new = at.options;
  without_new.new_master_key.reset();
  BOOST_TEST(refusal(open_fleet(without_new), errc::invalid).find("master key that is not here") !=
             std::string::npos);
  const auto done = rotate_master_key(at.options);
  BOOST_REQUIRE_MESSAGE(done, (done ? "" : done.error().message));
  BOOST_TEST(!done->in_file);
  BOOST_TEST(done->secrets < all_secrets);
  at.options.master_key = second_key;
  at.options.new_master_key.reset();
  at.check_whole();
  BOOST_TEST(!std::filesystem::exists(at.directory.path / master_key_file));
}

BOOST_AUTO_TEST_CASE(from_the_file_to_a_variable) {
  with_secrets at;
  at.options.new_master_key = first_key;
  BOOST_TEST(refusal(rotate_master_key(at.options), errc::invalid).find("FLOTILLA_MASTER_KEY is not") !=
             std::string::npos);
  at.options.master_key = first_key;
  BOOST_TEST(rotate_master_key(at.options).value().secrets == all_secrets);
  std::filesystem::remove(at.directory.path / master_key_file);
  at.options.new_master_key.reset();
  at.check_whole();
}

BOOST_AUTO_TEST_CASE(a_secret_that_does_not_open_keeps_the_old_key) {
  with_secrets at(first_key);
  at.options.master_key = second_key;  // not the one that they were sealed with
  at.options.new_master_key = std::string(64, '3');
  BOOST_TEST(refusal(rotate_master_key(at.options), errc::invalid).find("master key that is not here") !=
             std::string::npos);
  at.options.master_key = first_key;
  at.check_whole();
}

BOOST_AUTO_TEST_CASE(a_directory_in_use_or_without_a_store_is_refused) {
  const with_secrets at;
  {
    host it{at.options};
    BOOST_TEST(!rotate_master_key(at.options));
  }
  const scratch_directory empty;
  fleet_options options;
  options.data_directory = empty.path;
  BOOST_TEST((rotate_master_key(options).error().code == errc::not_found));
  BOOST_TEST(std::filesystem::is_empty(empty.path));
  BOOST_TEST((rotate_master_key({}).error().code == errc::invalid));
}

BOOST_AUTO_TEST_SUITE_END()
