# shellcheck shell=bash
# Functions of the scripts in this folder and in .ci; they source it.

set -euo pipefail
root=$(cd -P "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # used by the scripts
out=$root/target/packaging
export CARGO_TERM_COLOR=never

step() { printf '\n== %s ==\n' "$*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# need PROGRAM PACKAGE: installs Debian's package if the program is not here.
need() {
    command -v "$1" >/dev/null && return
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null 2>&1 ||
        { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null; }
}

# need_file FILE PACKAGE: installs Debian's package if the file is not here.
need_file() { [ -e "$1" ] || as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null; }

# need_cargo COMMAND CRATE@VERSION: installs a command of cargo if it is not here.
need_cargo() { cargo "$1" --version >/dev/null 2>&1 || cargo install --locked --quiet "$2"; }

# pages_of BINARY: writes the man pages and the completions into $out.
pages_of() {
    rm -rf "$out/man" "$out/completions"
    mkdir -p "$out/man" "$out/completions"
    "$1" man "$out/man"
    "$1" completions bash >"$out/completions/rollcall.bash"
    "$1" completions zsh >"$out/completions/_rollcall"
    "$1" completions fish >"$out/completions/rollcall.fish"
}

# assert_hardened UNIT: fails if systemd calls the unit less safe than this project wants.
assert_hardened() {
    local level
    level=$(systemd-analyze security --offline=true "$1" | sed -n 's/.*exposure level for rollcall.service: \([0-9.]*\).*/\1/p')
    echo "systemd-analyze security: $level"
    awk -v level="$level" 'BEGIN { exit !(level != "" && level <= 2.0) }' || fail "the unit is not hardened enough"
}

# assert_durable BINARY: fails if a start and a write of this binary call sync_file_range, or if they never call fsync. The symbols
# say nothing: the optimizer of the linker may put the project's sync_file_range into sled's code.
assert_durable() {
    local folder calls
    need strace strace
    folder=$(mktemp -d)
    printf 'correct horse battery\n' | strace --follow-forks --quiet=all --trace=sync_file_range,fsync,fdatasync \
        --output="$folder/calls" "$1" user create ada --data-dir "$folder/data" >/dev/null
    if grep sync_file_range "$folder/calls"; then fail "$1: sled would not make its flushes durable"; fi
    calls=$(grep -cE 'f(data)?sync\(' "$folder/calls") || fail "$1 never calls fsync"
    echo "$1: $calls calls of fsync for one user, none of sync_file_range"
    rm -rf "$folder"
}

# until_ready URL…: waits for at most 20 seconds until the server is ready; the arguments are those of curl.
until_ready() {
    for _ in $(seq 100); do
        if curl --silent --fail --insecure --output /dev/null "$@"; then return; fi
        sleep 0.2
    done
    [ -z "${log:-}" ] || cat "$log" >&2
    fail "no server answers at $*"
}

# commands_of FILE HEADING [FENCE]: prints the commands below this heading of a document, or what is in other fences than sh.
commands_of() {
    python3 - "$1" "$2" "${3:-sh}" <<'END'
import re, sys
fence, heading, commands = None, None, []
for line in open(sys.argv[1], encoding="utf-8"):
    if line.startswith("```"):
        fence = None if fence else line.strip("`\n") or "text"
    elif fence is None and re.match("#+ ", line):
        heading = line.strip("# \n")
    elif fence == sys.argv[3] and heading == sys.argv[2]:
        commands.append(line)
if not commands:
    sys.exit(f"{sys.argv[1]} has no {sys.argv[3]} below {sys.argv[2]!r}")
print("".join(commands), end="")
END
}
