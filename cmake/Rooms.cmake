# flotilla_room(NAME [PROGRAM OUTPUT] [LINKS …] [PRIVATE_LINKS …] [PRECOMPILE …])
#
# Makes the static library flotilla_NAME of the sources in the folder NAME and, with PROGRAM, the program OUTPUT of
# its main.cpp at the top of the build folder: so tests can link all of a program but its main function. LINKS are
# seen by its users too.

set(FLOTILLA_COMMON_HEADERS <algorithm> <chrono> <functional> <map> <memory> <optional> <string> <string_view>
    <unordered_map> <utility> <variant> <vector> <tl/expected.hpp>)

add_library(flotilla_options INTERFACE)
target_compile_options(flotilla_options INTERFACE -Wall -Wextra -Wpedantic -Wconversion -Werror)
target_include_directories(flotilla_options INTERFACE "${PROJECT_SOURCE_DIR}" "${PROJECT_SOURCE_DIR}/include")
if(FLOTILLA_SANITIZE)
  # GCC's flow analysis takes the sanitizers' own branches for paths on which an optional may be read unset.
  target_compile_options(flotilla_options INTERFACE -fsanitize=${FLOTILLA_SANITIZE} -fno-omit-frame-pointer
                         -fno-sanitize-recover=undefined -Wno-maybe-uninitialized)
  target_link_options(flotilla_options INTERFACE -fsanitize=${FLOTILLA_SANITIZE})
endif()

function(flotilla_room name)
  cmake_parse_arguments(ROOM "" "PROGRAM" "LINKS;PRIVATE_LINKS;PRECOMPILE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${name}/*.cpp")
  set(target flotilla_${name})
  if(ROOM_PROGRAM)
    set(main "${PROJECT_SOURCE_DIR}/${name}/main.cpp")
    list(REMOVE_ITEM sources "${main}")
    add_executable(${ROOM_PROGRAM} "${main}")
    set_target_properties(${ROOM_PROGRAM} PROPERTIES RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}")
    target_link_libraries(${ROOM_PROGRAM} PRIVATE ${target} ${ROOM_PRIVATE_LINKS})
  endif()
  add_library(${target} STATIC ${sources})
  target_link_libraries(${target} PUBLIC flotilla_options ${ROOM_LINKS} PRIVATE ${ROOM_PRIVATE_LINKS})
  target_precompile_headers(${target} PRIVATE ${FLOTILLA_COMMON_HEADERS} ${ROOM_PRECOMPILE})
endfunction()

# flotilla_test(NAME LINKS … [PRECOMPILE …] [LABELS …] [TIMEOUT SECONDS])
#
# Makes the Boost.Test program test_NAME of the sources in tests/NAME and gives each of its test suites to ctest
# as one test.
function(flotilla_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "LINKS;PRECOMPILE;LABELS" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${name}/*.cpp")
  if(NOT sources)
    return()
  endif()
  add_executable(test_${name} ${sources} "${PROJECT_SOURCE_DIR}/tests/support/main.cpp")
  # It defines BOOST_TEST_MODULE before it includes Boost.Test, which the precompiled header would have done already.
  set_source_files_properties("${PROJECT_SOURCE_DIR}/tests/support/main.cpp" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
  target_link_libraries(test_${name} PRIVATE flotilla_options ${TEST_LINKS} Boost::unit_test_framework)
  target_compile_definitions(test_${name} PRIVATE BOOST_TEST_DYN_LINK
                             FLOTILLA_SOURCE_DIR="${PROJECT_SOURCE_DIR}"
                             FLOTILLA_PROGRAM="${PROJECT_BINARY_DIR}/flotilla")
  if(NOT FLOTILLA_SANITIZE)
    # What is tested is in the rooms, which are optimised; to optimise the tests too takes them 70 % longer to compile.
    target_compile_options(test_${name} PRIVATE -O0)
  endif()
  target_precompile_headers(test_${name} PRIVATE ${FLOTILLA_COMMON_HEADERS} <boost/test/unit_test.hpp> ${TEST_PRECOMPILE})
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 120)
  endif()
  # One ctest test a source file: every file holds exactly one suite, of the file's name.
  foreach(source IN LISTS sources)
    get_filename_component(suite "${source}" NAME_WE)
    file(STRINGS "${source}" found REGEX "BOOST_(AUTO|FIXTURE)_TEST_SUITE\\(${suite}[,)]" LIMIT_COUNT 1)
    if(NOT found)
      continue()
    endif()
    add_test(NAME ${name}.${suite} COMMAND test_${name} --run_test=${suite} --color_output=no)
    set_tests_properties(${name}.${suite} PROPERTIES TIMEOUT ${TEST_TIMEOUT} LABELS "${TEST_LABELS}")
  endforeach()
endfunction()
