#!/bin/sh
# `lantoa …` on a server: any command with the service's settings, as the service's user.
set -eu
if [ "$(id -u)" != 0 ]; then
    echo "Lệnh này cần quyền root: gõ sudo -i (hoặc su -) rồi gõ lại." >&2
    exit 2
fi
set -a
. /etc/lantoa.env
set +a
umask 077
export PYTHONPYCACHEPREFIX=/var/cache/lantoa
cd /var/lib/lantoa
exec runuser -u lantoa -- /opt/lantoa/.venv/bin/lantoa "$@"
