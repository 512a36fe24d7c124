#!/bin/sh
# netlint-collect: gathers, read-only, what `netlint check` needs to know of a host's network, into one .tar.gz.
#
#   ssh root@host 'sh -s' < netlint-collect.sh > host.tar.gz
#   sh netlint-collect.sh host.tar.gz
#
# Runs in any POSIX shell, busybox included; as root it sees most. Nothing on the host is changed: one temporary folder
# is made and removed. Left out are the environment, arguments and labels of containers; keys, passwords and tokens in
# files of configuration are replaced by the word "redacted". NETLINT_COLLECT_ROOT: another place for / (for files only).

set -u
umask 077
LC_ALL=C
export LC_ALL
PATH=$PATH:/usr/sbin:/sbin:/usr/bin:/bin
export PATH
root=${NETLINT_COLLECT_ROOT:-}
target=${1:--}

if [ "$target" = - ] && [ -t 1 ]; then
    echo "netlint-collect: standard output is a terminal; send it to a file, or name one" >&2
    exit 2
fi

host=$(hostname 2>/dev/null || uname -n)
host=$(printf '%s' "${host:-host}" | tr -c 'A-Za-z0-9_.-' '_')
work=$(mktemp -d "${TMPDIR:-/tmp}/netlint-collect.XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP
out=$work/$host
mkdir "$out" || exit 1
manifest=$out/manifest.txt
echo "netlint-collect 1 on $host" > "$manifest"

if timeout 5 true 2>/dev/null; then limit='timeout 60'; else limit=; fi

has() { command -v "$1" >/dev/null 2>&1; }

# keep FILE COMMAND…: its output under that name; what gives none leaves no file, but a line in the manifest
keep() {
    keep_file=$1
    shift
    has "$1" || return 1
    case $keep_file in */*) mkdir -p "$out/${keep_file%/*}" ;; esac
    # shellcheck disable=SC2086
    $limit "$@" > "$out/$keep_file" 2>/dev/null < /dev/null
    keep_status=$?
    if [ ! -s "$out/$keep_file" ]; then rm -f "$out/$keep_file"; fi
    echo "$keep_status  $keep_file  = $*" >> "$manifest"
    [ "$keep_status" -eq 0 ]
}

# Lines with what looks like a secret lose their value; blocks of keys lose their content.
redact() {
    awk '
    function masked(line,   low, done, rest, at, value, quote) {
        gsub(/:\/\/[^\/@ \t"'\'']*@/, "://redacted@", line)
        gsub(/SWMTKN-[0-9A-Za-z-]+/, "redacted", line)
        low = tolower(line)
        if (low !~ secret) return line
        if (low ~ /"[ \t]*:/) {                      # JSON: every string behind a name of that kind
            done = ""; rest = line
            while (match(rest, /"[^"]*"[ \t]*:[ \t]*"[^"]*"/)) {
                value = substr(rest, RSTART, RLENGTH)
                at = index(substr(value, 2), "\"") + 1
                if (tolower(substr(value, 1, at)) ~ secret) value = substr(value, 1, at) ": \"redacted\""
                done = done substr(rest, 1, RSTART - 1) value
                rest = substr(rest, RSTART + RLENGTH)
            }
            return done rest
        }
        if (low ~ /^[ \t]*[#;]/) return ""           # an example may be a real one
        if (!match(low, secret)) return line
        at = RSTART + RLENGTH
        rest = substr(line, at)
        if (!match(rest, /[ \t]*[=:][ \t]*/) && !match(rest, /[ \t]+/)) return line
        value = substr(rest, RSTART + RLENGTH)
        done = substr(line, 1, at + RSTART + RLENGTH - 2)
        quote = ""
        if (gsub(/"/, "\"", done) % 2) quote = "\""; else if (gsub(/\047/, "\047", done) % 2) quote = "\047"
        if (quote != "" && (at = index(value, quote))) return done "redacted" masked(substr(value, at))
        return done "redacted"
    }
    BEGIN {
        secret = "(private|pre-?shared|api|access|encryption)[ _.-]*key|passw|passphrase|psk|secret|token|credential"
    }
    /^[ \t]*<\/[a-z0-9-]+>[ \t]*$/ { block = 0 }
    block { next }
    /-----BEGIN/ { pem = 1; print "redacted" }
    pem { if (/-----END/) pem = 0; next }
    /^[ \t]*<(key|cert|ca|pkcs12|secret|tls-auth|tls-crypt|tls-crypt-v2|extra-certs|auth-user-pass)>[ \t]*$/ {
        print; block = 1; next
    }
    { print masked($0) }
    '
}

# clean FILE COMMAND…: the same for output that may hold secrets
clean() {
    keep "$@" || return 1
    redact < "$out/$1" > "$out/$1.new" && mv "$out/$1.new" "$out/$1"
}

