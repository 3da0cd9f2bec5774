# shellcheck shell=bash
#
# Sets up what ./run and ./test need; both source this file.
#
# Everything goes into .venv, node_modules and static/vendor, and any of them may be deleted at any
# time. Debian packages are the exception: they are installed as root only, and announced.
#
# A finished set-up keeps a copy of what it was made from (requirements, lock file) as its stamp. A
# start that finds the stamp equal to the files does nothing more and needs no network. The stamp is
# written last, so a set-up that was interrupted is simply done again.

ROOT=$(CDPATH='' cd -- "$(dirname "${BASH_SOURCE[0]}")" && pwd)
VENV=$ROOT/.venv
MODULES=$ROOT/node_modules
VENDOR=$ROOT/static/vendor

# What the tests start: the Debian package, and after a colon its command where that has another
# name. It is looked for as a command: it need not come from Debian.
TEST_PACKAGES=(chromium chromium-headless-shell nginx caddy haproxy varnish:varnishd curl openssl jq)
TEST_PACKAGES+=(redis-server postgresql:initdb systemd:systemd-analyze iproute2:ip stress-ng prometheus:promtool)

# Debian has PostgreSQL's commands of each version in a folder of their own, not on the PATH.
POSTGRESQL=/usr/lib/postgresql

say() { # LINE [MORE LINES...]
    printf 'vitals: %s\n' "$1" >&2
    if (($# > 1)); then printf '%s\n' "${@:2}" >&2; fi
}

fail() {
    say "$@"
    exit 1
}

# set_up run|test
set_up() {
    local purpose=$1
    case $(uname -s) in
        Linux | Darwin) ;;
        *) fail "this runs on Linux and macOS, not on $(uname -s)." ;;
    esac
    if is_ready "$purpose"; then return; fi

    # Two starts at once must not build into the same folders. The lock is on this very file, and
    # goes with the last process that has it open: also with pip, when this shell alone is killed.
    exec 9<"$ROOT/setup.sh"
    if command -v flock >/dev/null && ! flock --nonblock 9; then
        say "waiting for another set-up in this folder"
        flock 9
    fi
    if [[ $purpose == test ]]; then install_test_packages; fi
    if ! python_is_ready "$purpose"; then make_python "$purpose"; fi
    if ! page_is_ready "$purpose"; then make_page "$purpose"; fi
    exec 9<&-
}

is_ready() {
    if [[ $1 == test && -n $(missing_test_packages) ]]; then return 1; fi
    python_is_ready "$1" && page_is_ready "$1"
}

# --- Python --------------------------------------------------------------------------------------

# What is installed is what the lock files name, each file by its hash (CONTRIBUTING.md has how they
# are made of requirements*.txt).
requirements() { # run|test
    if [[ $1 == run ]]; then echo "$ROOT/requirements.lock"; else echo "$ROOT/requirements-dev.lock"; fi
}

python_inputs() { cat "$(requirements "$1")"; }

python_is_ready() { venv_is_sound && python_inputs "$1" | cmp -s - "$VENV/.ready-$1"; }

# False too when the folder was moved (scripts in it name their interpreter by its path), when the
# Python it was made from has gone or has become another version, and when pip was killed half-way.
venv_is_sound() {
    [[ ! -e $VENV/.unfinished ]] &&
        grep -qsF "$VENV" "$VENV/bin/activate" &&
        "$VENV/bin/python" -c 'import pip' 2>/dev/null
}

make_python() {
    if ! venv_is_sound; then make_venv; fi
    say "installing Python packages"
    pip_install "$(requirements "$1")"
    local purpose
    for purpose in run "$1"; do python_inputs "$purpose" >"$VENV/.ready-$purpose"; done
}

make_venv() {
    local python
    python=$(find_python)
    # Debian keeps these two modules in a package of their own.
    if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
        install_debian python3-venv
    fi
    say "making the Python environment, .venv"
    rm -rf "$VENV"
    mkdir "$VENV"
    touch "$VENV/.unfinished" # until pip_install has gone well
    quietly "making .venv" "$python" -m venv "$VENV"
}

