#!/bin/sh
# Make the virtual environment $1 and install the packages of the lock file $2 into it; run by make.
set -eu
venv=$1
lock=$2
python=$(command -v python3.11 || command -v python3 || true)
[ -n "$python" ] || { echo "Cần Python 3.11 trở lên: cài gói python3. (Python 3.11 or newer is needed.)" >&2; exit 1; }
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Cần Python 3.11 trở lên, máy này có $("$python" --version). (Python 3.11 or newer is needed.)" >&2; exit 1; }
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    package=$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$package"
    else
        echo "Thiếu gói $package: nhờ người quản trị chạy 'apt install $package' rồi gọi lại. (Ask root to install $package.)" >&2
        exit 1
    fi
fi
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
[ -x "$venv/bin/uv" ] || "$venv/bin/python" -m pip install -q --disable-pip-version-check uv
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --require-hashes -r "$lock"
"$venv/bin/uv" pip install -q --python "$venv/bin/python" --no-deps -e .
