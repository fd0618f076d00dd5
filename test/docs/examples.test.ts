/** The examples in the documents give the results, the firewall and the words that stand beside them. */
import { expect } from "bun:test";
import { openNetfilter } from "../../netlink/netfilter/index.ts";
import { openRoute } from "../../netlink/route/index.ts";
import { needs } from "../needs.ts";
import type { Configuration, PrintedResult } from "../plugins/call.ts";
import { Host } from "../plugins/host.ts";
import type { AttachmentOptions } from "../plugins/network.ts";
import { isList, jsonSamples, readDocument } from "./documents.ts";

const live = needs("namespaces");
const pageOf = (plugin: string) => readDocument(`docs/plugins/${plugin}.md`);

/** The first network of a plugin's page. */
const exampleOf = (plugin: string): Configuration =>
  jsonSamples(pageOf(plugin)).find(isList) as Configuration;

/** Without what differs from run to run: link-layer addresses and the path of the namespace. */
const lasting = (result: PrintedResult): PrintedResult => ({
  ...result,
  interfaces: (result.interfaces ?? []).map(({ name, sandbox }) => ({
    name,
    mac: "",
    ...(sandbox !== undefined && { sandbox: "" }),
  })),
});

const isResult = (sample: unknown): sample is PrintedResult =>
  typeof sample === "object" && "ips" in (sample ?? {});

const port: AttachmentOptions = {
  runtimeConfig: { portMappings: [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }] },
};

function expectShownResult(plugin: string, prepare?: (host: Host) => void): void {
  using host = new Host();
  prepare?.(host);
  const result = jsonSamples(pageOf(plugin)).find(isResult);
  const attachment = host.network(exampleOf(plugin)).add("web", plugin === "flatnet" ? port : {});
  expect(lasting(attachment.result)).toEqual(lasting(result!));
}

live.test.each([
  "flatnet",
  "bridge",
  "ptp",
  "macvlan",
  "tap",
  "host-local",
  "loopback",
  "sbr",
  "static",
  "tuning",
  "firewall",
  "bandwidth",
])("the example of %s gives the result below it", (plugin) => expectShownResult(plugin));

for (const kind of ["ipvlan", "vlan", "dummy", "vrf"] as const)
  needs("namespaces", `link:${kind}`).test(`the example of ${kind} gives the result below it`, () =>
    expectShownResult(kind),
  );

live.test("the example of host-device gives the result below it", () => {
  expectShownResult("host-device", (host) => {
    using route = openRoute({ namespace: host.namespace });
    route.link.create({ ifname: "eno2", linkinfo: { kind: "veth", data: { peer: { ifname: "far" } } } });
  });
});

live.test("the firewall in the architecture has the sets and chains that the kernel has", () => {
  using host = new Host();
  host.network(exampleOf("flatnet")).add("web", port);
  using netfilter = openNetfilter({ namespace: host.namespace });
  const table = { family: "inet", table: "flatnet" } as const;
  const sets = netfilter.set.list(table).map(({ name }) => name);
  const chains = netfilter.chain.list(table).map(({ name }) => name);
  const sample = readDocument("docs/architecture.md").samples.find(
    ({ language }) => language === "nft",
  )!.text;
  const shown = [...sample.matchAll(/^\t(?:set|map|chain) (\w+) \{$/gm)].map(([, name]) => name);
  expect(shown.sort()).toEqual([...sets, ...chains].sort());
  const rules = netfilter.rule.list(table).length;
  expect(sample.match(/(masquerade|drop|jump \w+|map @\w+)$/gm)).toHaveLength(rules);
});

live.test("the page of bridge has what CHECK says of a lost gateway and route", () => {
  using host = new Host();
  const web = host.network(exampleOf("bridge")).add("web");
  using outer = openRoute({ namespace: host.namespace });
  const { index } = outer.link.get({ ifname: "cni0" });
  outer.address.delete({ index, address: "10.22.0.1", prefixlen: 16 });
  using inner = openRoute({ namespace: web.namespace });
  inner.route.delete({ gateway: "10.22.0.1" });
  expect(jsonSamples(pageOf("bridge"))).toContainEqual(web.refused("CHECK"));
});
