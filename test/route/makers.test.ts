/** The makers of requests ask what iproute2 asks: the same type and flags, and the same bytes where it says no more. */
import { expect, test } from "bun:test";
import { encode, otherKind } from "../../netlink/codec/index.ts";
import { messagesIn, NLM_F } from "../../netlink/message/header.ts";
import type { Request } from "../../netlink/message/request.ts";
import { addAddress, deleteAddress, listAddresses, replaceAddress } from "../../netlink/route/addresses.ts";
import {
  addBridgeVlans,
  deleteBridgeVlans,
  listBridgeLinks,
  setBridgeLink,
} from "../../netlink/route/bridge-links.ts";
import {
  addLinkNames,
  createLink,
  deleteLink,
  deleteLinkNames,
  getLink,
  listLinks,
  setLink,
} from "../../netlink/route/links.ts";
import { getNamespaceId, listNamespaceIds, setNamespaceId } from "../../netlink/route/namespace-ids.ts";
import {
  addNeighbour,
  appendNeighbour,
  changeNeighbour,
  deleteNeighbour,
  getNeighbour,
  listNeighbours,
  replaceNeighbour,
} from "../../netlink/route/neighbours.ts";
import {
  addRoute,
  appendRoute,
  changeRoute,
  deleteRoute,
  getRoute,
  listRoutes,
  replaceRoute,
} from "../../netlink/route/routes.ts";
import { addRule, deleteRule, listRules } from "../../netlink/route/rules.ts";
import { redirectTo } from "../../netlink/route/tc/action/index.ts";
import { policing } from "../../netlink/route/tc/action/police.ts";
import { deleteClass, listClasses } from "../../netlink/route/tc/classes.ts";
import { everyPacket } from "../../netlink/route/tc/filter/u32.ts";
import { addFilter, deleteFilters, getFilter, listFilters } from "../../netlink/route/tc/filters.ts";
import { hooks } from "../../netlink/route/tc/handle.ts";
import { USUAL_TICKS } from "../../netlink/route/tc/psched.ts";
import { type TokenBucket, tokenBucket } from "../../netlink/route/tc/qdisc/tbf.ts";
import {
  addQdisc,
  changeQdisc,
  deleteQdisc,
  listQdiscs,
  replaceQdisc,
} from "../../netlink/route/tc/qdiscs.ts";
import { fixture } from "../fixtures.ts";

const mac = "02:00:00:00:00:05";
const ten = { dst: "10.5.0.0", dstLen: 24 };

const root = { index: 3, handle: "1:", parent: "root" };
const tbf = (bucket: TokenBucket) => ({ kind: "tbf", options: tokenBucket(bucket, USUAL_TICKS) }) as const;
const classic = { index: 3, parent: "ffff:", protocol: "all", prio: 1 } as const;
const policed = {
  kind: "police",
  options: policing({ rate: 1e6, burst: 204_800 }, "shot", USUAL_TICKS),
} as const;

