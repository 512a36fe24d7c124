"""Routes or routing rules in numbers that cost something

## What it means

Three numbers are looked at, and one is not:

* **Routes that BIRD holds**, from 25,000 on: Calico's BIRD read the kernel's table again and again, and took a third of
  a core at that number (2015). Later versions read it less often.
* **A full mesh of BGP**, above 100 nodes: each node holds a session with each other. Calico's engineers advise route
  reflectors above 50 to 100.
* **Routing rules** (`ip rule`), above 100: unlike routes they are gone through one by one for every packet.

**The number of routes itself is not.** A lookup takes about 50 ns among 500,000 routes (kernel 4.11), and Calico's
maintainers answered the very question after 10,000 with tests at much larger scale. Advice of 2018, that Calico and
weave suffer above 10,000 routes, has no measurement behind it for forwarding; weave has no route for each container at
all.

## Why it matters

The control plane falls behind: routes of new pods appear late, sessions are dropped. Routing rules cost each packet.

## How to fix it

Route reflectors in place of the mesh, larger blocks for each node, a longer interval for BIRD's kernel scans; tables by
source prefix in place of one rule for each address.

## Good: one rule for all of them

```text title="ip-rule.txt"
0:	from all lookup local
100:	from 10.1.0.0/24 lookup 100
32766:	from all lookup main
```

## Bad: a rule for each of a hundred addresses

```text title="ip-rule.txt"
0:	from all lookup local  # <- note
101:	from 10.1.0.1 lookup 1
102:	from 10.1.0.2 lookup 2
103:	from 10.1.0.3 lookup 3
104:	from 10.1.0.4 lookup 4
105:	from 10.1.0.5 lookup 5
106:	from 10.1.0.6 lookup 6
107:	from 10.1.0.7 lookup 7
108:	from 10.1.0.8 lookup 8
109:	from 10.1.0.9 lookup 9
110:	from 10.1.0.10 lookup 10
111:	from 10.1.0.11 lookup 11
112:	from 10.1.0.12 lookup 12
113:	from 10.1.0.13 lookup 13
114:	from 10.1.0.14 lookup 14
115:	from 10.1.0.15 lookup 15
116:	from 10.1.0.16 lookup 16
117:	from 10.1.0.17 lookup 17
118:	from 10.1.0.18 lookup 18
119:	from 10.1.0.19 lookup 19
120:	from 10.1.0.20 lookup 20
121:	from 10.1.0.21 lookup 21
122:	from 10.1.0.22 lookup 22
123:	from 10.1.0.23 lookup 23
124:	from 10.1.0.24 lookup 24
125:	from 10.1.0.25 lookup 25
126:	from 10.1.0.26 lookup 26
127:	from 10.1.0.27 lookup 27
128:	from 10.1.0.28 lookup 28
129:	from 10.1.0.29 lookup 29
130:	from 10.1.0.30 lookup 30
131:	from 10.1.0.31 lookup 31
132:	from 10.1.0.32 lookup 32
133:	from 10.1.0.33 lookup 33
134:	from 10.1.0.34 lookup 34
135:	from 10.1.0.35 lookup 35
136:	from 10.1.0.36 lookup 36
137:	from 10.1.0.37 lookup 37
138:	from 10.1.0.38 lookup 38
139:	from 10.1.0.39 lookup 39
140:	from 10.1.0.40 lookup 40
141:	from 10.1.0.41 lookup 41
142:	from 10.1.0.42 lookup 42
143:	from 10.1.0.43 lookup 43
144:	from 10.1.0.44 lookup 44
145:	from 10.1.0.45 lookup 45
146:	from 10.1.0.46 lookup 46
147:	from 10.1.0.47 lookup 47
148:	from 10.1.0.48 lookup 48
149:	from 10.1.0.49 lookup 49
150:	from 10.1.0.50 lookup 50
151:	from 10.1.0.51 lookup 51
152:	from 10.1.0.52 lookup 52
153:	from 10.1.0.53 lookup 53
154:	from 10.1.0.54 lookup 54
155:	from 10.1.0.55 lookup 55
156:	from 10.1.0.56 lookup 56
157:	from 10.1.0.57 lookup 57
158:	from 10.1.0.58 lookup 58
159:	from 10.1.0.59 lookup 59
160:	from 10.1.0.60 lookup 60
161:	from 10.1.0.61 lookup 61
162:	from 10.1.0.62 lookup 62
163:	from 10.1.0.63 lookup 63
164:	from 10.1.0.64 lookup 64
165:	from 10.1.0.65 lookup 65
166:	from 10.1.0.66 lookup 66
167:	from 10.1.0.67 lookup 67
168:	from 10.1.0.68 lookup 68
169:	from 10.1.0.69 lookup 69
170:	from 10.1.0.70 lookup 70
171:	from 10.1.0.71 lookup 71
172:	from 10.1.0.72 lookup 72
173:	from 10.1.0.73 lookup 73
174:	from 10.1.0.74 lookup 74
175:	from 10.1.0.75 lookup 75
176:	from 10.1.0.76 lookup 76
177:	from 10.1.0.77 lookup 77
178:	from 10.1.0.78 lookup 78
179:	from 10.1.0.79 lookup 79
180:	from 10.1.0.80 lookup 80
181:	from 10.1.0.81 lookup 81
182:	from 10.1.0.82 lookup 82
183:	from 10.1.0.83 lookup 83
184:	from 10.1.0.84 lookup 84
185:	from 10.1.0.85 lookup 85
186:	from 10.1.0.86 lookup 86
187:	from 10.1.0.87 lookup 87
188:	from 10.1.0.88 lookup 88
189:	from 10.1.0.89 lookup 89
190:	from 10.1.0.90 lookup 90
191:	from 10.1.0.91 lookup 91
192:	from 10.1.0.92 lookup 92
193:	from 10.1.0.93 lookup 93
194:	from 10.1.0.94 lookup 94
195:	from 10.1.0.95 lookup 95
196:	from 10.1.0.96 lookup 96
197:	from 10.1.0.97 lookup 97
198:	from 10.1.0.98 lookup 98
199:	from 10.1.0.99 lookup 99
200:	from 10.1.0.100 lookup 100
32766:	from all lookup main
```
"""