# copy PATTERN…: files of configuration under their own paths
copy() {
    for copy_file in "$@"; do
        [ -f "$copy_file" ] && [ -r "$copy_file" ] || continue
        copy_path=${copy_file#"$root"/}
        copy_path=${copy_path#/}
        mkdir -p "$out/${copy_path%/*}"
        redact < "$copy_file" > "$out/$copy_path" 2>/dev/null
        echo "0  $copy_path  = file" >> "$manifest"
    done
}

# addresses, routes, neighbours
if has ip; then
    keep ip-addr.txt ip addr show
    keep ip-d-link.txt ip -d link show
    keep ip-route.txt ip route show table all || keep ip-route.txt ip route
    keep ip-6-route.txt ip -6 route show table all
    keep ip-rule.txt ip rule show
    keep ip-6-rule.txt ip -6 rule show
    keep ip-neigh.txt ip neigh show
else
    keep ifconfig.txt ifconfig -a
    keep route-n.txt route -n || keep netstat-rn.txt netstat -rn
    keep arp-n.txt arp -n || keep arp.txt cat /proc/net/arp
fi
keep brctl-show.txt brctl show
keep bridge-link.txt bridge link show
keep bridge-fdb.txt bridge fdb show
if has ethtool; then
    for link in /sys/class/net/veth*; do
        [ -e "$link" ] && keep "ethtool_-S_${link##*/}.txt" ethtool -S "${link##*/}"
    done
fi
if has ss; then keep ss-ltnup.txt ss -ltnup; else keep netstat-ltnup.txt netstat -ltnup; fi

# firewall; asking the old back end would load its modules, so it is asked only where it is in use
case $(iptables -V 2>/dev/null) in
*nf_tables*)
    keep iptables-save.txt iptables-save
    keep ip6tables-save.txt ip6tables-save
    if [ -s /proc/net/ip_tables_names ]; then keep iptables-legacy-save.txt iptables-legacy-save; fi
    ;;
*)
    if [ -s /proc/net/ip_tables_names ]; then keep iptables-save.txt iptables-save; fi
    if [ -s /proc/net/ip6_tables_names ]; then keep ip6tables-save.txt ip6tables-save; fi
    ;;
esac
keep nft-list-ruleset.txt nft list ruleset
keep ipset-save.txt ipset save
keep ufw-status.txt ufw status verbose
keep firewall-cmd-list-all-zones.txt firewall-cmd --list-all-zones

# kernel
for key in net/ipv4/ip_forward net/ipv4/conf/*/forwarding net/ipv4/conf/*/rp_filter net/ipv4/conf/*/route_localnet \
    net/ipv4/conf/*/accept_local net/ipv4/conf/*/proxy_arp net/ipv4/ip_local_port_range net/ipv4/neigh/default/gc_thresh3 \
    net/ipv6/conf/*/forwarding net/ipv6/conf/*/disable_ipv6 net/ipv6/conf/*/accept_ra net/bridge/bridge-nf-* \
    net/netfilter/nf_conntrack_max net/netfilter/nf_conntrack_count; do
    for path in /proc/sys/$key; do
        [ -r "$path" ] || continue
        value=$(cat "$path" 2>/dev/null) || continue
        printf '%s = %s\n' "${path#/proc/sys/}" "$value"
    done
done > "$out/sysctl-net.txt" 2>/dev/null
[ -s "$out/sysctl-net.txt" ] || rm -f "$out/sysctl-net.txt"