const requests: Readonly<Record<string, Request>> = {
  "link-veth-create": createLink({
    ifname: "v0",
    linkinfo: { kind: "veth", data: { peer: { ifname: "v1" } } },
  }),
  "link-veth-create-with-addresses-and-mtu": createLink({
    mtu: 1400,
    address: "02:00:00:00:00:01",
    ifname: "v0",
    linkinfo: {
      kind: "veth",
      data: { peer: { mtu: 1400, address: "02:00:00:00:00:02", ifname: "v1" } },
    },
  }),
  "link-veth-create-with-peer-in-named-namespace": createLink({
    ifname: "v0",
    linkinfo: { kind: "veth", data: { peer: { netNsFd: 4, ifname: "eth0" } } },
  }),
  "link-veth-create-with-chosen-indexes": createLink({
    index: 100,
    ifname: "v0",
    linkinfo: { kind: "veth", data: { peer: { index: 200, ifname: "v1" } } },
  }),
  "link-ifb-create": createLink({ ifname: "ifb0", linkinfo: { kind: otherKind("ifb") } }),
  "bridge-create-up-with-mtu-and-address": createLink({
    flags: ["up"],
    mtu: 1450,
    address: "02:00:00:00:00:b0",
    ifname: "br0",
    linkinfo: { kind: "bridge", data: { forwardDelay: 0 } },
  }),
  "bridge-set-ageing-time": setLink({
    index: 2,
    linkinfo: { kind: "bridge", data: { ageingTime: 0, stpState: 0 } },
  }),
  "bridge-flush-forwarding-table": setLink({
    index: 2,
    linkinfo: { kind: "bridge", data: { fdbFlush: true } },
  }),
  "link-set-up": setLink({ index: 3, flags: ["up"] }),
  "link-set-down": setLink({ index: 3, flags: [], change: ["up"] }),
  "link-set-promiscuous-on": setLink({ index: 3, flags: ["promisc"] }),
  "link-set-name": setLink({ index: 3, ifname: "eth0" }),
  "link-set-master": setLink({ index: 4, master: 2 }),
  "link-set-nomaster": setLink({ index: 4, master: 0 }),
  "link-set-namespace-and-name": setLink({ index: 3, netNsFd: 4, ifname: "eth0" }),
  "link-set-alias": setLink({ index: 3, ifalias: "the first end" }),
  "link-set-alias-removed": setLink({ index: 3, ifalias: "" }),
  "link-set-address-generation-none": setLink({
    index: 3,
    afSpec: { inet6: { addrGenMode: "none" } },
  }),
  "link-set-xdp-off": setLink({ index: 3, xdp: { fd: -1, flags: ["updateIfNoexist", "skbMode"] } }),
  "link-delete": deleteLink({ index: 3 }),
  "link-alternative-names-add": addLinkNames({ index: 3 }, ["a-name-longer-than-fifteen", "another"]),
  "link-alternative-name-delete": deleteLinkNames({ index: 3 }, ["another"]),
  "link-get-by-name": getLink({ extMask: ["vf", "skipStats"], ifname: "v0" }),

  "bridge-port-set-hairpin-by-setlink": setBridgeLink({ index: 4, protinfo: { mode: true } }),
  "bridge-port-set-isolated-by-setlink": setBridgeLink({
    index: 4,
    protinfo: { neighSuppress: true, isolated: true },
  }),
  "bridge-vlan-add": addBridgeVlans(4, { vlanInfo: [{ flags: ["pvid", "untagged"], vid: 10 }] }),
  "bridge-vlan-add-on-the-bridge": addBridgeVlans(2, {
    flags: ["self"],
    vlanInfo: [{ flags: [], vid: 10 }],
  }),
  "bridge-vlan-delete": deleteBridgeVlans(4, { vlanInfo: [{ flags: [], vid: 1 }] }),
  "bridge-vlan-list": listBridgeLinks({ extMask: ["brvlan"] }),

  "address-add-v4": addAddress({ index: 3, address: "10.1.2.3", prefixlen: 24 }),
  "address-add-v4-of-scope-host": addAddress({ index: 1, address: "127.0.0.9" }),
  "address-add-v4-with-peer": addAddress({ index: 3, local: "10.1.2.3", address: "10.1.2.4" }),
  "address-add-v6": addAddress({ index: 3, address: "fd00::3", prefixlen: 64 }),
  "address-replace-v4": replaceAddress({ index: 3, address: "10.1.2.3", prefixlen: 24 }),
  "address-delete-v6": deleteAddress({ index: 3, address: "fd00::1", prefixlen: 64 }),
  "address-list-v4-of-a-link": listAddresses({ family: "inet", index: 3 }),
  "address-list-of-both-families": listAddresses(),

  "route-add-default": addRoute({ gateway: "10.0.0.254" }),
  "route-add-default-v6": addRoute({ gateway: "fd00::fe", oif: 3 }),
  "route-add-in-table-100": addRoute({ gateway: "10.0.0.254", oif: 3, table: 100 }),
  "route-add-in-table-1000": addRoute({ ...ten, gateway: "10.0.0.2", table: 1000 }),
  "route-add-of-scope-link": addRoute({ ...ten, prefsrc: "10.0.0.1", oif: 3 }),
  "route-add-local": addRoute({ type: "local", dst: "10.5.0.1", oif: 1 }),
  "route-add-blackhole": addRoute({ ...ten, type: "blackhole" }),
  "route-add-onlink": addRoute({ ...ten, gateway: "192.168.9.1", oif: 3, flags: ["onlink"] }),
  "route-add-with-mtu-and-advertised-segment": addRoute({
    ...ten,
    gateway: "10.0.0.2",
    metrics: { mtu: 1400, advmss: 1360 },
  }),
  "route-add-with-several-next-hops": addRoute({
    ...ten,
    multipath: [
      { gateway: "10.0.0.2", ifindex: 3, hops: 1 },
      { gateway: "10.0.0.3", ifindex: 3, hops: 9 },
    ],
  }),
  "route-add-v6-with-preference": addRoute({
    dst: "fd05::",
    dstLen: 64,
    gateway: "fd00::2",
    pref: "high",
    oif: 3,
  }),
  "route-replace": replaceRoute({ ...ten, gateway: "10.0.0.2" }),
  "route-change": changeRoute({ ...ten, gateway: "10.0.0.3" }),
  "route-append": appendRoute({ ...ten, gateway: "10.0.0.3" }),
  "route-delete": deleteRoute(ten),
  "route-delete-v6": deleteRoute({ dst: "fd05::", dstLen: 64 }),
  "route-delete-by-gateway-and-table": deleteRoute({ gateway: "10.0.0.254", oif: 3, table: 100 }),
  "route-get-v4": getRoute({ dst: "1.1.1.1" }),
  "route-get-v6": getRoute({ dst: "fd00::9" }),
  "route-list-of-main-table": listRoutes({ family: "inet", table: "main" }),
  "route-list-of-link-and-protocol": listRoutes({
    family: "inet",
    protocol: "openr",
    table: "main",
    oif: 3,
  }),

  "rule-add-from-source": addRule({ src: "10.5.0.1", priority: 50, table: 100 }),
  "rule-add-from-source-prefix": addRule({
    src: "10.5.0.0",
    srcLen: 24,
    table: 1000,
    priority: 50,
  }),
  "rule-add-by-layer-3-master": addRule({ l3mdev: true, priority: 50 }),
  "rule-add-goto": addRule({ priority: 50, goto: 32766 }),
  "rule-add-suppressing-default-route": addRule({ suppressPrefixlen: 0, priority: 50 }),
  "rule-add-v6-from-source": addRule({ src: "fd05::1", priority: 50, table: 100 }),
  "rule-delete-by-source": deleteRule({ src: "10.5.0.1", table: 100 }),
  "rule-list-v6": listRules({ family: "inet6" }),

  "neighbour-add-permanent": addNeighbour({ index: 3, dst: "10.0.0.5", lladdr: mac }),
  "neighbour-add-proxy": addNeighbour({ index: 3, dst: "10.0.0.6", flags: ["proxy"] }),
  "neighbour-replace": replaceNeighbour({ index: 3, dst: "10.0.0.5", lladdr: mac }),
  "neighbour-change": changeNeighbour({ index: 3, dst: "10.0.0.5", lladdr: "02:00:00:00:00:06" }),
  "neighbour-get": getNeighbour({ index: 3, dst: "10.0.0.5" }),
  "neighbour-list-of-a-link": listNeighbours({ ifindex: 3 }),
  "neighbour-list-proxies": listNeighbours({ flags: ["proxy"] }),
  "forwarding-add-static": addNeighbour({
    index: 4,
    lladdr: mac,
    flags: ["master"],
    state: ["reachable", "noarp"],
  }),
  "forwarding-append-with-vlan": appendNeighbour({
    index: 4,
    lladdr: mac,
    flags: ["master"],
    state: ["reachable", "noarp"],
    vlan: 10,
  }),
  "forwarding-get": getNeighbour({ family: "bridge", index: 4, lladdr: mac, flags: ["master"] }),
  "forwarding-list-of-a-bridge": listNeighbours({ family: "bridge", master: 2 }),

  "qdisc-add-tbf": addQdisc({ ...root, ...tbf({ rate: 1e6, burst: 204_800, limit: 229_800 }) }),
  "qdisc-add-tbf-of-odd-rate": addQdisc({ ...root, ...tbf({ rate: 1543, burst: 4567, limit: 8901 }) }),
  "qdisc-replace-tbf": replaceQdisc({ ...root, ...tbf({ rate: 2e6, burst: 204_800, limit: 409_600 }) }),
  "qdisc-change-tbf": changeQdisc({ ...root, ...tbf({ rate: 2e6, burst: 204_800, limit: 409_600 }) }),
  "qdisc-add-clsact": addQdisc({ index: 3, handle: "ffff:", parent: hooks.qdisc, kind: "clsact" }),
  "qdisc-add-pfifo": addQdisc({ ...root, handle: "2:", kind: "pfifo", options: { limit: 50 } }),
  "qdisc-delete-root": deleteQdisc({ index: 3, parent: "root" }),
  "qdisc-list-with-invisible": listQdiscs({ dumpInvisible: true }),
  "class-delete": deleteClass({ index: 3, handle: "1:1" }),
  "class-list": listClasses({ index: 3 }),
  "filter-add-u32-redirecting": addFilter({
    ...classic,
    kind: "u32",
    options: { classid: "1:1", act: [redirectTo(2)], sel: everyPacket },
  }),
  "filter-add-matchall-policing": addFilter({
    ...classic,
    parent: hooks.ingress,
    kind: "matchall",
    options: { act: [policed] },
  }),
  "filter-delete-of-priority": deleteFilters({ ...classic, parent: hooks.ingress }),
  "filter-get": getFilter({ ...classic, handle: 0x80000800, kind: "u32" }),
  "filter-list": listFilters({ index: 3, parent: "ffff:" }),

  "namespace-id-set": setNamespaceId({ fd: 6, nsid: 7 }),
  "namespace-id-set-automatic": setNamespaceId({ fd: 6 }),
  "namespace-id-get-by-descriptor": getNamespaceId({ fd: 6 }),
  "namespace-id-list": listNamespaceIds(),
};

test.each(Object.entries(requests))("%s", (name, { type, flags, codec, body }) => {
  const [captured] = messagesIn(fixture("route", name).bytes).messages;
  expect(type).toBe(captured!.type);
  const ours = flags | NLM_F.request;
  // A question is answered anyway: iproute2 asks for an ack behind the answer as well.
  expect(flags & NLM_F.ack ? ours : ours | (captured!.flags & NLM_F.ack)).toBe(captured!.flags);
  expect(encode(codec, body).toHex()).toBe(captured!.body.toHex());
});

test("what iproute2 says besides does not matter to what is asked", () => {
  // It repeats state and header flags of an entry where deleting looks only at the address.
  const deletion = deleteNeighbour({ index: 3, dst: "10.0.0.5" });
  expect(deletion.body).toEqual({ family: "inet", index: 3, dst: "10.0.0.5" });
  expect(listLinks({ kind: "bridge" }).body).toEqual({ linkinfo: { kind: otherKind("bridge") } });
});
