#!/usr/bin/env bash
# The check step of action.yml, in a file so that a test can run it. It reads the variables
# WATCHKEEPER (the program), REFERENCE, CURRENT, MODEL, ARGUMENTS, OUTPUT and FAIL, and writes
# to the files that GITHUB_OUTPUT and GITHUB_STEP_SUMMARY name.
set -uo pipefail

mkdir -p "$OUTPUT"
command=("$WATCHKEEPER" check "$REFERENCE" "$CURRENT")
if [ -n "$MODEL" ]; then
  command+=(--model "$MODEL")
fi
# Options are split at blanks, as on a command line, but no name is expanded and nothing is run.
read -r -a further <<< "$(tr '\n' ' ' <<< "$ARGUMENTS")"
if [ "${#further[@]}" -gt 0 ]; then
  command+=("${further[@]}")
fi
for name in report.html report.json report.md junit.xml; do
  rm -f "$OUTPUT/$name"
  command+=(-o "$OUTPUT/$name")
done

"${command[@]}" 2> "$OUTPUT/error.txt"
code=$?
cat "$OUTPUT/error.txt" >&2

# A program that crashed before it wrote a report has checked nothing, whatever its code.
if [ "$code" -le 1 ] && ! [ -s "$OUTPUT/report.md" ]; then
  code=2
fi
case "$code" in
  0) status=passed ;;
  1) status=failed ;;
  *) status=error ;;
esac
{
  echo "status=$status"
  echo "exit-code=$code"
  echo "report=$OUTPUT/report.html"
  echo "junit=$OUTPUT/junit.xml"
} >> "$GITHUB_OUTPUT"

if [ "$status" = error ]; then
  {
    echo "### Watchkeeper could not run"
    echo
    echo '```text'
    cat "$OUTPUT/error.txt"
    echo '```'
  } >> "$GITHUB_STEP_SUMMARY"
  exit "$code"
fi
# A summary may hold 1 MiB; what is longer is dropped whole by the host, so it is cut here.
head -c 1000000 "$OUTPUT/report.md" >> "$GITHUB_STEP_SUMMARY"
if [ "$status" = failed ] && [ "$FAIL" = true ]; then
  exit 1
fi
