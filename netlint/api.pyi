# The types of what api.py imports by name.
from netlint.addresses.advice import free_help as free_help
from netlint.addresses.advice import free_like as free_like
from netlint.addresses.allocation import (
    Member as Member,
)
from netlint.addresses.allocation import (
    dynamic_range as dynamic_range,
)
from netlint.addresses.allocation import (
    handed_out as handed_out,
)
from netlint.addresses.allocation import (
    members as members,
)
from netlint.addresses.allocation import (
    never_free as never_free,
)
from netlint.addresses.allocation import (
    occupied as occupied,
)
from netlint.addresses.claims import Claim as Claim
from netlint.addresses.claims import ClaimKind as ClaimKind
from netlint.addresses.claims import Plan as Plan
from netlint.addresses.claims import claims as claims
from netlint.addresses.clusters import above as above
from netlint.addresses.clusters import clusters_of as clusters_of
from netlint.addresses.links import is_tunnel as is_tunnel
from netlint.addresses.misrouted import Misrouted as Misrouted
from netlint.addresses.misrouted import misrouted as misrouted
from netlint.addresses.overlap import overlaps as overlaps
from netlint.addresses.overlap import overlaps_between as overlaps_between
from netlint.addresses.pools import LocalPool as LocalPool
from netlint.addresses.pools import Supply as Supply
from netlint.addresses.pools import automatic as automatic
from netlint.addresses.pools import supply as supply
from netlint.dataplane.chains import (
    is_chain_name as is_chain_name,
)
from netlint.dataplane.chains import (
    undefined as undefined,
)
from netlint.dataplane.chains import (
    unreferenced as unreferenced,
)
from netlint.dataplane.cluster import (
    Shared as Shared,
)
from netlint.dataplane.cluster import (
    cluster_peers as cluster_peers,
)
from netlint.dataplane.cluster import (
    node_address as node_address,
)
from netlint.dataplane.cluster import (
    shared_link as shared_link,
)
from netlint.dataplane.containers import (
    Attached as Attached,
)
from netlint.dataplane.containers import (
    Published as Published,
)
from netlint.dataplane.containers import (
    attached as attached,
)
from netlint.dataplane.containers import (
    published as published,
)
from netlint.dataplane.expect import Checked as Checked
from netlint.dataplane.expect import checked as checked
from netlint.dataplane.host_walk import HostWalk as HostWalk
from netlint.dataplane.journey import Journey as Journey
from netlint.dataplane.journey import Walker as Walker
from netlint.dataplane.leg import Leg as Leg
from netlint.dataplane.long_ways import LongWay as LongWay
from netlint.dataplane.long_ways import long_ways as long_ways
from netlint.dataplane.makers import chain_maker as chain_maker
from netlint.dataplane.makers import maker as maker
from netlint.dataplane.own_address import own_address as own_address
from netlint.dataplane.packet import Packet as Packet
from netlint.dataplane.packet import matches as matches
from netlint.dataplane.paths import Path as Path
from netlint.dataplane.paths import paths as paths
from netlint.dataplane.peers import Crossing as Crossing
from netlint.dataplane.peers import crossings as crossings
from netlint.dataplane.probes import (
    Inside as Inside,
)
from netlint.dataplane.probes import (
    from_host as from_host,
)
from netlint.dataplane.probes import (
    insides as insides,
)
from netlint.dataplane.probes import (
    inward as inward,
)
from netlint.dataplane.probes import (
    known_as as known_as,
)
from netlint.dataplane.probes import (
    of_docker as of_docker,
)
from netlint.dataplane.probes import (
    outward as outward,
)
from netlint.dataplane.probes import (
    rules_below as rules_below,
)
from netlint.dataplane.questions import (
    Disagreement as Disagreement,
)
from netlint.dataplane.questions import (
    Ended as Ended,
)
from netlint.dataplane.questions import (
    Flows as Flows,
)
from netlint.dataplane.questions import (
    Questions as Questions,
)
from netlint.dataplane.questions import (
    disagreement as disagreement,
)
from netlint.dataplane.routing import OUTSIDE as OUTSIDE
from netlint.dataplane.routing import Hop as Hop
from netlint.dataplane.routing import Router as Router
from netlint.dataplane.translate import parse_target as parse_target
from netlint.dataplane.unreached import (
    UnfinishedError as UnfinishedError,
)
from netlint.dataplane.unreached import (
    Unreached as Unreached,
)
from netlint.dataplane.unreached import (
    unreached as unreached,
)
from netlint.dataplane.view import (
    Bridge as Bridge,
)
from netlint.dataplane.view import (
    bridges as bridges,
)
from netlint.dataplane.view import (
    is_container_link as is_container_link,
)
from netlint.dataplane.view import (
    local_addresses as local_addresses,
)
from netlint.dataplane.view import (
    uplinks as uplinks,
)
from netlint.dataplane.walk import Outcome as Outcome
from netlint.dataplane.walk import Passage as Passage
from netlint.dataplane.walk import deed as deed
from netlint.dataplane.walk import walk as walk
from netlint.evidence import measured as measured
from netlint.finding import (
    Add as Add,
)
from netlint.finding import (
    Change as Change,
)
from netlint.finding import (
    Confidence as Confidence,
)
from netlint.finding import (
    Edit as Edit,
)
from netlint.finding import (
    Finding as Finding,
)
from netlint.finding import (
    Fix as Fix,
)
from netlint.finding import (
    Join as Join,
)
from netlint.finding import (
    Label as Label,
)
from netlint.finding import (
    Nest as Nest,
)
from netlint.finding import (
    Remove as Remove,
)
from netlint.finding import (
    Severity as Severity,
)
from netlint.finding import (
    Step as Step,
)
from netlint.finding import (
    Witness as Witness,
)
from netlint.model.action import (
    Action as Action,
)
from netlint.model.action import (
    AddressChange as AddressChange,
)
from netlint.model.action import (
    ChainChange as ChainChange,
)
from netlint.model.action import (
    ContainerRun as ContainerRun,
)
from netlint.model.action import (
    DockerStart as DockerStart,
)
from netlint.model.action import (
    FirewallChange as FirewallChange,
)
from netlint.model.action import (
    FirewallFlush as FirewallFlush,
)
from netlint.model.action import (
    RouteChange as RouteChange,
)
from netlint.model.action import (
    WeaveAddress as WeaveAddress,
)
from netlint.model.cluster import (
    CalicoPool as CalicoPool,
)
from netlint.model.cluster import (
    Cluster as Cluster,
)
from netlint.model.cluster import (
    ClusterRange as ClusterRange,
)
from netlint.model.cluster import (
    CniNetwork as CniNetwork,
)
from netlint.model.cluster import (
    DockerFlags as DockerFlags,
)
from netlint.model.cluster import (
    Flannel as Flannel,
)
from netlint.model.cluster import (
    Flanneld as Flanneld,
)
from netlint.model.cluster import (
    FlannelLease as FlannelLease,
)
from netlint.model.cluster import (
    KubeProxy as KubeProxy,
)
from netlint.model.cluster import (
    Role as Role,
)
from netlint.model.cluster import (
    StoreServer as StoreServer,
)
from netlint.model.cluster_ports import (
    ClusterPort as ClusterPort,
)
from netlint.model.cluster_ports import (
    cluster_ports as cluster_ports,
)
from netlint.model.cluster_ports import (
    encrypted_overlay as encrypted_overlay,
)
from netlint.model.cluster_ports import (
    overlay_evidence as overlay_evidence,
)
from netlint.model.compose import (
    Attachment as Attachment,
)
from netlint.model.compose import (
    DuplicateKey as DuplicateKey,
)
from netlint.model.compose import (
    MisplacedKey as MisplacedKey,
)
from netlint.model.compose import (
    Misplacement as Misplacement,
)
from netlint.model.compose import (
    PortRange as PortRange,
)
from netlint.model.compose import (
    Project as Project,
)
from netlint.model.compose import (
    PublishedPort as PublishedPort,
)
from netlint.model.compose import (
    Service as Service,
)
from netlint.model.compose import (
    UnsetVariable as UnsetVariable,
)
from netlint.model.container import (
    BridgePort as BridgePort,
)
from netlint.model.container import (
    Container as Container,
)
from netlint.model.container import (
    ContainerAddress as ContainerAddress,
)
from netlint.model.container import (
    Neighbour as Neighbour,
)
from netlint.model.container import (
    VethPair as VethPair,
)
from netlint.model.daemon import (
    Daemon as Daemon,
)
from netlint.model.daemon import (
    EngineVersion as EngineVersion,
)
from netlint.model.daemon import (
    ExecStart as ExecStart,
)
from netlint.model.daemon import (
    Option as Option,
)
from netlint.model.daemon import (
    Pool as Pool,
)
from netlint.model.daemon import (
    Setting as Setting,
)
from netlint.model.daemon import (
    UnusedDefault as UnusedDefault,
)
from netlint.model.frontends import Firewalld as Firewalld
from netlint.model.frontends import Jail as Jail
from netlint.model.frontends import PortRule as PortRule
from netlint.model.frontends import Ufw as Ufw
from netlint.model.frontends import Zone as Zone
from netlint.model.host import (
    Configured as Configured,
)
from netlint.model.host import (
    Host as Host,
)
from netlint.model.host import (
    InputProblem as InputProblem,
)
from netlint.model.host import (
    Interface as Interface,
)
from netlint.model.host import (
    InterfaceAddress as InterfaceAddress,
)
from netlint.model.host import (
    Listener as Listener,
)
from netlint.model.host import (
    Publication as Publication,
)
from netlint.model.host import (
    Reserved as Reserved,
)
from netlint.model.host import (
    Resolver as Resolver,
)
from netlint.model.host import (
    Route as Route,
)
from netlint.model.host import (
    RoutingRule as RoutingRule,
)
from netlint.model.host import (
    Site as Site,
)
from netlint.model.intents import (
    SCHEMES as SCHEMES,
)
from netlint.model.intents import (
    Intent as Intent,
)
from netlint.model.intents import (
    advertised as advertised,
)
from netlint.model.intents import (
    intents as intents,
)
from netlint.model.intents import (
    is_target as is_target,
)
from netlint.model.intents import (
    listeners as listeners,
)
from netlint.model.located import Located as Located
from netlint.model.netfilter import (
    Chain as Chain,
)
from netlint.model.netfilter import (
    FirewallRule as FirewallRule,
)
from netlint.model.netfilter import (
    Match as Match,
)
from netlint.model.netfilter import (
    NameMatch as NameMatch,
)
from netlint.model.netfilter import (
    PrefixMatch as PrefixMatch,
)
from netlint.model.netfilter import (
    Ruleset as Ruleset,
)
from netlint.model.netfilter import (
    Table as Table,
)
from netlint.model.network import Endpoint as Endpoint
from netlint.model.network import Network as Network
from netlint.model.network import Origin as Origin
from netlint.model.network import Subnet as Subnet
from netlint.model.overlay import Swarm as Swarm
from netlint.model.overlay import Weave as Weave
from netlint.model.ports import (
    Binding as Binding,
)
from netlint.model.ports import (
    Taken as Taken,
)
from netlint.model.ports import (
    collisions as collisions,
)
from netlint.model.ports import (
    listens as listens,
)
from netlint.model.ports import (
    published_ports as published_ports,
)
from netlint.model.ports import (
    takes as takes,
)
from netlint.model.proxies import (
    PROXIES as PROXIES,
)
from netlint.model.proxies import (
    Proxy as Proxy,
)
from netlint.model.proxies import (
    proxied as proxied,
)
from netlint.model.proxies import (
    proxies as proxies,
)
from netlint.model.proxies import (
    serving as serving,
)
from netlint.model.reach import (
    BACKEND_PORTS as BACKEND_PORTS,
)
from netlint.model.reach import (
    Reach as Reach,
)
from netlint.model.reach import (
    container_ports as container_ports,
)
from netlint.model.reach import (
    image_name as image_name,
)
from netlint.model.reach import (
    image_port as image_port,
)
from netlint.model.reach import (
    mentions as mentions,
)
from netlint.model.reach import (
    published_as as published_as,
)
from netlint.model.reach import (
    serves as serves,
)
from netlint.offers import (
    bind_to_loopback as bind_to_loopback,
)
from netlint.offers import (
    leave_host_port_to_engine as leave_host_port_to_engine,
)
from netlint.offers import (
    move_network as move_network,
)
from netlint.offers import (
    reach_instead as reach_instead,
)
from netlint.offers import (
    take_free_address as take_free_address,
)
from netlint.prefix import (
    Address as Address,
)
from netlint.prefix import (
    Prefix as Prefix,
)
from netlint.prefix import (
    parse_address as parse_address,
)
from netlint.prefix import (
    parse_interface as parse_interface,
)
from netlint.prefix import (
    parse_prefix as parse_prefix,
)
from netlint.rule import rule as rule
from netlint.source import Span as Span
from netlint.witness import (
    journey_witness as journey_witness,
)
from netlint.witness import (
    leg_witness as leg_witness,
)
from netlint.witness import (
    unreached_witness as unreached_witness,
)
