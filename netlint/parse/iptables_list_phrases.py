"""What each iptables extension prints of itself behind the columns of `iptables -L`, as regular expressions.

Learnt from the output of iptables 1.8.9 (both back ends, with and without -n) for a rule with each extension.
"""

from __future__ import annotations

import re
from functools import cache

# The words by which a match begins its text, as regular expressions.
_OPENINGS = {
    "comment": r"(?=/\* )",
    "tcp": "tcp(?= |$)",
    "udp": "udp(?= |$)",
    "sctp": "sctp(?= |$)",
    "dccp": "dccp(?= |$)",
    "udplite": "udplite(?= |$)",
    "multiport": "multiport ",
    "state": r"(?=state \S)",
    "conntrack": "(?=ct(?:state|proto|orig|repl|status|expire|dir))",
    "addrtype": "ADDRTYPE match",
    "mark": "mark match",
    "connmark": "connmark match",
    "limit": "limit:(?= avg)",
    "hashlimit": "limit:(?= (?:up to|above))",
    "icmp": "(?=icmp ?!?[a-z])",
    "icmp6": "(?=ipv6-icmp ?!?[a-z])",
    "pkttype": "PKTTYPE ",
    "mac": "MAC",
    "iprange": "(?=(?:source|destination) IP range)",
    "statistic": "statistic ",
    "recent": "recent: ",
    "physdev": "PHYSDEV match",
    "length": r"(?=length !?\d)",
    "ttl": "TTL match ",
    "hl": "HL match ",
    "tos": "(?:tos|TOS) match",
    "dscp": "DSCP match ",
    "u32": "(?=u32 )",
    "string": "STRING match",
    "time": "TIME",
    "connlimit": "(?=#conn )",
    "connbytes": r"(?=connbytes \d)",
    "helper": "helper match ",
    "policy": "policy match ",
    "quota": "(?=quota: )",
    "realm": "(?=realm )",
    "ah": "ah(?= spi)",
    "esp": "esp(?= spi)",
    "tcpmss": "tcpmss match ",
    "cgroup": "(?=cgroup )",
    "cpu": r"(?=cpu \d)",
    "socket": "socket(?= |$)",
    "set": "(?=(?:match-)?set )",
    "ecn": "ECN match ",
    "connlabel": "(?=connlabel )",
    "devgroup": "(?=(?:src|dst)-group )",
    "owner": "(?=owner )",
    "rpfilter": "rpfilter",
    "rt": "rt(?= type| segs)",
    "frag": "frag(?= |$)",
    "ipv6header": "ipv6header",
}
_PORTS = r"spts?:(?P<sport>!?\S+) dpts?:(?P<dport>!?\S+)"
_STRING = r'"(?:[^"\\]|\\.)*"'
# What each prints of its options, in any order: expressions whose groups have the options' names, `_` for `-`; the
# group `n` is the sign of a negation. In a table of words, separated by blanks: `~` is a blank inside an
# expression, and `%` a tilde.
_TEXTS = {
    "comment": r"/\*~(?P<comment>.*?)~\*/",
    "tcp": rf"{_PORTS} flags:(?P<tcp_flags>!?[\w,]+/[\w,]+) option=(?P<tcp_option>!?\d+)",
    "udp": _PORTS,
    "sctp": rf"{_PORTS} (?P<chunk_types>(?:all|any|only)~\S+)",
    "dccp": _PORTS,
    "udplite": _PORTS,
    "multiport": r"sports~*(?P<sports>!?~?\S+) dports~*(?P<dports>!?~?\S+) ports~*(?P<ports>!?~?\S+)",
    "state": r"state~(?P<state>\S+)",
    "conntrack": " ".join(rf"{name}~(?P<{name}>\S+)" for name in (
        "ctstate ctproto ctorigsrc ctorigdst ctreplsrc ctrepldst ctorigsrcport ctorigdstport ctreplsrcport "
        "ctrepldstport ctstatus ctexpire ctdir").split()),
    "addrtype": r"src-type~(?P<src_type>\S+) dst-type~(?P<dst_type>\S+) (?P<limit_iface_in>limit-in) "
    r"(?P<limit_iface_out>limit-out)",
    "mark": r"(?P<mark>!?~?0x\S+)",
    "connmark": r"(?P<mark>!?~?0x\S+)",
    "limit": r"avg~(?P<limit>\S+) burst~(?P<limit_burst>\d+)",
    "hashlimit": r"up~to~(?P<hashlimit_upto>\S+) above~(?P<hashlimit_above>\S+) burst~(?P<hashlimit_burst>\S+) "
    r"mode~(?P<hashlimit_mode>\S+) htable-(?:size|max|gcinterval)~\d+ htable-expire~(?P<hashlimit_htable_expire>\d+) "
    r"srcmask~(?P<hashlimit_srcmask>\d+) dstmask~(?P<hashlimit_dstmask>\d+)",
    "icmp": r"icmp(?P<n>~!)?~?type~(?P<icmp_type>\d+(?:~codes?~[\d-]+)?) icmp~(?P<icmp_type>!?[a-z][\w-]+)",
    "icmp6": r"ipv6-icmp(?P<n>~!)?~?type~(?P<icmpv6_type>\d+(?:~codes?~[\d-]+)?) "
    r"ipv6-icmp~(?P<icmpv6_type>!?[a-z][\w-]+)",
    "pkttype": r"(?P<n>!)?=~(?P<pkt_type>\S+)",
    "mac": r"(?P<mac_source>!?~?[0-9A-Fa-f:]{17})",
    "iprange": r"source~IP~range~(?P<src_range>!?~?\S+) destination~IP~range~(?P<dst_range>!?~?\S+)",
    "statistic": r"mode~(?P<mode>\S+) probability~(?P<probability>\S+) every~(?P<every>\d+) packet~(?P<packet>\d+)",
    "recent": r"(?P<set>SET) (?P<update>UPDATE) (?P<rcheck>CHECK) (?P<remove>REMOVE) seconds:~(?P<seconds>\d+) "
    r"hit_count:~(?P<hitcount>\d+) (?P<rttl>TTL-Match) (?P<reap>reap) name:~(?P<name>\S+) side:~(?P<rsource>source) "
    r"side:~(?P<rdest>dest) mask:~(?P<mask>\S+)",
    "physdev": r"--physdev-in~(?P<physdev_in>\S+) --physdev-out~(?P<physdev_out>\S+) "
    r"--(?P<physdev_is_in>physdev-is-in) --(?P<physdev_is_out>physdev-is-out) "
    r"--(?P<physdev_is_bridged>physdev-is-bridged)",
    "length": r"length~(?P<length>!?\S+)",
    "ttl": r"TTL~(?:(?P<n>!)?==?~(?P<ttl_eq>\d+)|<~(?P<ttl_lt>\d+)|>~(?P<ttl_gt>\d+))",
    "hl": r"HL~(?:(?P<n>!)?==?~(?P<hl_eq>\d+)|<~(?P<hl_lt>\d+)|>~(?P<hl_gt>\d+))",
    "tos": r"(?P<tos>!?~?\S+)",
    "dscp": r"(?P<dscp>!?\S+)",
    "u32": r'u32~(?P<u32>!?~?"[^"]*")',
    "string": rf'~*(?P<hex_string>!?~?"\|[^"]*\|") ~*(?P<string>!?~?{_STRING}) '
    r"ALGO~name~(?P<algo>\S+) FROM~(?P<from>\d+) TO~(?P<to>\d+) "
    r"(?P<icase>ICASE)",
    "time": r"starting~from~(?P<datestart>\S+~\S+) until~date~(?P<datestop>\S+~\S+) "
    r"from~(?P<timestart>[\d:]+)~to~(?P<timestop>[\d:]+) on~(?P<monthdays>!?\d\S*) on~(?P<weekdays>!?[A-Z]\S*) "
    r"(?P<utc>UTC)",
    "connlimit": r"#conn~(?:(?P<connlimit_saddr>src)|(?P<connlimit_daddr>dst))/(?P<connlimit_mask>\d+)~"
    r"(?:>~(?P<connlimit_above>\d+)|<=~(?P<connlimit_upto>\d+))",
    "connbytes": r"connbytes~(?P<connbytes>\d\S*) connbytes~mode~(?P<connbytes_mode>\S+) "
    r"connbytes~direction~(?P<connbytes_dir>\S+)",
    "helper": r'(?P<helper>!?~?"[^"]*")',
    "policy": r"dir~(?P<dir>\S+) pol~(?P<pol>\S+) (?P<strict>strict) (?P<next>\[\d+\]) " + " ".join(
        rf"{name}~(?P<{name.replace('-', '_')}>\S+)" for name in "reqid spi proto mode tunnel-src tunnel-dst".split()),
    "quota": r"quota:~(?P<quota>\d+)~bytes",
    "realm": r"realm~(?P<realm>!?~?\S+)",
    "ah": r"spis?:(?P<ahspi>!?\S+)",
    "esp": r"spis?:(?P<espspi>!?\S+)",
    "tcpmss": r"(?P<mss>!?\S+)",
    "cgroup": r"cgroup~(?P<cgroup>!?~?\S+)",
    "cpu": r"cpu~(?P<cpu>!?~?\S+)",
    "socket": r"--(?P<transparent>transparent) --(?P<nowildcard>nowildcard) --(?P<restore_skmark>restore-skmark)",
    "set": r"(?:match-)?set~(?P<match_set>\S+~\S+) (?P<return_nomatch>return-nomatch) "
    r"(?P<update_counters>update-counters) (?P<update_subcounters>update-subcounters) packets-eq~(?P<packets_eq>\d+) "
    r"packets-lt~(?P<packets_lt>\d+) "
    r"packets-gt~(?P<packets_gt>\d+) bytes-eq~(?P<bytes_eq>\d+) bytes-lt~(?P<bytes_lt>\d+) bytes-gt~(?P<bytes_gt>\d+)",
    "ecn": r"ECT=(?P<ecn_ip_ect>!?\d) (?P<ecn_tcp_cwr>!?CWR) (?P<ecn_tcp_ece>!?ECE)",
    "connlabel": r"connlabel~(?P<label>\S+) (?P<set>set)",
    "devgroup": r"src-group~(?P<src_group>\S+) dst-group~(?P<dst_group>\S+)",
    "owner": r"owner~UID~match~(?P<uid_owner>\S+) owner~GID~match~(?P<gid_owner>\S+) "
    r"owner~socket~(?P<socket_exists>exists)",
    "rpfilter": r"(?P<loose>loose) (?P<validmark>validmark) (?P<accept_local>accept-local) (?P<invert>invert)",
    "rt": r"type:(?P<rt_type>!?\d+) segslefts?:(?P<rt_segsleft>!?\S+)",
    "frag": r"ids?:(?P<fragid>!?\S+) (?P<fragfirst>~*first) (?P<fraglast>~*last) (?P<fragmore>~*more)",
    "ipv6header": r"flags:(?P<header>!?\S+) (?P<soft>soft)",
    # targets
    "AUDIT": r"AUDIT~(?P<type>\S+)",
    "CHECKSUM": r"CHECKSUM~(?P<checksum_fill>fill)",
    "CLASSIFY": r"CLASSIFY~set~(?P<set_class>\S+)",
    "CT": r"CT~(?P<notrack>notrack) (?P<notrack>NOTRACK) (?:CT~)?helper~(?P<helper>\S+) "
    r"(?:CT~)?ctevents~(?P<ctevents>\S+) (?:CT~)?expevents~(?P<expevents>\S+) (?:CT~)?zone~(?P<zone>\S+) "
    r"(?:CT~)?timeout~(?P<timeout>\S+)",
    "DNAT": r"to:(?P<to_destination>\S+) (?P<random>random)\b(?!-) (?P<persistent>persistent)",
    "DSCP": r"DSCP~set~(?P<set_dscp>\S+)",
    "ECN": r"ECN~TCP~(?P<ecn_tcp_remove>remove)",
    "HL": r"HL~set~to~(?P<hl_set>\d+) HL~decrement~by~(?P<hl_dec>\d+) HL~increment~by~(?P<hl_inc>\d+)",
    "IDLETIMER": r"timeout:(?P<timeout>\d+) label:(?P<label>\S+) (?P<alarm>alarm)",
    "LOG": rf"LOG~flags~(?P<flags>\d\d?\d?) level~(?P<log_level>\S+) LOG~level~(?P<log_level>\S+) "
    rf"prefix~(?P<log_prefix>{_STRING}|`[^']*') (?P<log_tcp_sequence>tcp-sequence) (?P<log_tcp_options>tcp-options) "
    r"(?P<log_ip_options>ip-options) (?P<log_uid>uid) (?P<log_macdecode>macdecode)",
    "MASQUERADE": r"masq~ports:~(?P<to_ports>\S+) (?P<random>random)\b(?!-) (?P<random_fully>random-fully)",
    "NETMAP": r"(?:to:)?(?P<to>[\da-fA-F:.]+/\S+)",
    "NFLOG": rf"nflog-prefix~+(?P<nflog_prefix>{_STRING}|\S+) " + " ".join(
        rf"nflog-{name}~(?P<nflog_{name}>\d+)" for name in ("group", "range", "size", "threshold")),
    "NFQUEUE": r"NFQUEUE~num~(?P<queue_num>\d+) NFQUEUE~balance~(?P<queue_balance>\S+) (?P<queue_bypass>bypass) "
    r"(?P<queue_cpu_fanout>cpu-fanout)",
    "REDIRECT": r"redir~ports~(?P<to_ports>\S+) (?P<random>random)",
    "REJECT": r"reject-with~(?P<reject_with>\S+)",
    "SET": r"add-set~(?P<add_set>\S+~\S+) del-set~(?P<del_set>\S+~\S+) map-set~(?P<map_set>\S+~\S+) (?P<exist>exist) "
    r"timeout~(?P<timeout>\d+)",
    "SNAT": r"to:(?P<to_source>\S+) (?P<random>random)\b(?!-) (?P<random_fully>random-fully) "
    r"(?P<persistent>persistent)",
    "TCPMSS": r"TCPMSS~(?P<clamp_mss_to_pmtu>clamp~to~PMTU) TCPMSS~set~(?P<set_mss>\d+)",
    "TEE": r"TEE~gw:(?P<gateway>\S+) oif=(?P<oif>\S+)",
    "TOS": r"TOS~set~?(?P<set_tos>\S+)",
    "TPROXY": r"TPROXY~redirect~(?P<on_ip>\S+?):(?P<on_port>\d+) mark~(?P<tproxy_mark>\S+)",
    "TTL": r"TTL~set~to~(?P<ttl_set>\d+) TTL~decrement~by~(?P<ttl_dec>\d+) TTL~increment~by~(?P<ttl_inc>\d+)",
    "MARK": r"MARK~(?P<verb>set|xset|and|or|xor)~(?P<set_xmark>\S+)",
    "CONNMARK": r"CONNMARK~(?P<verb>set|xset|and|or|xor)~(?P<set_xmark>\S+) CONNMARK~(?P<save_mark>save) "
    r"CONNMARK~(?P<restore_mark>restore) mask~(?P<mask>0x\S+) nfmask~(?P<nfmask>\S+) ctmask~%(?P<ctmask>\S+)",
}  # fmt: skip
# Ports by the names that /etc/services has for them, which iptables prints without -n.
_SERVICES = """
    echo=7 discard=9 daytime=13 chargen=19 ftp-data=20 ftp=21 ssh=22 telnet=23 smtp=25 time=37 whois=43 tacacs=49
    domain=53 bootps=67 bootpc=68 tftp=69 gopher=70 finger=79 http=80 www=80 kerberos=88 pop3=110 sunrpc=111
    auth=113 nntp=119 ntp=123 epmap=135 loc-srv=135 netbios-ns=137 netbios-dgm=138 netbios-ssn=139 imap=143
    imap2=143 snmp=161 snmp-trap=162 snmptrap=162 bgp=179 ldap=389 svrloc=427 https=443 microsoft-ds=445 kpasswd=464
    submissions=465 urd=465 isakmp=500 exec=512 login=513 shell=514 syslog=514 printer=515 route=520
    dhcpv6-client=546 dhcpv6-server=547 rtsp=554 submission=587 ipp=631 ldaps=636 domain-s=853 rsync=873
    ftps-data=989 ftps=990 imaps=993 pop3s=995 socks=1080 rmiregistry=1099 openvpn=1194 ms-sql-s=1433 ms-sql-m=1434
    l2f=1701 l2tp=1701 radius=1812 radius-acct=1813 mqtt=1883 nfs=2049 docker=2375 docker-s=2376 swarm=2377
    etcd-client=2379 etcd-server=2380 squid=3128 iscsi-target=3260 mysql=3306 ms-wbt-server=3389 svn=3690 sieve=4190
    epmd=4369 ipsec-nat-t=4500 vxlan=4789 munin=4949 lxi-evntsvc=5044 sip=5060 sip-tls=5061 xmpp-client=5222
    xmpp-server=5269 mdns=5353 postgres=5432 postgresql=5432 nrpe=5666 amqps=5671 amqp=5672 rfb=5900 vnc-server=5900
    x11=6000 redis=6379 sun-sr-https=6443 mysql-proxy=6446 ircd=6667 ircs-u=6697 afs3-fileserver=7000 bbs=7000
    afs3-callback=7001 afs3-prserver=7002 afs3-vlserver=7003 irdmi=8000 http-alt=8080 webcache=8080 tproxy=8081
    puppet=8140 pcsync-https=8443 cslistener=9000 websm=9090 git=9418 webmin=10000 zabbix-agent=10050
    zabbix-trapper=10051 memcache=11211 mongodb=27017
"""


@cache
def openings() -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Each match with the words by which it begins; no words where its first option tells."""
    return tuple((owner, re.compile(text)) for owner, text in _OPENINGS.items())


@cache
def options(owner: str) -> tuple[re.Pattern[str], ...]:
    """The expressions for the options of a match or target."""
    return tuple(re.compile(text.replace("~", " ").replace("%", "~")) for text in _TEXTS.get(owner, "").split())


@cache
def _services() -> dict[str, str]:
    return dict(entry.split("=") for entry in _SERVICES.split())


def number_of(service: str) -> str | None:
    """The port of a service; a number is its own name, and None what is not in the table."""
    if service.isdecimal() or not service:
        return service
    return _services().get(service)
