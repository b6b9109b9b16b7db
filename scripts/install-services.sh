#!/usr/bin/env bash
# Installs what `npm run test:services` starts: Debian's redis-server and haproxy, and a Kafka broker's jars (Maven) into .services/kafka.
# Needs Debian or Ubuntu, Java 17 and Maven. Runs again at no cost.
set -euo pipefail
root="$(cd "$(dirname "$0")/.." && pwd)"
kafka="$root/.services/kafka"

missing=()
command -v java > /dev/null || missing+=(openjdk-17-jre-headless)
command -v mvn > /dev/null || missing+=(maven)
command -v redis-server > /dev/null || missing+=(redis-server)
command -v haproxy > /dev/null || missing+=(haproxy)
command -v openssl > /dev/null || missing+=(openssl)
if [ "${#missing[@]}" -gt 0 ]; then
  as_root=()
  [ "$(id -u)" -eq 0 ] || as_root=(sudo)
  "${as_root[@]}" apt-get update -qq
  # RUNLEVEL=1: the package must not start a server on the default port.
  "${as_root[@]}" env RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
fi

if ! cmp -s "$root/scripts/kafka/pom.xml" "$kafka/pom.xml"; then
  rm -rf "$kafka"
  mkdir -p "$kafka"
  mvn -q -B -f "$root/scripts/kafka/pom.xml" dependency:copy-dependencies -DoutputDirectory="$kafka/libs"
  # Last, so that a fetch that was interrupted is done again.
  cp "$root/scripts/kafka/pom.xml" "$kafka/pom.xml"
fi

redis-server --version
ls "$kafka/libs" | grep -E '^kafka_2'
