#!/bin/sh
# Looks up a phone with curl: creates a task, asks for its result until it is ready, and prints the answer as it came.
#
#   IFIND_API=http://127.0.0.1:8080/api IFIND_LOGIN=demo@example.com IFIND_TOKEN=demo-token sh curl.sh 70001234567 2 json
#
# IFIND_API: https://i-find.pro/api for the API itself. IFIND_PAUSE: seconds between two polls (3). IFIND_TIMEOUT: seconds
# after which a task is given up (60). Needs jq for JSON, and xmllint for XML (Debian: libxml2-utils).
set -eu

if [ "$#" -lt 2 ] || [ -z "${IFIND_API-}" ] || [ -z "${IFIND_LOGIN-}" ] || [ -z "${IFIND_TOKEN-}" ]; then
  echo "usage: sh curl.sh PHONE SOURCE [json|xml|csv], with IFIND_API, IFIND_LOGIN and IFIND_TOKEN" >&2
  exit 2
fi
phone=$1 source=$2 format=${3:-json}
pause=${IFIND_PAUSE:-3} timeout=${IFIND_TIMEOUT:-60}
body=$(mktemp)
trap 'rm -f "$body"' EXIT

fail() {
  echo "error: $1" >&2
  exit 1
}

# The value of a member of the answer in $body. In CSV an answer without rows is one line of names and one of values, and
# a table of rows begins with the name of its first column.
member() {
  case $format in
    xml) xmllint --nonet --xpath "string(/*/$1)" "$body" ;;
    csv) awk -F, -v name="$1" '
      { sub(/\r$/, "") }
      NR == 1 && $1 != "status" { if (name == "status" && /^(title|name)(,|$)/) print "ready"; exit }
      NR == 1 { split($0, names) }
      NR == 2 && name == "message" { sub(/^[^,]*,[^,]*,"?/, ""); sub(/"$/, ""); gsub(/""/, "\""); print }
      NR == 2 && name != "message" { for (n in names) if (names[n] == name) print $n }' "$body" ;;
    *) jq --raw-output --arg name "$1" '.[$name] // empty' "$body" ;;
  esac
}

# Calls a method with `--data-urlencode NAME=VALUE` for each parameter, and sets $status. An error of the API ends the
# program. Anything else that is no answer is a failure, which $problem describes.
# The form keeps the token out of addresses, which are logged on the way; standard input, out of the list of processes.
call() {
  method=$1
  shift
  http=$(printf %s "$IFIND_TOKEN" | curl --silent --max-time 10 --output "$body" --write-out '%{http_code}' \
    --data-urlencode "login=$IFIND_LOGIN" --data-urlencode token@- --data-urlencode "format=$format" "$@" \
    "$IFIND_API/$method") || { problem="no answer: curl ended with $?" && return 1; }
  status=$(member status 2>/dev/null) || status=
  # An error of the API says so in its body, mostly under HTTP 200: look there first.
  if [ "$status" = error ]; then fail "the API refused: $(member error_code) $(member message)"; fi
  if [ "$http" -ge 400 ]; then problem="no answer: HTTP $http" && return 1; fi
  case $status in
    ok | processing | ready) ;;
    *) problem="no answer: HTTP $http with a body that is no answer in $format" && return 1 ;;
  esac
}

# Sent once: a create whose answer is lost may have cost units all the same.
call create --data-urlencode "phone=$phone" --data-urlencode "source=$source" || fail "$problem"
id=$(member id)
[ -n "$id" ] || fail "no answer: a task without an id"

# Polls cost nothing, so one that fails is sent again.
end=$(($(date +%s) + timeout))
while :; do
  sleep "$pause"
  if call result --data-urlencode "id=$id"; then
    [ "$status" != ready ] || break
    problem="task $id is not ready after $timeout s"
  fi
  [ "$(date +%s)" -lt "$end" ] || fail "$problem"
done
cat "$body"