from collections.abc import Iterator

from netlint.api import Finding, Host, Label, Severity, Site, clusters_of, measured, rule

ROUTES, NODES, RULES = 25_000, 100, 100


@rule(
    "NL708",
    Severity.NOTE,
    proof="published measurements (rules/evidence.json); the kernel's fib_rules_lookup",
    beyond_compose=True,
    each_host=True,
)
def check(site: Site) -> Iterator[Finding]:
    for host in site.hosts:
        yield from _bird(host, site)
        rules = host.routing_rules or ()
        if len(rules) > RULES:
            yield Finding(
                message=f"{len(rules)} routing rules are gone through one by one for each packet; routes are not: "
                f"{measured('fib-bernat-2017')}",
                at=rules[0].span,
                help="select a table by prefix in place of one rule for each address",
                host=host.name,
            )


def _bird(host: Host, site: Site) -> Iterator[Finding]:
    routes = [route for route in host.routes or () if route.protocol == "bird"]
    nodes = {route.via for route in routes if route.via is not None}
    meshed = not any(calico.mesh is False for cluster in clusters_of(host, site) for calico in cluster.calico)
    if len(routes) >= ROUTES:
        yield Finding(
            message=f"BIRD holds {len(routes)} routes of this host; measured: {measured('bird-calicoctl444-2015')}",
            at=routes[0].span,
            help="give each node larger blocks, or let BIRD scan the kernel's table less often",
            host=host.name,
        )
    if len(nodes) > NODES and meshed:
        yield Finding(
            message=f"BIRD has routes by {len(nodes)} nodes, which a full mesh of BGP connects pair by pair; "
            f"{measured('bgp-mesh-kops6047')}",
            at=routes[0].span,
            help="use route reflectors and switch the mesh off",
            related=(Label(routes[-1].span, "the last of these routes"),),
            host=host.name,
        )
