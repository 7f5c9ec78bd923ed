#!/usr/bin/env bash
# Shows Binferry at work, from nothing: installs what is missing, builds, starts a private PostgreSQL, MySQL and
# Kafka, a controller and a worker, runs a task, kills it, and proves that nothing is lost or doubled.
#
#   deploy/demo.sh           cleans up at its end, however that comes
#   deploy/demo.sh --keep    leaves everything running and prints commands to go on with
#   deploy/demo.sh --stop    ends what --keep left
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
if [[ " $* " != *" --stop "* && " $* " != *" --help "* ]]; then
  # An installation under way is brought to its end: half of one would be worse.
  trap 'exit 143' TERM
  deploy/install.sh
fi
exec /usr/bin/python3 deploy/demo/demo.py "$@"