find_python() {
    local python seen=
    # Never the one in .venv, which is first on the PATH when the environment is activated.
    while read -r python; do
        if [[ $python == "$VENV"/* ]]; then continue; fi
        if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
            echo "$python"
            return
        fi
        seen="$seen $python ($("$python" --version 2>&1 || true))"
    done < <(type -aP python3 python3.13 python3.12 python3.11 || true)
    if [[ -n $seen ]]; then fail "Python 3.11 or newer is needed; found only:$seen"; fi
    fail "python3 (3.11 or newer) is missing. On Debian, as root:" \
        "    apt-get update && apt-get install python3 python3-venv"
}

pip_install() {
    local status=0
    touch "$VENV/.unfinished"
    try "$VENV/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --retries 2 --require-hashes --requirement "$1" || status=$?
    # pip undoes what it did when it fails. Only a killed one leaves the environment in doubt.
    if ((status <= 128)); then rm "$VENV/.unfinished"; fi
    if ((status)); then explain "installing the packages of ${1##*/}"; fi
}

# --- The page and its tests ----------------------------------------------------------------------

page_inputs() {
    cat "$ROOT/package.json" "$ROOT/package-lock.json"
    echo "uPlot.iife.min.js as a module, Arimo latin 400 700, licences" # how the page's files are made of them, below
}

# The page needs only what was copied into static/vendor; the checks need node_modules and node, too.
page_is_ready() {
    if ! page_inputs | cmp -s - "$VENDOR/.ready"; then return 1; fi
    if [[ $1 == run ]]; then return; fi
    page_inputs | cmp -s - "$MODULES/.ready" && has_node
}

has_node() {
    npm --version >/dev/null 2>&1 &&
        node -e 'process.exit(parseInt(process.versions.node) >= 18 ? 0 : 1)' 2>/dev/null
}

make_page() {
    local omit=()
    if [[ $1 == run ]]; then omit=(--omit=dev); fi
    if ! has_node; then
        PATH=$VENV/bin:$PATH
        if ! has_node; then
            say "no npm (with Node.js 18 or newer) here: installing one into .venv"
            pip_install "$ROOT/requirements-node.lock"
        fi
    fi
    say "installing the page's packages"
    cd "$ROOT" || exit
    # ${omit[@]+...}: to the bash 3 of macOS an empty array is an unset one.
    quietly "npm ci" npm ci --no-audit --no-fund --prefer-offline --fetch-retries=1 \
        --fetch-retry-mintimeout=1000 ${omit[@]+"${omit[@]}"}

    local dist=$MODULES/uplot/dist
    mkdir -p "$VENDOR"
    # Of its modules uPlot has only one with all comments in it, of twice the size.
    { cat "$dist/uPlot.iife.min.js" && printf '\nexport default uPlot;\n'; } >"$VENDOR/uPlot.esm.js"
    cp "$dist/uPlot.d.ts" "$VENDOR/uPlot.esm.d.ts" # where tsc looks for the module's types
    # Each file of the typeface has the glyphs of one set of characters: the page's own text is Latin.
    local arimo=$MODULES/@fontsource/arimo
    cp "$arimo"/files/arimo-latin-{400,700}-normal.woff2 "$VENDOR"
    # Licences go wherever the files do.
    cp "$arimo/LICENSE" "$VENDOR/arimo-LICENSE.txt"
    cp "$MODULES/uplot/LICENSE" "$VENDOR/uplot-LICENSE.txt"
    if [[ $1 == test ]]; then page_inputs >"$MODULES/.ready"; fi
    page_inputs >"$VENDOR/.ready"
}

# --- Debian --------------------------------------------------------------------------------------

missing_test_packages() {
    local package
    # As with `omit` above, for the bash 3 of macOS.
    for package in ${TEST_PACKAGES[@]+"${TEST_PACKAGES[@]}"}; do
        if ! has_command "${package#*:}"; then echo "${package%:*}"; fi
    done
}

has_command() { command -v "$1" >/dev/null || compgen -G "$POSTGRESQL/*/bin/$1" >/dev/null; }

install_test_packages() {
    local missing
    missing=$(missing_test_packages)
    # shellcheck disable=SC2086 # one word each
    if [[ -n $missing ]]; then install_debian $missing; fi
}

install_debian() {
    if [[ $(id -u) != 0 ]] || ! command -v apt-get >/dev/null; then
        fail "missing: $*. On Debian, as root:" \
            "    apt-get update && apt-get install --no-install-recommends $*"
    fi
    say "installing Debian packages: $*"
    quietly "apt-get update" apt-get update
    # The packages must not start their services, on this machine's port 80 for one. Their scripts
    # find these two commands by the PATH that apt hands on.
    local still
    still=$(mktemp -d)
    printf '#!/bin/sh\nexit 0\n' | tee "$still/invoke-rc.d" >"$still/deb-systemd-invoke"
    chmod +x "$still"/*
    quietly "apt-get install" env DEBIAN_FRONTEND=noninteractive apt-get install --yes \
        --no-install-recommends -o "DPkg::Path=$still:/usr/sbin:/usr/bin:/sbin:/bin" "$@"
    rm -rf "$still"
    # Nor at the next boot. Most packages are no service, and not every machine has systemd.
    local package
    for package in "$@"; do systemctl --quiet disable "$package" >/dev/null 2>&1 || true; done
}

# --- Commands that are quiet until they fail -----------------------------------------------------

NO_NETWORK='NameResolutionError|NewConnectionError|ConnectTimeoutError|Network is unreachable'
NO_NETWORK+='|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ENETUNREACH|ETIMEDOUT'
NO_NETWORK+='|Temporary failure|Could not (connect|resolve)'

try() { output=$("$@" 2>&1); }

explain() {
    if grep -qE "$NO_NETWORK" <<<"$output"; then
        fail "$1 needs the network, this first time, and it cannot be reached."
    fi
    tail -n 15 <<<"$output" >&2
    fail "$1 failed; its last lines are above."
}

quietly() { # WHAT COMMAND...
    if ! try "${@:2}"; then explain "$1"; fi
}
