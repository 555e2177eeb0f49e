#!/bin/sh
# Adds the first admin, unless there is a user of that name: a server that others can reach does not
# start without any user. The password is in the file that WATCHKEEPER_PASSWORD_FILE names.
set -eu

name=${1:-admin}

is_there() {
    entrypoint.sh users list --json 2>/dev/null | grep -q "\"name\": *\"$name\""
}

# Where two begin at once, one adds and the other finds it there.
is_there || entrypoint.sh users add "$name" --role admin || is_there
