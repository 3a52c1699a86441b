#!/usr/bin/env bash
# From a fresh Debian 12 to a running fleet: installs, builds, serves, runs one task offline and shows its events.
#
#   scripts/quickstart.sh [--once] [--port N] [--data DIR] [--no-install]
#
#   --once        ends after the run: exit 0 where it reached 'done'
#   --port N      listens there; else on 8080 or, where that is taken, on a free port
#   --data DIR    keeps the fleet in DIR; else it is gone at the end
#   --no-install  does not look for missing packages

# shellcheck source=scripts/lib.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

readonly DEFAULT_PORT=8080
readonly READY_TRIES=300      # of 0.1 s each
readonly REQUEST_SECONDS=30   # for one request to be answered
readonly RUN_SECONDS=120      # for the whole run

once=false port='' data='' install=true
while (($# > 0)); do
  case "$1" in
    --once) once=true ;;
    --port) port="${2:?--port needs a number}"; shift ;;
    --data) data="${2:?--data needs a directory}"; shift ;;
    --no-install) install=false ;;
    -h | --help) usage "$0"; exit 0 ;;
    *) fail "unknown option '$1'" "Try scripts/quickstart.sh --help" ;;
  esac
  shift
done

scripts="$FLOTILLA_ROOT/scripts"
program="$FLOTILLA_ROOT/build/release/flotilla"
server='' scratch='' keep_log=false

