/** `static` beside Debian's Go plugin of that name, each as a program of its own. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { bridge } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, del, differences, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/static`, `file:${goPlugins}/bridge`, "program:ip");

const network = (ipam: object | undefined, more: object = {}, cniVersion = "1.0.0"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [
    {
      type: "static",
      capabilities: { ips: true },
      ...(ipam && { ipam: { type: "static", ...ipam } }),
      ...more,
    },
  ],
});

const four = { address: "10.1.2.3/24", gateway: "10.1.2.1" };
const six = { address: "2001:DB8:1::3/64", gateway: "2001:db8:1::1" };
const all = {
  addresses: [four, six],
  routes: [
    { dst: "0.0.0.0/0" },
    { dst: "192.168.7.9/16", gw: "10.1.2.9" },
    { dst: "192.168.0.0/16", gw: "10.1.2.10" },
    { dst: "2001:DB8:9:0::/64" },
  ],
  dns: { nameservers: ["10.1.2.53"], domain: "example.com", search: ["a.example"], options: ["ndots:5"] },
};
const twice = { addresses: [four, { address: "10.1.3.3/24" }] };

const steps = [add("a"), check("a"), add("b"), del("a"), del("a"), look] as const;
const refused = [add("a", { refused: true })] as const;

/** Where the addresses can come from. */
const args = (...ips: string[]) => ({ args: { cni: { ips } } });
const asked = (...ips: string[]) => ({ runtimeConfig: { ips } });

const scenarios: Record<string, Scenario> = {
  "addresses, routes, resolver settings": { network: network(all), steps },
  "no version": { network: network(all, {}, ""), steps: [add("a"), del("a")] },
  "0.2.0": { network: network(all, {}, "0.2.0"), steps: [add("a"), del("a")] },
  "0.3.1": { network: network(all, {}, "0.3.1"), steps: [add("a"), check("a", { refused: true }), del("a")] },
  "0.4.0": { network: network(all, {}, "0.4.0"), steps },
  "no address at all": { network: network({}), steps },
  "no address, which 0.2.0 cannot say": { network: network({}, {}, "0.2.0"), steps: refused },
  "addresses of a form that another program wrote": {
    network: network({
      addresses: [
        { address: "::ffff:10.9.0.1/120", gateway: "::ffff:10.9.0.254" },
        { address: "fd00:0:0:0::1/64", gateway: "" },
      ],
      routes: [{ dst: "::ffff:10.8.0.0/112", gw: "::ffff:10.9.0.254" }],
    }),
    steps,
  },
  "a gateway of the other family, and an address twice": {
    network: network({ addresses: [{ ...four, gateway: "fd00::1" }, four] }),
    steps: [add("a")],
  },
  "one address by CNI_ARGS": {
    network: network({}),
    steps: [
      add("a", { args: "IP=10.5.0.1/16;GATEWAY=10.5.0.254" }),
      check("a"),
      add("b", { args: "IgnoreUnknown=1;K8S_POD_NAME=x;IP=fd00::7/64" }),
      add("c", { args: "IP=" }),
      add("d", { args: "GATEWAY=10.1.2.1" }),
    ],
  },
  "several addresses by CNI_ARGS, beside the configured": {
    network: network(all),
    steps: [
      add("a", {
        args: "IP=10.5.0.1/16, 10.6.0.1/16,fd00::7/64;GATEWAY=fd00::1,10.5.0.9, 10.5.0.10,10.1.2.9",
      }),
      check("a"),
    ],
  },
  "addresses by args.cni in place of the configured": {
    network: network(all, args("10.7.0.1/16", "fd00::7/64")),
    steps: [add("a"), check("a"), add("b", { args: "IP=10.5.0.1/16" })],
  },
  "an empty list by args.cni": { network: network(all, args()), steps },
  "addresses by runtimeConfig in place of all": {
    network: network(all, args("10.7.0.1/16")),
    steps: [
      add("a", { args: "IP=10.5.0.1/16;GATEWAY=10.5.0.9", ...asked("10.8.0.1/16", "fd00::8/64") }),
      add("b", asked()),
    ],
  },
  "as IPAM of bridge": {
    network: bridge({
      isGateway: true,
      ipam: { type: "static", addresses: [four], routes: [{ dst: "0.0.0.0/0" }] },
    }),
    steps: [add("a"), check("a"), look, del("a"), look],
  },
  "two addresses of a family for 0.2.0": {
    network: network(twice, {}, "0.2.0"),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "two addresses of a family for no version": {
    network: network(twice, {}, ""),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "no ipam": { network: network(undefined), steps: [...refused, del("a")], shows: ["invalidConfig"] },
  "an address without prefix": {
    network: network({ addresses: [{ address: "10.1.2.3" }] }),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "an address that is not there": {
    network: network({ addresses: [{}] }),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "a gateway that is none": {
    network: network({ addresses: [{ ...four, gateway: "x" }] }),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "an address without prefix by args.cni": {
    network: network(all, args("10.1.2.3")),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "an address without prefix by runtimeConfig": {
    network: network(all),
    steps: [add("a", { ...asked("10.1.2.3"), refused: true })],
    shows: ["invalidConfig"],
  },
  "arguments that cannot be read": {
    network: network(all),
    steps: [
      "IP=10.1.2.3",
      "IP=10.5.0.1/16,",
      "IP=10.5.0.1/33",
      "IP=10.5.0.1/16;GATEWAY=x",
      "FOO=1",
      "IP=10.5.0.1/16;",
    ].map((text) => add("a", { args: text, refused: true })),
    shows: ["invalidArguments"],
  },
};

twin.describe("static does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
