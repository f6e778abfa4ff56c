# Functions with which .ci/run runs, prints and counts its steps.

reports="$(mktemp -d)"
passed=0
failed=0
# Titles, process ids and logs of background steps.
titles=()
processes=()
logs=()
begun=0
trap end EXIT

# step TITLE COMMAND...: runs a command. It counts as one check unless its output ends with a line of counts. Skipped checks
# count as failed, since everything must run here.
step() {
  local title="$1" log="$reports/step.log" started=$SECONDS
  shift
  printf '\n== %s\n' "$title"
  "$@" 2>&1 | tee "$log"
  conclude "$title" "$?" "$log" "$((SECONDS - started))"
}

# beside TITLE COMMAND...: starts a step in the background. `join_steps` prints and counts it.
beside() {
  local title="$1" log="$reports/beside.$((begun++)).log"
  shift
  printf '\n== %s: started in the background\n' "$title"
  : >"$log"
  # Runs in its own process group, so that all its processes can be killed.
  set -m
  beginning "$log" "$@" &
  set +m
  titles+=("$title") processes+=("$!") logs+=("$log")
}

beginning() {
  local log="$1" started=$SECONDS status
  shift
  "$@" >"$log" 2>&1 </dev/null
  status=$?
  printf '%s\n' "$((SECONDS - started))" >"$log.seconds"
  exit "$status"
}

# join_steps [COUNT]: waits for the first COUNT background steps, or all, and prints and counts them.
join_steps() {
  local count="${1:-${#logs[@]}}" at status
  for ((at = 0; at < count; at++)); do
    printf '\n== %s: output of the background step\n' "${titles[at]}"
    wait "${processes[at]}"
    status=$?
    cat "${logs[at]}"
    conclude "${titles[at]}" "$status" "${logs[at]}" "$(cat "${logs[at]}.seconds" 2>/dev/null || printf '?')" ' (background)'
  done
  titles=("${titles[@]:count}") processes=("${processes[@]:count}") logs=("${logs[@]:count}")
}

# conclude TITLE STATUS LOG SECONDS [REMARK]: counts a finished step, and keeps the end of its output if it failed.
conclude() {
  local title="$1" status="$2" log="$3" counts skipped=0 problem=''
  counts="$(grep -E '^[0-9]+ passed, [0-9]+ failed(, [0-9]+ skipped)?$' "$log" | tail -n 1)"
  if [[ "$counts" =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed(,\ ([0-9]+)\ skipped)?$ ]]; then
    skipped="${BASH_REMATCH[4]:-0}"
    passed=$((passed + BASH_REMATCH[1]))
    failed=$((failed + BASH_REMATCH[2] + skipped))
    if ((status != 0 && BASH_REMATCH[2] == 0)); then failed=$((failed + 1)); fi
    if ((skipped > 0)); then problem="FAILED: $title skipped $skipped"; fi
  elif ((status == 0)); then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
  fi
  if ((status != 0)); then problem="FAILED: $title (exit code $status)"; fi
  if [[ -n "$problem" ]]; then
    printf '%s\n' "$problem"
    { printf '\n-- %s\n' "${problem#FAILED: }" && tail -n 40 "$log"; } >>"$reports/failures"
    # Scenarios with their reason, and tests with their error.
    { printf '%s\n' "$problem" && grep -E -A 4 '^ *(FAILED|ERROR|INCONCLUSIVE|[0-9]+\)) ' "$log" | cut -c 1-300 | head -n 40; } >>"$reports/failed"
  fi
  take_processor_time
  printf '%5s s  %5s s  %s%s\n' "$4" "$processor_time" "$title" "${5:-}" >>"$reports/times"
  return "$status"
}

# Sets `processor_time` to the seconds of user and system time of all processes that ended since the last call.
processor_time_before=0
take_processor_time() {
  local total
  times >"$reports/processor"
  total="$(awk -F '[ms ]+' 'END { printf "%.0f", $1 * 60 + $2 + $3 * 60 + $4 }' "$reports/processor")"
  processor_time=$((total - processor_time_before))
  processor_time_before=$total
}

# Prints the counts and exits, with 0 if nothing failed.
finish() {
  join_steps
  printf '\n== Steps by duration, with processor time (%s s in total)\n' "$SECONDS"
  sort -rn "$reports/times"
  if [[ -s "$reports/failures" ]]; then
    printf '\n== Failed steps, with the end of their output\n' && cat "$reports/failures"
    printf '\n== What failed\n' && cat "$reports/failed"
  fi
  printf '\n%s passed, %s failed\n' "$passed" "$failed"
  ((failed == 0))
  exit
}

# Terminates background steps when the script exits. Repeats the signal, since a process that is being forked may
# miss it, and kills the rest after 30 s.
end() {
  local process tries=300
  for process in "${processes[@]}"; do
    while kill -- "-$process" 2>/dev/null && ((tries-- > 0)); do sleep 0.1; done
    kill -KILL -- "-$process" 2>/dev/null
  done
  rm -rf "$reports"
}