# What the script started and made is gone when it ends, however it ends.
# shellcheck disable=SC2317  # it is called by the trap
clean_up() {
  local code=$?
  trap - EXIT
  trap '' INT TERM
  if [[ -n "$server" ]] && kill -0 "$server" 2>/dev/null; then
    say "Stopping the server"
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  if [[ -n "$scratch" ]] && ! $keep_log; then rm -rf "$scratch"; fi
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# server_failed TEXT: ends the script with the end of the server's log.
server_failed() {
  keep_log=true
  fail "$1" "The server's last words (all of them: $scratch/server.log):" "$(tail -n 5 "$scratch/server.log")"
}

# local_curl OPTIONS…: to our own server, past any proxy.
local_curl() { curl --noproxy '*' -sS "$@"; }

port_is_taken() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# api METHOD PATH [JSON]: prints the answer's body; a refusal ends the script with the server's own words.
api() {
  local answer status body
  answer="$(local_curl --max-time "$REQUEST_SECONDS" -w '\n%{http_code}' -X "$1" "$url$2" \
    -H "Authorization: Bearer $token" -H 'Content-Type: application/json' ${3:+--data-binary "$3"})" ||
    fail "no answer to $1 $2" "The server's log: $scratch/server.log"
  status="${answer##*$'\n'}" body="${answer%$'\n'*}"
  [[ "$status" == 2* ]] || fail "$1 $2 was answered $status: $body"
  printf '%s\n' "$body"
}

# id_of PREFIX: the object's own id in the JSON on standard input. Quotes within values stand escaped in JSON, so
# nothing but the field itself looks like this.
id_of() { sed -n "s/.*\"id\":\"\($1_[0-9A-Z]\{26\}\)\".*/\1/p"; }

# create_agent NAME GLYPH ROLE [MANAGER]: prints the new agent's id.
create_agent() {
  local manager=null
  if [[ -n "${4:-}" ]]; then manager="\"$4\""; fi
  api POST /api/agents "{\"name\":\"$1\",\"glyph\":\"$2\",\"role\":\"$3\",\"manager\":$manager,
    \"provider\":\"rehearsal\",\"model\":\"rehearsal-1\",\"team\":\"bridge\"}" | id_of agt
}

if $install; then "$scripts/install.sh"; fi
"$scripts/build.sh" release --target flotilla

step "Starting a server"
scratch="$(mktemp -d "${TMPDIR:-/tmp}/flotilla-quickstart.XXXXXX")"
if [[ -z "$data" ]]; then data="$scratch/data"; fi
if [[ -z "$port" ]]; then
  port=$DEFAULT_PORT
  if port_is_taken "$port"; then
    say "Port $port is taken: using a free one"
    port=0
  fi
fi
: >"$scratch/server.out"
# With job control the server has a process group of its own: Ctrl-C reaches this script, which then drains it.
set -m
"$program" serve --data "$data" --listen "127.0.0.1:$port" >"$scratch/server.out" 2>"$scratch/server.log" &
server=$!
set +m

url=''
for ((try = 0; try < READY_TRIES; ++try)); do
  kill -0 "$server" 2>/dev/null || server_failed "the server ended at its start"
  url="$(sed -n 's/.* is serving on \(http:.*\)$/\1/p' "$scratch/server.out")"
  if [[ -n "$url" ]] && local_curl -f --max-time 2 -o /dev/null "$url/readyz" 2>/dev/null; then break; fi
  url=''
  sleep 0.1
done
[[ -n "$url" ]] || server_failed "the server was not ready in $((READY_TRIES / 10)) s"
token_file="$data/admin-token"
token="${FLOTILLA_BOOTSTRAP_TOKEN:-}"
if [[ -r "$token_file" ]]; then token="$(<"$token_file")"; fi
[[ -n "$token" ]] || fail "there is no $token_file" "The store in $data was made with a token of your own: set FLOTILLA_BOOTSTRAP_TOKEN to it."
say "Ready on $url, data in $data"

step "Creating a fleet of three, each the manager of the next"
captain="$(create_agent Captain 🧭 'You lead the crew.')"
navigator="$(create_agent Navigator ⚓ 'You plan the route.' "$captain")"
lookout="$(create_agent Lookout 🔭 'You watch and report.' "$navigator")"
[[ -n "$captain" && -n "$navigator" && -n "$lookout" ]] || fail "an agent came without an id"
say "🧭 Captain    $captain"
say "└─ ⚓ Navigator  $navigator"
say "   └─ 🔭 Lookout  $lookout"

step "Running a task on the offline provider"
# The lines with @ are the rehearsal's script: what the agent thinks, does and says.
input='Is there a sail in sight?\n@think The horizon first, then the glass.\n@say \"I take the glass. \"\n'
input+='@tool rehearse_echo {\"text\":\"a sail, two miles to the north\"}\n@say \"Yes: a sail, two miles to the north.\"'
task="$(api POST /api/tasks "{\"title\":\"Look out\",\"input\":\"$input\",\"assignee\":\"$lookout\"}" | id_of tsk)"
[[ -n "$task" ]] || fail "the task came without an id"
outcome=0
local_curl -N --max-time "$RUN_SECONDS" -X POST "$url/api/run" -H "Authorization: Bearer $token" \
  -H 'Content-Type: application/json' --data-binary "{\"taskId\":\"$task\"}" | "$program" print-events || outcome=$?
((outcome == 0)) || server_failed "the run did not reach 'done'"

step "Done"
say "URL    $url"
say "Token  $token"
say "The next run:"
cat <<NEXT

export URL=$url TOKEN=$token
TASK=\$(curl -s \$URL/api/tasks -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' \\
  -d '{"title":"Again","input":"What do you see now?","assignee":"$lookout"}' | grep -o 'tsk_[0-9A-Z]*' | head -n 1)
curl -sN \$URL/api/run -H "Authorization: Bearer \$TOKEN" -H 'Content-Type: application/json' \\
  -d "{\"taskId\":\"\$TASK\"}" | build/release/flotilla print-events

NEXT
if $once; then exit 0; fi
say "Serving until Ctrl-C"
# Ctrl-C is the way to end this, so it is no failure.
trap 'exit 0' INT TERM
server_code=0
wait "$server" || server_code=$?
server=''
keep_log=true
fail "the server ended by itself with code $server_code" "Its log: $scratch/server.log"
