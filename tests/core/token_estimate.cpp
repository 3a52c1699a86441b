// How many tokens a call may take: never less than what vendors count for text as people write it.
#include "core/token_estimate.hpp"

#include <boost/test/unit_test.hpp>

using namespace flotilla;

namespace {

model_request saying(std::string text) {
  model_request made;
  made.turns.emplace_back(user_turn{std::move(text)});
  return made;
}

/// A text, and the most tokens that one of three published tokenizers makes of it: OpenAI's cl100k_base and
/// o200k_base (npm js-tiktoken 1.0.21), Anthropic's (npm @anthropic-ai/tokenizer 0.0.4).
struct sample {
  std::string text;
  std::uint64_t tokens;
};
const std::vector<sample> samples{
    {"The harbour master keeps a list of every ship that is expected before noon, and asks each of them twice for "
     "its "
     "papers.",
     25},
    {"Der Hafenmeister führt eine Liste aller Schiffe, die vor dem Mittag erwartet werden, und fragt zweimal nach "
     "ihren "
     "Papieren.",
     36},
    {"港务长保存着一份所有预计在中午之前到达的船只的清单，并两次向它们索要文件。", 37},
    {"港長は正午までに到着する予定のすべての船の一覧を持ち、書類を二度たずねます。", 47},
    {"Начальник порта ведёт список всех судов, которые ожидаются до полудня, и дважды спрашивает их документы.", 53},
    {"นายท่าเก็บรายชื่อเรือทุกลำที่คาดว่าจะมาถึงก่อนเที่ยง", 90},
    {"항만장은 정오 전에 도착할 예정인 모든 배의 목록을 가지고 있습니다.", 36},
    {"for (std::size_t i = 0; i < ships.size(); ++i) {\n  if (!ships[i].papers) return fail(errc::invalid, \"no "
     "papers\");\n}\n",
     45},
    {R"({"ship":"Flora","length":41.5,"crew":[{"name":"Ada","age":36},{"name":"Bob","age":41}],"papers":null})", 36},
    {"3141592653589793238462643383279502884197169399375105820974944592", 28},
    {"9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08", 44},
    {"TWFuIGlzIGRpc3Rpbmd1aXNoZWQsIG5vdCBvbmx5IGJ5IGhpcyByZWFzb24sIGJ1dCBieSB0aGlz", 49},
    {"01HZX3J9Q4V7T2N8K5M6P0R1S3 01HZX3J9Q4V7T2N8K5M6P0R1S4", 49},
    {"550e8400-e29b-41d4-a716-446655440000,f47ac10b-58cc-4372-a567-0e02b2c3d479", 46},
    {"2026-05-01T12:30:15.123Z ERROR [worker-3] connection to 10.0.0.17:5432 refused (errno 111)", 40},
    {"1,2,3,4\n5,6,7,8\n9,8,7,6\n1,1,2,2\n", 32},
    {"a b c d e f g h i j k l m n o p", 16},
    {"🚢🛟⚓🧭🦜🏴‍☠️🗺️", 27},
};

std::uint64_t of(const model_request& request) {
  return estimate_input_tokens(request);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(token_estimate)

BOOST_AUTO_TEST_CASE(an_empty_request_costs_what_stands_around_it) {
  BOOST_TEST(of({}) == estimated_tokens_per_request);
  BOOST_TEST(of(saying("")) == estimated_tokens_per_request + estimated_tokens_per_message);
}

BOOST_AUTO_TEST_CASE(no_text_is_taken_for_fewer_tokens_than_are_counted) {
  const auto empty = of(saying(""));
  for (const auto& each : samples) {
    const auto estimated = of(saying(each.text)) - empty;
    BOOST_TEST(estimated >= each.tokens, each.text);
    BOOST_TEST(estimated <= 3 * each.tokens, each.text);
  }
}

BOOST_AUTO_TEST_CASE(a_byte_is_a_part_of_a_token_and_a_rest_counts) {
  const auto empty = of(saying(""));
  BOOST_TEST(of(saying("a")) == empty + 1);
  BOOST_TEST(of(saying("ab")) == empty + 1);
  BOOST_TEST(of(saying("a b")) == empty + 2);
  BOOST_TEST(of(saying("1\nZ")) == empty + 3);
  BOOST_TEST(of(saying("\xC3\xA4")) == empty + 2);
  BOOST_TEST(of(saying(std::string(768U << 10U, 'x'))) == empty + (384U << 10U));
}

BOOST_AUTO_TEST_CASE(a_text_by_itself_is_counted_as_in_a_request) {
  const auto empty = of(saying(""));
  for (const auto& each : samples) BOOST_TEST(estimate_tokens(each.text) == of(saying(each.text)) - empty, each.text);
  BOOST_TEST(estimate_tokens("") == 0U);
}

BOOST_AUTO_TEST_CASE(the_longest_beginning_within_an_estimate_is_found) {
  for (const auto& each : samples) {
    const std::string_view text = each.text;
    const auto all = estimate_tokens(text);
    for (std::uint64_t tokens = 0; tokens < all; ++tokens) {
      const auto bytes = bytes_within(text, tokens);
      BOOST_TEST(estimate_tokens(text.substr(0, bytes)) <= tokens);
      BOOST_TEST(estimate_tokens(text.substr(0, bytes + 1)) > tokens);
    }
    BOOST_TEST(bytes_within(text, all) == text.size());
  }
}

BOOST_AUTO_TEST_CASE(every_part_of_a_request_counts) {
  model_request request;
  const auto grows_by = [&](std::uint64_t most, auto change) {
    const auto before = of(request);
    change();
    BOOST_TEST(of(request) == before + most);
  };
  grows_by(5, [&] { request.system = std::string(10, 's'); });
  grows_by(estimated_tokens_for_tools + estimated_tokens_per_tool + 8, [&] {
    request.tools.push_back({"name", "text", "{    }", false, false});
  });
  grows_by(estimated_tokens_per_tool + 1, [&] { request.tools.push_back({"n", "", "", false, false}); });
  request.tools.pop_back();
  assistant_turn asks;
  asks.text = "so";
  asks.thinking = {{"hmmm", "{}"}};
  asks.calls = {{"c", "ab", "{}"}};
  grows_by(estimated_tokens_per_message + estimated_tokens_per_call + 9, [&] { request.turns.emplace_back(asks); });
  grows_by(estimated_tokens_per_message + estimated_tokens_per_call + 3, [&] {
    request.turns.emplace_back(tool_turn{{{"cc", "done", false}}});
  });
}

BOOST_AUTO_TEST_CASE(a_longer_conversation_never_costs_less) {
  auto request = saying("do it");
  auto last = of(request);
  for (int i = 0; i < 50; ++i) {
    request.turns.emplace_back(assistant_turn{{}, i % 3 == 0 ? "" : "well", {}});
    BOOST_TEST(of(request) > last);
    last = of(request);
  }
}

BOOST_AUTO_TEST_SUITE_END()
