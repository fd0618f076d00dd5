/** Networks of the plugin `bridge`, as conflists have them. */
import type { Configuration } from "../call.ts";

export const range = { type: "host-local", subnet: "10.1.2.0/24" };
export const dual = {
  type: "host-local",
  ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]],
};

export const bridge = (keys: object = {}, cniVersion = "1.0.0"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [{ type: "bridge", capabilities: { mac: true, ips: true }, ...keys }],
});
