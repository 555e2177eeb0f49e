#!/bin/sh
# Starts `watchkeeper` in a container. A secret may lie in a file: the variable of its name with
# _FILE behind it says where, as with other images.
set -eu

names="WATCHKEEPER_CATALOGUE WATCHKEEPER_OIDC_SECRET WATCHKEEPER_PASSWORD PGPASSWORD"
for name in $names CLICKHOUSE_PASSWORD AWS_SECRET_ACCESS_KEY; do
    eval "file=\${${name}_FILE:-}"
    if [ -n "$file" ]; then
        if [ ! -r "$file" ]; then
            echo "${name}_FILE is $file, which $(id -un 2>/dev/null || id -u) cannot read" >&2
            exit 2
        fi
        # Without the line's end, which editors add.
        export "$name=$(cat "$file")"
        unset "${name}_FILE"
    fi
done

exec watchkeeper "$@"
