#!/bin/sh
# All tests; end-to-end tests make labs of their own. usage: test.sh [unit|integration|e2e...]
set -eu
cd "$(dirname "$0")/../.."
exec node_modules/.bin/tsx tools/checks/src/run-tests.ts "$@"
