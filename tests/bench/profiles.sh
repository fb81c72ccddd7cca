#!/usr/bin/env bash
# Times `list` and the first frame of home with 10, 100 and 1,000 profiles against the reading of their files by `cat`.
#
#   cargo build --release && tests/bench/profiles.sh [PROGRAM]
#
# Wants bash, awk and python3 (for a clock and a pseudo-terminal). Each profile has a history. With 1,000 profiles, what is
# beyond the reading is to take at most 3 times as long as all of it with 10; the homes are removed at the end.
set -euo pipefail

program=${1:-target/release/d365-connect}
runs=15
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# A home with so many profiles, of twenty tenants.
home() {
    mkdir -p "$folder/$1/profiles" "$folder/$1/history"
    awk -v count="$1" -v home="$folder/$1" 'BEGIN {
        for (n = 0; n < count; n++) {
            name = sprintf("profile-%04d", n)
            file = home "/profiles/" name ".toml"
            printf "version = 1\nguide = \"fno-client-credentials\"\ncloud = \"global\"\n" \
                "tenant_id = \"11111111-2222-4333-8444-5555555555%02d\"\nclient_id = \"66666666-7777-4888-9999-aaaaaaaaaaaa\"\n" \
                "resource_url = \"https://contoso-%d.operations.dynamics.com\"\n\n" \
                "[credential]\nkind = \"secret\"\nsource = \"env\"\nenv = \"D365_SECRET\"\nexpires = 2099-05-20\n", n % 20, n >file
            close(file)
            file = home "/history/" name ".json"
            printf "{ \"version\": 1, \"last\": { \"verdict\": \"passed\", \"when\": \"2026-11-21T10:00:00Z\", \"cause\": null } }\n" >file
            close(file)
        }
    }'
}

# Milliseconds: of `cat` on all files, of `list`, and until home shows its first row.
cat >"$folder/clock.py" <<'PY'
import fcntl, os, pty, struct, subprocess, sys, termios, time

program, home, kind = sys.argv[1:]
env = {"D365_CONNECT_HOME": home, "HOME": home, "LANG": "C.UTF-8", "TERM": "xterm-256color", "PATH": os.environ["PATH"]}
begun = time.perf_counter()
if kind == "cat":
    subprocess.run(["sh", "-c", 'cat "$0"/profiles/* "$0"/history/*', home], env=env, stdout=subprocess.DEVNULL, check=True)
elif kind == "list":
    subprocess.run([program, "list"], env=env, stdout=subprocess.DEVNULL, check=True)
else:
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.execve(program, [program], env)
    seen = b""
    while b"profile-0009" not in seen:
        seen += os.read(terminal, 65536)
    ended = time.perf_counter()
    os.write(terminal, b"q")
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass
    os.waitpid(child, 0)
    print((ended - begun) * 1000)
    sys.exit()
print((time.perf_counter() - begun) * 1000)
PY
median() { sort -n | sed -n "$((runs / 2 + 1))p"; }

for count in 10 100 1000; do home "$count"; done
for ((n = 0; n <= runs; n++)); do
    for count in 10 100 1000; do
        for kind in cat list home; do
            took=$(python3 "$folder/clock.py" "$program" "$folder/$count" "$kind")
            # The first round warms up.
            if ((n > 0)); then echo "$took" >>"$folder/$kind-$count"; fi
        done
    done
done
printf '%9s %10s %10s %10s   (ms, medians of %s runs in turn)\n' profiles cat list home "$runs"
for count in 10 100 1000; do
    cat=$(median <"$folder/cat-$count") list=$(median <"$folder/list-$count") home=$(median <"$folder/home-$count")
    printf '%9s %10.1f %10.1f %10.1f\n' "$count" "$cat" "$list" "$home"
    echo "$cat $list $home" >>"$folder/all"
done
awk '{ cat[NR] = $1; list[NR] = $2; home[NR] = $3 }
    END { printf "1000 beyond the reading, in times of 10: list %.2f, home %.2f (wanted: at most 3)\n",
        (list[3] - cat[3]) / list[1], (home[3] - cat[3]) / home[1] }' "$folder/all"