# engine
if has docker && $limit docker version >/dev/null 2>&1 < /dev/null; then
    keep docker-version.txt docker version
    clean docker-info.txt docker info
    keep docker-network-ls.txt docker network ls --no-trunc
    networks=$(docker network ls -q --no-trunc 2>/dev/null)
    # shellcheck disable=SC2086
    [ -n "$networks" ] && clean docker-network-inspect.json docker network inspect $networks
    keep docker-ps.txt docker ps -a --no-trunc --format \
        'table {{.ID}}\t{{.Image}}\t{{.Status}}\t{{.Ports}}\t{{.Names}}'
    containers=$(docker ps -aq --no-trunc 2>/dev/null)
    # shellcheck disable=SC2086
    [ -n "$containers" ] && keep docker-inspect.json docker inspect --format \
        '{"Id":{{json .Id}},"Name":{{json .Name}},"State":{"Running":{{json .State.Running}}},"Config":{"Image":{{json .Config.Image}}},"HostConfig":{"NetworkMode":{{json .HostConfig.NetworkMode}},"PortBindings":{{json .HostConfig.PortBindings}}},"NetworkSettings":{"Ports":{{json .NetworkSettings.Ports}},"Networks":{{json .NetworkSettings.Networks}}}}' \
        $containers
    if [ "$(docker info --format '{{.Swarm.ControlAvailable}}' 2>/dev/null)" = true ]; then
        keep docker-service-ls.txt docker service ls
        keep docker-node-ls.txt docker node ls
        services=$(docker service ls -q 2>/dev/null)
        # shellcheck disable=SC2086
        [ -n "$services" ] && keep docker-service-inspect.json docker service inspect --format \
            '{"ID":{{json .ID}},"CreatedAt":{{json .CreatedAt}},"Spec":{"Name":{{json .Spec.Name}},"Mode":{{json .Spec.Mode}},"TaskTemplate":{"ContainerSpec":{"Image":{{json .Spec.TaskTemplate.ContainerSpec.Image}}},"Networks":{{json .Spec.TaskTemplate.Networks}}},"EndpointSpec":{{json .Spec.EndpointSpec}}},"Endpoint":{{json .Endpoint}}}' \
            $services
        nodes=$(docker node ls -q 2>/dev/null)
        # shellcheck disable=SC2086
        [ -n "$nodes" ] && keep docker-node-inspect.json docker node inspect --format \
            '{"ID":{{json .ID}},"CreatedAt":{{json .CreatedAt}},"Spec":{"Role":{{json .Spec.Role}},"Availability":{{json .Spec.Availability}}},"Description":{"Hostname":{{json .Description.Hostname}},"Engine":{"EngineVersion":{{json .Description.Engine.EngineVersion}}}},"Status":{{json .Status}},"ManagerStatus":{{json .ManagerStatus}}}' \
            $nodes
    fi
    if has nsenter; then
        count=0
        for id in $(docker ps -q --no-trunc 2>/dev/null); do
            count=$((count + 1))
            [ "$count" -le 200 ] || break
            pid=$(docker inspect --format '{{.State.Pid}}' "$id" 2>/dev/null)
            name=$(docker inspect --format '{{.Name}}' "$id" 2>/dev/null | tr -d / | tr -c 'A-Za-z0-9_.\n-' '_')
            [ "${pid:-0}" -gt 0 ] 2>/dev/null || continue
            [ "$(readlink "/proc/$pid/ns/net")" != "$(readlink /proc/self/ns/net)" ] || continue
            keep "containers/$name/ip-addr.txt" nsenter -t "$pid" -n ip addr show
            keep "containers/$name/ip-route.txt" nsenter -t "$pid" -n ip route show table all
        done
    fi
fi

# configuration
copy "$root"/etc/docker/daemon.json "$root"/etc/default/docker "$root"/etc/sysconfig/docker*
copy "$root"/etc/systemd/system/docker.service "$root"/etc/systemd/system/docker.socket \
    "$root"/etc/systemd/system/docker.service.d/*.conf "$root"/etc/systemd/system/docker.socket.d/*.conf \
    "$root"/lib/systemd/system/docker.service "$root"/usr/lib/systemd/system/docker.service \
    "$root"/run/systemd/system/docker.service.d/*.conf "$root"/etc/systemd/system/flanneld.service
copy "$root"/etc/resolv.conf "$root"/run/systemd/resolve/resolv.conf
copy "$root"/etc/sysctl.conf "$root"/etc/sysctl.d/*.conf "$root"/run/sysctl.d/*.conf "$root"/usr/lib/sysctl.d/*.conf
copy "$root"/etc/systemd/network/*.network "$root"/etc/systemd/network/*.netdev "$root"/etc/netplan/*.yaml \
    "$root"/etc/network/interfaces "$root"/etc/network/interfaces.d/* \
    "$root"/etc/NetworkManager/system-connections/* "$root"/etc/sysconfig/network-scripts/ifcfg-* \
    "$root"/etc/sysconfig/network-scripts/route-* "$root"/etc/dhcpcd.conf
copy "$root"/etc/wireguard/*.conf "$root"/etc/openvpn/*.conf "$root"/etc/openvpn/server/*.conf \
    "$root"/etc/openvpn/client/*.conf
copy "$root"/etc/ufw/ufw.conf "$root"/etc/ufw/*.rules "$root"/etc/default/ufw "$root"/etc/firewalld/firewalld.conf \
    "$root"/etc/firewalld/direct.xml "$root"/etc/firewalld/zones/*.xml "$root"/etc/firewalld/policies/*.xml \
    "$root"/etc/nftables.conf "$root"/etc/iptables/rules.v4 "$root"/etc/iptables/rules.v6 \
    "$root"/etc/sysconfig/iptables "$root"/etc/fail2ban/jail.conf "$root"/etc/fail2ban/jail.local \
    "$root"/etc/fail2ban/jail.d/*
copy "$root"/run/flannel/* "$root"/etc/cni/net.d/*.conf "$root"/etc/cni/net.d/*.conflist

if [ "$target" = - ]; then
    tar -C "$work" -cf - "$host" | gzip -c
else
    tar -C "$work" -cf - "$host" | gzip -c > "$target"
fi
