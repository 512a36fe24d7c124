#!/bin/sh
# Unpack Docker engines and Compose of other Debian suites for the lab: 26.1 from trixie, 28.5 from sid.
# Nothing is installed. The folder is $NETLINT_LAB_CACHE or /var/cache/netlint-lab; what is there already stays.
set -eu

cache=${NETLINT_LAB_CACHE:-/var/cache/netlint-lab}
mirror=${NETLINT_LAB_MIRROR:-}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
packages="docker.io docker-cli docker-compose containerd"

# The address of the archive that this machine uses itself.
if [ -z "$mirror" ]; then
  mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p; s/^deb \(\[[^]]*\] *\)\{0,1\}\([^ ]*\/debian\/\{0,1\}\) .*/\2/p' \
    /etc/apt/sources.list /etc/apt/sources.list.d/debian.sources 2>/dev/null | grep -v security | head -n 1)
fi
: "${mirror:=http://deb.debian.org/debian}"

fetch() {
  suite=$1 version=$2 folder=$cache/$1
  if "$folder/bin/dockerd" --version 2>/dev/null | grep -q "version $version" && [ -x "$folder/bin/docker-compose" ]; then
    echo "$suite: engine $version is there"
    return
  fi
  work=$folder.new
  rm -rf "$work"
  mkdir -p "$work/lists/partial" "$work/archives/partial" "$work/deb" "$work/root" "$work/bin"
  echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
  set -- -qq -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::Cache="$work" -o APT::Sandbox::User=root
  apt-get "$@" update
  # shellcheck disable=SC2086 # a list of names
  (cd "$work/deb" && apt-get "$@" download $packages)
  for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root"; done
  # runc is left out: that of newer suites wants a newer C library than Debian 12 has, and the installed one serves all
  for program in usr/sbin/dockerd usr/sbin/docker-proxy usr/bin/docker usr/bin/docker-proxy usr/bin/containerd \
    usr/bin/containerd-shim-runc-v2 usr/libexec/docker/cli-plugins/docker-compose; do
    if [ -e "$work/root/$program" ]; then ln -sf "../root/$program" "$work/bin/"; fi
  done
  if ! "$work/bin/dockerd" --version | grep -q "version $version"; then
    echo "$suite: $("$work/bin/dockerd" --version), and not $version any more" >&2
    exit 1
  fi
  rm -rf "$work/lists" "$work/archives" "$work/deb" "$work"/*.bin "$folder"
  mv "$work" "$folder"
  echo "$suite: engine $version fetched"
}

fetch trixie 26.1
fetch sid 28.5
