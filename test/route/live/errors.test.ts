/** What the kernel says to requests that it refuses: the errno, its sentence, and the attribute it means. */
import { expect } from "bun:test";
import { otherKind } from "../../../netlink/codec/index.ts";
import { needs } from "../../needs.ts";
import { joinedWorld, refusal } from "./world.ts";

const { test } = needs("namespaces");

type Place = ReturnType<typeof joinedWorld>["container"];
type Refusal = { operation: string; code: string; said?: string; at?: string };

/** Each is asked in a namespace with the link `eth0`, of index 2, with the addresses 10.1.0.2/16 and fd01::2/64. */
const refused: [string, (place: Place) => unknown, Refusal][] = [
  [
    "a name that is taken",
    ({ link }) => link.create({ ifname: "eth0", linkinfo: { kind: "bridge" } }),
    { operation: "link.create eth0", code: "EEXIST" },
  ],
  [
    "a name that is too long",
    ({ link }) => link.create({ ifname: "longer-than-fifteen", linkinfo: { kind: "bridge" } }),
    {
      operation: "link.create longer-than-fifteen",
      code: "ERANGE",
      said: "Attribute failed policy validation",
      at: "ifname",
    },
  ],
  [
    "an unknown kind",
    ({ link }) => link.create({ ifname: "x0", linkinfo: { kind: otherKind("nonsense") } }),
    { operation: "link.create x0", code: "EOPNOTSUPP", said: "Unknown device type" },
  ],
  [
    "an mtu below the least",
    ({ link }) => link.set({ ifname: "eth0", mtu: 10 }),
    { operation: "link.set eth0", code: "EINVAL", said: "mtu less than device minimum" },
  ],
  [
    "an option of a bridge that is out of range",
    ({ link }) => link.create({ ifname: "b", linkinfo: { kind: "bridge", data: { helloTime: 1 } } }),
    { operation: "link.create b", code: "ERANGE" },
  ],
  [
    "a link that is not there",
    ({ link }) => link.get({ index: 99 }),
    { operation: "link.get 99", code: "ENODEV" },
  ],
  [
    "an address that is there",
    ({ address }) => address.add({ index: 2, address: "10.1.0.2", prefixlen: 16 }),
    {
      operation: "address.add 10.1.0.2/16 dev 2",
      code: "EEXIST",
      said: "ipv4: Address already assigned",
    },
  ],
  [
    "an address of a link that is not there",
    ({ address }) => address.list({ index: 99 }),
    { operation: "address.list", code: "ENODEV" },
  ],
  [
    "an address that is not there",
    ({ address }) => address.delete({ index: 2, address: "10.9.9.9" }),
    { operation: "address.delete 10.9.9.9/32 dev 2", code: "EADDRNOTAVAIL", said: "ipv4: Address not found" },
  ],
  [
    "a label that is not the link's name",
    ({ address }) => address.add({ index: 2, address: "10.2.0.1", label: "much-too-long-a-label" }),
    {
      operation: "address.add 10.2.0.1/32 dev 2",
      code: "ERANGE",
      said: "Attribute failed policy validation",
      at: "label",
    },
  ],
  [
    "a gateway that is not reached",
    ({ route }) => route.add({ gateway: "192.168.9.9" }),
    {
      operation: "route.add 0.0.0.0/0 via 192.168.9.9",
      code: "ENETUNREACH",
      said: "Nexthop has invalid gateway",
    },
  ],
  [
    "a congestion control that is not there",
    ({ route }) => route.add({ dst: "10.5.0.0", dstLen: 24, oif: 2, metrics: { ccAlgo: "nonsense" } }),
    {
      operation: "route.add 10.5.0.0/24 dev 2",
      code: "EINVAL",
      said: "Unknown tcp congestion algorithm",
    },
  ],
  [
    "a table that is not there",
    ({ route }) => route.list({ family: "inet", table: 777 }),
    { operation: "route.list", code: "ENOENT", said: "ipv4: FIB table does not exist" },
  ],
  [
    "a route that is not there",
    ({ route }) => route.delete({ dst: "10.5.0.0", dstLen: 24, table: 777 }),
    { operation: "route.delete 10.5.0.0/24 table 777", code: "ESRCH", said: "FIB table does not exist" },
  ],
  [
    "a rule that is not there",
    ({ rule }) => rule.delete({ priority: 77 }),
    { operation: "rule.delete from all to all priority 77", code: "ENOENT" },
  ],
  [
    "a neighbour that is not there",
    ({ neighbour }) => neighbour.delete({ index: 2, dst: "10.1.0.77" }),
    { operation: "neighbour.delete 10.1.0.77 dev 2", code: "ENOENT" },
  ],
  [
    "an id for a namespace that has one",
    ({ namespaceId, namespace: { fd } }) => {
      namespaceId.set({ fd, nsid: 1 });
      namespaceId.set({ fd, nsid: 2 });
    },
    {
      operation: "namespaceId.set fd 0 nsid 2",
      code: "EEXIST",
      said: "Peer netns already has a nsid assigned",
      at: "fd",
    },
  ],
];

test.each(refused)("%s", (_, act, expected) => {
  using w = joinedWorld();
  expect(w.eth0).toBe(2);
  const { operation, ...reported } = refusal(() => act(w.container));
  const anyDescriptor = (text: string): string => text.replace(/fd \d+/, "fd 0");
  // Kernels before 6.3 have no sentence for all of them.
  const { said, ...plain } = expected;
  expect({ operation: anyDescriptor(operation), ...reported }).toEqual(reported.said ? expected : plain);
});
