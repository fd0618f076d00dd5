/** Every version of the CNI specification: what each command does, and how each prints a result. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { Host } from "../host.ts";
import { addresses, ruleset, vethNames } from "../kernel.ts";
import { dualStack, flatnet } from "./configuration.ts";

const live = needs("namespaces", "program:ip", "program:nft");

const address4 = { address: "10.87.1.2/24", gateway: "10.87.1.1" };
const address6 = { address: "fd00:87:1::2/64", gateway: "fd00:87:1::1" };
const routes = [
  { dst: "0.0.0.0/0", gw: "10.87.1.1" },
  { dst: "::/0", gw: "fd00:87:1::1" },
];

/** What each version prints, but for its own number and the interfaces. */
const printed = {
  "0.1.0": {
    ip4: { ip: "10.87.1.2/24", gateway: "10.87.1.1", routes: [routes[0]] },
    ip6: { ip: "fd00:87:1::2/64", gateway: "fd00:87:1::1", routes: [routes[1]] },
    dns: {},
  },
  "0.3.0": {
    ips: [
      { version: "4", interface: 2, ...address4 },
      { version: "6", interface: 2, ...address6 },
    ],
    routes,
    dns: {},
  },
  "1.0.0": {
    ips: [
      { interface: 2, ...address4 },
      { interface: 2, ...address6 },
    ],
    routes,
  },
};

/** Each version with the one that its results look like. */
const versions = [
  ["0.1.0", "0.1.0"],
  ["0.2.0", "0.1.0"],
  ["0.3.0", "0.3.0"],
  ["0.3.1", "0.3.0"],
  ["0.4.0", "0.3.0"],
  ["1.0.0", "1.0.0"],
  ["1.1.0", "1.0.0"],
] as const;

live.describe.each(versions)("CNI %s", (version, shape) => {
  const hasCheck = version >= "0.4.0";
  const hasGc = version === "1.1.0";

  live.test("ADD prints the result in its form, and DEL takes all back", () => {
    using host = new Host();
    const web = host.network(flatnet(dualStack, version)).add("web");
    const { interfaces, ...others } = web.result;
    expect(others as object).toEqual({ cniVersion: version, ...printed[shape] });
    const names = interfaces?.map(({ name }) => name);
    expect(names).toEqual(
      shape === "0.1.0" ? undefined : ["flatnet-br0", expect.stringMatching(/^veth/), "eth0"],
    );
    expect(addresses(web.namespace, "eth0")).toEqual(["10.87.1.2/24", "fd00:87:1::2/64"]);
    web.del();
    expect(vethNames(host.namespace)).toEqual([]);
    expect(host.leases("flatnet")).toEqual([]);
    expect(ruleset(host.namespace)).not.toContain("id: web");
  });

  live.test(hasCheck ? "CHECK compares" : "CHECK is refused", () => {
    using host = new Host();
    const web = host.network(flatnet(dualStack, version)).add("web");
    if (hasCheck) web.check();
    else expect(web.refused("CHECK")).toMatchObject({ code: 1 });
  });

  live.test(hasGc ? "STATUS and GC answer" : "STATUS and GC are refused", () => {
    using host = new Host();
    const network = host.network(flatnet(dualStack, version));
    const web = network.add("web");
    expect(network.status().exit).toBe(hasGc ? 0 : 1);
    if (hasGc) network.gc([web]);
    else expect(() => network.gc([web])).toThrow('"code": 1');
    expect(addresses(web.namespace, "eth0")).toEqual(["10.87.1.2/24", "fd00:87:1::2/64"]);
  });
});

live.test("a version that nobody has is refused before anything is done", () => {
  using host = new Host();
  const { code, details } = host.network(flatnet({}, "1.2.0")).refuse("web");
  expect(code).toBe(1);
  expect(details).toContain("1.1.0");
  expect(host.files()).toEqual({});
});

live.test("without a version a network speaks 0.1.0", () => {
  using host = new Host();
  const web = host.network(flatnet({}, "")).add("web");
  expect(web.result as object).toMatchObject({ cniVersion: "0.1.0", ip4: { ip: "10.87.1.2/24" } });
  web.del();
});
