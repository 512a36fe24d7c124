#!/bin/sh
# Unpack Docker engines and Compose of other Debian suites for the lab: `fetch-engines.sh [VERSION …]`, of 26.1 and 28.5;
# `firewalls`: ufw and firewalld of this machine's own suite; `firewalld-2.3`: that of Debian 13; `compose-1.17`, `compose-1.25`: docker-compose from PyPI.
# Nothing is installed. The folder is $NETLINT_LAB_CACHE or /var/cache/netlint-lab; what is there already stays.
# Status 75: something cannot be had, because the archive is out of reach or has no such version (any more).
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
if [ -z "$mirror" ]; then
  echo "no Debian archive in the sources of apt; name one in NETLINT_LAB_MIRROR" >&2
  exit 75
fi

# The engine of a version, from the first suite that has it.
fetch() {
  version=$1 folder=$cache/$1
  shift
  if "$folder/bin/dockerd" --version 2>/dev/null | grep -q "version $version" && [ -x "$folder/bin/docker-compose" ]; then
    echo "engine $version is there"
    return
  fi
  for suite in "$@"; do
    if unpack "$suite" "$folder.new"; then
      rm -rf "$folder"
      mv "$folder.new" "$folder"
      echo "engine $version fetched from $suite"
      return
    fi
  done
  rm -rf "$folder.new"
  echo "engine $version cannot be had from the suites $* of $mirror" >&2
  exit 75
}

# Read what a suite has into a folder of its own, with the options of apt for it in $options.
index() {
  rm -rf "$2"
  mkdir -p "$2/lists/partial" "$2/archives/partial" "$2/deb" "$2/root" "$2/bin"
  echo "deb [signed-by=$keyring] $mirror $1 main" >"$2/sources.list"
  options="-qq -o Dir::Etc::SourceList=$2/sources.list -o Dir::Etc::SourceParts=/dev/null -o Dir::State::Lists=$2/lists
    -o Dir::Cache=$2 -o APT::Sandbox::User=root -o Acquire::Retries=3 -o APT::Update::Error-Mode=any
    -o Acquire::Check-Valid-Until=false" # a snapshot of an archive serves as well
  # shellcheck disable=SC2086 # words without spaces
  apt-get $options update || return 1
}

# Download and unpack the packages of a suite, if they are of the version looked for.
unpack() {
  suite=$1 work=$2
  index "$suite" "$work" || return 1
  # shellcheck disable=SC2086
  offered=$(apt-cache $options show --no-all-versions docker.io | sed -n 's/^Version: //p')
  case $offered in
  "$version".* | *:"$version".*) ;;
  *)
    echo "$suite has engine ${offered:-of no version}, not $version" >&2
    return 1
    ;;
  esac
  # shellcheck disable=SC2086
  (cd "$work/deb" && apt-get $options download $packages) || return 1
  for deb in "$work"/deb/*.deb; do dpkg -x "$deb" "$work/root" || return 1; done
  # runc is left out: that of newer suites wants a newer C library than Debian 12 has, and the installed one serves all
  for program in usr/sbin/dockerd usr/sbin/docker-proxy usr/bin/docker usr/bin/docker-proxy usr/bin/containerd \
    usr/bin/containerd-shim-runc-v2 usr/libexec/docker/cli-plugins/docker-compose; do
    if [ -e "$work/root/$program" ]; then ln -sf "../root/$program" "$work/bin/"; fi
  done
  "$work/bin/dockerd" --version | grep -q "version $version" || return 1
  rm -rf "$work/lists" "$work/archives" "$work/deb" "$work"/*.bin
}

# The programs that write a host's firewall, with the Python modules that they want.
firewalls() {
  folder=$cache/firewalls
  if [ -x "$folder/usr/sbin/ufw" ]; then
    echo "ufw and firewalld are there"
    return
  fi
  rm -rf "$folder.new"
  mkdir -p "$folder.new/deb"
  (cd "$folder.new/deb" && apt-get -qq -o APT::Sandbox::User=root download ufw firewalld python3-firewall \
    python3-nftables python3-jsonschema python3-attr python3-pyrsistent) || exit 75
  for deb in "$folder.new"/deb/*.deb; do dpkg -x "$deb" "$folder.new"; done
  rm -r "$folder.new/deb"
  mv "$folder.new" "$folder"
  echo "ufw and firewalld fetched"
}

# firewalld of another suite: its Python, beside the modules of this machine's suite.
firewalld() {
  firewalls # which has a folder of its own
  version=$1 folder=$cache/firewalld-$1
  if [ -x "$folder/usr/sbin/firewalld" ]; then
    echo "firewalld $version is there"
    return
  fi
  index "$2" "$folder.new" || exit 75
  # shellcheck disable=SC2086
  (cd "$folder.new/deb" && apt-get $options download firewalld python3-firewall) || exit 75
  cp -a "$cache/firewalls/usr" "$folder.new/root"
  rm -r "$folder.new/root/usr/lib/python3/dist-packages/firewall"
  for deb in "$folder.new"/deb/*.deb; do
    case $deb in
    */firewalld_"$version".*) ;;
    */firewalld_*)
      echo "$2 has ${deb##*/}, not firewalld $version" >&2
      exit 75
      ;;
    esac
    dpkg -x "$deb" "$folder.new/root"
  done
  rm -rf "$folder"
  mv "$folder.new/root" "$folder"
  rm -r "$folder.new"
  echo "firewalld $version fetched from $2"
}

# A docker-compose that reads file formats by their numbers, with what of its libraries `config` wants.
compose() {
  folder=$cache/compose-$1
  if [ -d "$folder" ]; then
    echo "docker-compose $1 is there"
    return
  fi
  rm -rf "$folder.new"
  python3 -m pip -q --disable-pip-version-check install --no-deps --target "$folder.new" "docker-compose==$2" \
    "docker<5" "jsonschema<4" "setuptools<70" attrs cached-property certifi charset-normalizer docopt dockerpty idna \
    pyrsistent PyYAML requests six texttable urllib3 websocket-client || exit 75
  mv "$folder.new" "$folder"
  echo "docker-compose $1 fetched"
}

[ "$#" -gt 0 ] || set -- 26.1 28.5 firewalls firewalld-2.3 compose-1.17 compose-1.25
for wanted in "$@"; do
  case $wanted in
  26.1) fetch 26.1 trixie ;;
  28.5) fetch 28.5 sid forky ;;
  firewalls) firewalls ;;
  firewalld-2.3) firewalld 2.3 trixie ;;
  compose-1.17) compose 1.17 1.17.1 ;;
  compose-1.25) compose 1.25 1.25.0 ;;
  *)
    echo "engine $wanted is of no suite that is known here" >&2
    exit 1
    ;;
  esac
done
