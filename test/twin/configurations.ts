/** Networks of `bridge` with host-local, what somebody else may have made before, and what mostly happens. */
import type { Configuration } from "../plugins/call.ts";
import { add, check, del, type Intervention, look } from "./play.ts";

export const bridge = (keys: object, cniVersion = "1.0.0", name = "net"): Configuration => ({
  cniVersion,
  name,
  plugins: [{ type: "bridge", capabilities: { mac: true, ips: true }, ...keys }],
});

export const v4 = { type: "host-local", subnet: "10.1.2.0/24" };
export const v6 = { type: "host-local", subnet: "fd00:1:2::/64" };
export const dual = {
  type: "host-local",
  ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]],
};

/** Waits until the kernel has given a bridge that is left its own IPv6 address. */
export const bridgeSettled: Intervention = {
  in: "host",
  run: [
    "for try in $(seq 100); do",
    "  ip link show cni0 >/dev/null 2>&1 || break",
    "  ip -6 route show dev cni0 | grep -q fe80 && break",
    "  sleep 0.05",
    "done",
  ].join("\n"),
};

/** A bridge that somebody made and that looks at VLANs. */
export const filteringBridge: Intervention = {
  in: "host",
  run: "ip link add cni0 address 02:00:00:00:00:42 type bridge vlan_filtering 1; ip link set cni0 mtu 1450 up",
};

/** A bridge that somebody made, with an address. */
export const madeBridge = (...addresses: string[]): Intervention => ({
  in: "host",
  run: [
    "ip link add cni0 address 02:00:00:00:00:42 type bridge",
    "ip link set cni0 mtu 1450 up",
    ...addresses.map((address) => `ip address add ${address} dev cni0`),
  ].join("; "),
});

/** Two containers come, are looked at, and go. */
export const comeAndGo = [
  add("a"),
  add("b"),
  look,
  check("a"),
  check("b"),
  del("a"),
  look,
  del("b"),
  del("b"),
  look,
] as const;
