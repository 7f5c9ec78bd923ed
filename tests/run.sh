#!/usr/bin/env bash
# Installs what is missing, builds, and runs every test; the last line is `N passed, N failed, N skipped`.
#
#   tests/run.sh              everything
#   tests/run.sh --fast       lint and unit tests only
#   tests/run.sh -R REGEX     the tests whose names match, without the sanitizers
#   tests/run.sh --long       also what takes longer
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
deploy/install.sh
exec /usr/bin/python3 tests/suite.py "$@"
