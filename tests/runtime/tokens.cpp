// API tokens: made, used, listed, and revoked so that nothing opens any more.
#include <atomic>
#include <thread>

#include "flotilla/json.hpp"
#include "runtime/token_changes.hpp"
#include "runtime/token_uses.hpp"
#include "runtime/tokens.hpp"
#include "storage/memory/memory_store.hpp"
#include "tests/runtime/host.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace flotilla;
using namespace flotilla::testing;
using namespace std::chrono_literals;

namespace {

result<principal> log_in(host& to, const std::string& token) {
  return await<principal>([&](reply<principal> done) { to.runtime->authenticate(token, std::move(done)); });
}

std::vector<api_token> all_tokens(host& of) {
  page_request wanted;
  wanted.limit = max_page_limit;
  return of.get(&fleet::list_tokens, wanted).items;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tokens)

BOOST_AUTO_TEST_CASE(a_new_token_opens_with_its_role) {
  auto it = host::in_memory();
  const auto made = it.get(&fleet::create_token, token_draft{"ci", role::operator_});
  BOOST_TEST(is_token_text(made.text));
  BOOST_TEST((made.token.org == it.who.org));
  BOOST_TEST((made.token.user == it.who.user));
  const auto who = log_in(it, made.text);
  BOOST_REQUIRE(who);
  BOOST_TEST((who->role == role::operator_));
  BOOST_TEST((who->token == made.token.id));
  const auto wrong = made.text.substr(0, made.text.size() - 1) + (made.text.back() == 'A' ? "B" : "A");
  (void)refusal(log_in(it, wrong), errc::unauthorized);
}

BOOST_AUTO_TEST_CASE(the_list_shows_uses_and_no_text) {
  auto it = host::in_memory();
  const auto made = it.get(&fleet::create_token, token_draft{"ci", role::viewer});
  auto listed = all_tokens(it);
  BOOST_REQUIRE_EQUAL(listed.size(), 2U);
  BOOST_TEST((listed.front().id == made.token.id));
  BOOST_TEST(listed.front().name == "ci");
  BOOST_TEST(!listed.front().last_used_at);
  BOOST_TEST(listed.back().last_used_at.has_value());  // the one that is used here
  BOOST_TEST(to_json(listed).find(made.text) == std::string::npos);
  BOOST_REQUIRE(log_in(it, made.text));
  BOOST_TEST(all_tokens(it).front().last_used_at.has_value());
  page_request one;
  one.limit = 1;
  const auto first = it.get(&fleet::list_tokens, one);
  BOOST_REQUIRE(first.next);
  one.cursor = first.next;
  BOOST_TEST((it.get(&fleet::list_tokens, one).items.front().id == listed.back().id));
  one.cursor = "nonsense";
  (void)refusal(it.ask(&fleet::list_tokens, one), errc::invalid);
  one.limit = 0;
  (void)refusal(it.ask(&fleet::list_tokens, one), errc::invalid);
}

BOOST_AUTO_TEST_CASE(a_name_is_checked) {
  auto it = host::in_memory();
  for (const auto& name : {std::string(), std::string(" "), std::string("a\nb"), std::string("\xff"),
                           std::string(max_name_bytes + 1, 'x')}) {
    const auto said = refusal(it.ask(&fleet::create_token, token_draft{name, role::viewer}), errc::invalid);
    BOOST_TEST(said.starts_with("name:"));
  }
  BOOST_TEST(all_tokens(it).size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_revoked_token_opens_nothing_once_that_is_answered) {
  auto it = host::in_memory();
  const auto made = it.get(&fleet::create_token, token_draft{"ci", role::admin});
  BOOST_REQUIRE(log_in(it, made.text));  // it is in the cache now
  std::vector<token_id> told;
  it.runtime->on_token_revoked([&](token_id which) { told.push_back(which); });
  it.get(&fleet::revoke_token, made.token.id);
  BOOST_REQUIRE_EQUAL(told.size(), 1U);  // before the answer
  BOOST_TEST((told.front() == made.token.id));
  (void)refusal(log_in(it, made.text), errc::unauthorized);
  BOOST_TEST(all_tokens(it).size() == 1U);
  (void)refusal(it.ask(&fleet::revoke_token, made.token.id), errc::not_found);
  it.runtime->on_token_revoked({});
  const auto other = it.get(&fleet::create_token, token_draft{"x", role::viewer});
  it.get(&fleet::revoke_token, other.token.id);
  BOOST_TEST(told.size() == 1U);
}

BOOST_AUTO_TEST_CASE(a_revocation_wins_over_reads_that_are_under_way) {
  auto it = host::in_memory();
  for (int i = 0; i < 50; ++i) {
    const auto made = it.get(&fleet::create_token, token_draft{"ci", role::viewer});
    std::atomic<bool> over{false};
    std::jthread other([&] {
      // Nobody waits here: the point is that reads of the store cross the revocation.
      while (!over) it.runtime->authenticate(made.text, [](const result<principal>&) {});
    });
    it.get(&fleet::revoke_token, made.token.id);
    over = true;
    (void)refusal(log_in(it, made.text), errc::unauthorized);
    other.join();
    (void)refusal(log_in(it, made.text), errc::unauthorized);
  }
}

BOOST_AUTO_TEST_CASE(what_was_read_before_a_revocation_is_not_kept) {
  runtime::token_cache cache;
  const storage::token_hash hash{1};
  const auto before = cache.generation();
  cache.forget(hash);
  BOOST_TEST(!cache.add(hash, {}, before));
  BOOST_TEST(!cache.find(hash));
  BOOST_TEST(cache.add(hash, {}, cache.generation()));
  BOOST_TEST(cache.find(hash).has_value());
}

BOOST_AUTO_TEST_CASE(the_last_admin_token_stays) {
  auto it = host::in_memory();
  const auto said = refusal(it.ask(&fleet::revoke_token, it.who.token), errc::invalid);
  BOOST_TEST(said.find("last admin") != std::string::npos);
  (void)it.get(&fleet::create_token, token_draft{"reader", role::operator_});
  (void)refusal(it.ask(&fleet::revoke_token, it.who.token), errc::invalid);
  (void)it.get(&fleet::create_token, token_draft{"second", role::admin});
  it.get(&fleet::revoke_token, it.who.token);
}

BOOST_AUTO_TEST_CASE(of_two_admin_tokens_that_are_revoked_at_once_one_stays) {
  auto it = host::in_memory();
  auto stays = it.who.token;
  for (int i = 0; i < 30; ++i) {
    const auto made = it.get(&fleet::create_token, token_draft{"second", role::admin});
    std::promise<result<void>> first;
    std::promise<result<void>> second;
    it.runtime->revoke_token(it.who, stays, [&](result<void> done) { first.set_value(std::move(done)); });
    it.runtime->revoke_token(it.who, made.token.id, [&](result<void> done) { second.set_value(std::move(done)); });
    const bool first_gone = first.get_future().get().has_value();
    const bool second_gone = second.get_future().get().has_value();
    BOOST_TEST((first_gone != second_gone));
    if (first_gone) stays = made.token.id;
    BOOST_REQUIRE_EQUAL(all_tokens(it).size(), 1U);
  }
}

BOOST_AUTO_TEST_CASE(two_revocations_that_rely_on_each_other_do_not_both_stand) {
  const auto store = storage::make_memory_store();
  const auto commit = [&store](storage::batch changes) {
    result<void> outcome;
    store->commit(std::move(changes), storage::durability::synced,
                  [&outcome](result<void> done) { outcome = std::move(done); });
    return outcome;
  };
  const auto org = org_id::make(timestamp{});
  std::vector<token_id> ids;
  for (std::uint8_t i = 0; i < 2; ++i) {
    const api_token token{token_id::make(timestamp{}), org, {}, "t", role::admin, {}, {}};
    storage::batch added;
    runtime::add_token(added, {i}, token);
    BOOST_REQUIRE(commit(std::move(added)));
    ids.push_back(token.id);
  }
  const auto seen = store->snapshot().value();
  auto first = runtime::decide_revoke(*seen, org, ids.front()).value();
  auto second = runtime::decide_revoke(*seen, org, ids.back()).value();
  BOOST_TEST(commit(std::move(first.changes)).has_value());
  BOOST_TEST(refusal(commit(std::move(second.changes)), errc::conflict) != "");
  (void)refusal(runtime::decide_revoke(*store->snapshot().value(), org, ids.back()), errc::invalid);
}

BOOST_AUTO_TEST_CASE(an_org_has_so_many_tokens_at_most) {
  auto it = host::in_memory();
  std::promise<void> all;
  std::atomic<std::size_t> left{max_tokens_per_org + 19};
  std::atomic<std::size_t> made{1};  // the one that this test uses
  for (auto open = left.load(); open > 0; --open) {
    it.runtime->create_token(it.who, {"t", role::viewer}, [&](result<new_token> done) {
      if (done) ++made;
      if (--left == 0) all.set_value();
    });
  }
  BOOST_REQUIRE((all.get_future().wait_for(patience) == std::future_status::ready));
  BOOST_TEST(made == max_tokens_per_org);
  (void)refusal(it.ask(&fleet::create_token, token_draft{"t", role::viewer}), errc::forbidden);
  it.get(&fleet::revoke_token, all_tokens(it).front().id);
  (void)it.get(&fleet::create_token, token_draft{"t", role::viewer});
}

BOOST_AUTO_TEST_CASE(a_use_is_written_down_once_a_minute) {
  runtime::token_uses uses;
  const auto which = token_id::make(timestamp{});
  const timestamp start{1'000'000s};
  BOOST_TEST(!uses.last(which));
  BOOST_TEST(uses.note(which, start));
  BOOST_TEST(!uses.note(which, start + 59s));
  BOOST_TEST((uses.last(which) == start + 59s));
  BOOST_TEST(uses.note(which, start + 60s));
  BOOST_TEST(!uses.note(which, start + 119s));
  BOOST_TEST(uses.note(token_id::make(timestamp{}), start));
}

BOOST_AUTO_TEST_CASE(uses_and_tokens_outlive_the_process) {
  const scratch_directory directory;
  fleet_options options;
  options.data_directory = directory.path;
  std::string admin;
  std::optional<new_token> made;
  {
    host it{options};
    admin = it.runtime->new_admin_token().value();
    it.log_in(admin);
    made = it.get(&fleet::create_token, token_draft{"ci", role::viewer});
    BOOST_REQUIRE(log_in(it, made->text));
  }
  host it{options};
  it.log_in(admin);
  const auto listed = all_tokens(it);
  BOOST_REQUIRE_EQUAL(listed.size(), 2U);
  BOOST_REQUIRE(listed.front().last_used_at);
  BOOST_TEST((*listed.front().last_used_at >= made->token.created_at));
  BOOST_REQUIRE(log_in(it, made->text));
}

BOOST_AUTO_TEST_SUITE_END()
