#!/usr/bin/env bash
# Measures `list` and the first frame of home with 10, 100 and 1,000 profiles against the reading of their files by `cat`.
#
#   cargo build --release && tests/bench/profiles.sh [PROGRAM]
#
# Wants bash, awk and python3 (for a pseudo-terminal and what a process used). Each profile has a history. With 1,000 profiles, what is
# beyond the reading is to cost at most 3 times what all of it costs with 10; the homes are removed at the end.
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

# Milliseconds of the processor, which other work on the machine hardly changes: of `cat` on all files, of `list`, and of
# home, which is left as soon as it shows its first rows.
cat >"$folder/clock.py" <<'PY'
import fcntl, os, pty, struct, sys, termios

program, home, kind = sys.argv[1:]
env = {"D365_CONNECT_HOME": home, "HOME": home, "LANG": "C.UTF-8", "TERM": "xterm-256color", "PATH": os.environ["PATH"]}
files = [os.path.join(home, part, name) for part in ("profiles", "history") for name in os.listdir(os.path.join(home, part))]
child, terminal = pty.fork() if kind == "home" else (os.fork(), None)
if child == 0:
    if kind == "home":
        fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        os.execve(program, [program], env)
    os.dup2(os.open("/dev/null", os.O_WRONLY), 1)
    if kind == "cat":
        os.execvpe("cat", ["cat", *files], env)
    os.execve(program, [program, "list"], env)
if terminal is not None:
    seen = b""
    while b"profile-0009" not in seen:
        seen += os.read(terminal, 65536)
    os.write(terminal, b"q")
    try:
        while os.read(terminal, 65536):
            pass
    except OSError:
        pass
_, status, used = os.wait4(child, 0)
assert status == 0, status
print((used.ru_utime + used.ru_stime) * 1000)
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
printf '%9s %10s %10s %10s   (ms of the processor, medians of %s runs in turn)\n' profiles cat list home "$runs"
for count in 10 100 1000; do
    cat=$(median <"$folder/cat-$count") list=$(median <"$folder/list-$count") home=$(median <"$folder/home-$count")
    printf '%9s %10.1f %10.1f %10.1f\n' "$count" "$cat" "$list" "$home"
    echo "$cat $list $home" >>"$folder/all"
done
awk '{ cat[NR] = $1; list[NR] = $2; home[NR] = $3 }
    END { printf "1000 beyond the reading, in times of 10: list %.2f, home %.2f (wanted: at most 3)\n",
        (list[3] - cat[3]) / list[1], (home[3] - cat[3]) / home[1] }' "$folder/all"
