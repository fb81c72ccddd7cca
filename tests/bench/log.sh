#!/usr/bin/env bash
# Times `diagnose --file` on a log of 1 GB against `rg -c 'AADSTS[0-9]+'` on the same file: seconds, ratio, peak memory.
#
#   cargo build --release && tests/bench/log.sh [PROGRAM]
#
# Wants bash, awk, GNU time (/usr/bin/time) and ripgrep. The log is the same each time: ordinary lines, one error in a
# thousand, of four kinds, one of them over several lines. It is removed at the end.
set -euo pipefail

program=${1:-target/release/d365-connect}
runs=7
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

awk 'BEGIN {
    id = "19072c09-bf6c-4c36-b128-b12280421"
    app = "66666666-7777-4888-9999-aaaaaaaaaaaa"
    ids = "Trace ID: %s%03d Correlation ID: %s%03d Timestamp: 2026-11-21 10:00:00Z"
    said[0] = "AADSTS7000222: The provided client secret keys for app \x27" app "\x27 are expired. " ids
    said[1] = "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value. " ids
    said[2] = "AADSTS700016: Application with identifier \x27" app "\x27 was not found in the directory \x27Contoso\x27. " ids
    said[3] = "no token\nMicrosoft.Identity.Client.MsalServiceException: AADSTS500011: The resource principal named https://contoso.operations.dynamics.com was not found in the tenant named Contoso. " ids "\n   at Contoso.Sync.Token() in /src/Token.cs:line 401"
    for (n = 1; n <= 100000; n++) {
        printf "2026-11-21T%02d:%02d:%02d.%03dZ ", n / 3600 % 24, n / 60 % 60, n % 60, n * 7 % 1000
        if (n % 1000) printf "INFO  [worker-%d] batch %d of SalesOrderHeadersV2: %d rows in %d ms, status=200 path=/data/CustomersV3?$top=%d\n", n % 16, n, n * 7 % 5000, n * 13 % 900, n % 100
        else printf "ERROR " said[n / 1000 % 4] "\n", id, n % 900, id, n % 900
    }
}' >"$folder/part"
copies=$((1000000000 / $(wc -c <"$folder/part") + 1))
for ((n = 0; n < copies; n++)); do cat "$folder/part"; done >"$folder/log"
rm "$folder/part"
echo "log: $(wc -c <"$folder/log") bytes, $(rg -c 'AADSTS[0-9]+' "$folder/log") lines with a code"

# Seconds and kB of one run. `diagnose` exits with 1 for a fault that it found.
timed() { /usr/bin/time -q -f '%e %M' -o "$folder/time" "$@" >/dev/null 2>&1 || test $? -eq 1; cat "$folder/time"; }
median() { sort -n | sed -n "$((runs / 2 + 1))p"; }

timed "$program" diagnose --file "$folder/log" >/dev/null # warms the file up
for ((n = 0; n < runs; n++)); do
    timed rg -c 'AADSTS[0-9]+' "$folder/log" >>"$folder/rg"
    timed "$program" diagnose --file "$folder/log" >>"$folder/ours"
done
paste "$folder/ours" "$folder/rg" | awk '{ print $1 / $3 }' | median >"$folder/ratio"
echo "rg:       $(cut -d' ' -f1 "$folder/rg" | median) s"
echo "diagnose: $(cut -d' ' -f1 "$folder/ours" | median) s, peak memory $(cut -d' ' -f2 "$folder/ours" | sort -n | tail -1) kB"
echo "ratio:    $(cat "$folder/ratio") (medians of $runs runs in turn)"
