/** Networks of `bridge` with host-local, and what somebody else may have made before. */
import type { Configuration } from "../plugins/call.ts";
import type { Intervention } from "./play.ts";

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

/** A bridge that somebody made, with an address. */
export const madeBridge = (...addresses: string[]): Intervention => ({
  in: "host",
  run: [
    "ip link add cni0 address 02:00:00:00:00:42 type bridge",
    "ip link set cni0 mtu 1450 up",
    ...addresses.map((address) => `ip address add ${address} dev cni0`),
  ].join("; "),
});
