#!/usr/bin/env bash
# Installs what `npm run test:browser` starts: Debian's Chromium. Needs Debian or Ubuntu. Runs again at no cost.
set -euo pipefail

if ! command -v chromium > /dev/null; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium fonts-dejavu-core
fi
chromium --version --no-sandbox
