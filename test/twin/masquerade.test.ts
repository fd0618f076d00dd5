/** Masquerading beside Go's, which writes other rules: what counts is under which address whom sees whom. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins, ourPlugins } from "../plugins/executable.ts";
import { Host, hostAddress, outsideAddress } from "../plugins/host.ts";
import { program } from "../plugins/kernel.ts";
import { ask, type Question, serve } from "../plugins/talk.ts";

const twin = needs("namespaces", `file:${goPlugins}/bridge`, "program:iptables", "program:ip");

const network = (name: string, subnets: readonly string[], keys: object = {}): Configuration => ({
  cniVersion: "1.0.0",
  name,
  plugins: [
    {
      type: "bridge",
      bridge: name,
      isDefaultGateway: true,
      ipMasq: true,
      ipam: { type: "host-local", ranges: subnets.map((subnet) => [{ subnet }]) },
      ...keys,
    },
  ],
});

/** Two networks that masquerade, and one that does not. */
const first = network("first", ["10.1.2.0/24", "fd00:1:2::/64"]);
const second = network("second", ["10.1.3.0/24", "fd00:1:3::/64"]);
const open = network("open", ["10.1.4.0/24"], { ipMasq: false });

/** The same without bridges. */
const routed = (configuration: Configuration): Configuration => ({
  ...configuration,
  plugins: configuration.plugins.map(({ bridge: _, isDefaultGateway: __, ipam, ...keys }) => ({
    ...keys,
    type: "ptp",
    ipam: { ...(ipam as object), routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }] },
  })),
});
const asItIs = (configuration: Configuration): Configuration => configuration;

/** Until a gateway's IPv6 address has been looked for among the neighbours, which Go's is and ours is not, it is mute. */
async function settled(host: Host): Promise<void> {
  while (program(host.namespace, "ip", "-6", "address", "show", "tentative") !== "") await Bun.sleep(50);
}

/** Who sees whom on a host with these plugins, in the order of the questions. */
async function views(plugins: string, form: typeof asItIs): Promise<unknown[]> {
  using host = new Host(plugins);
  const [inFirst, inSecond, inOpen] = [first, second, open].map((each) => host.network(form(each)));
  const [a, b] = [inFirst!.add("a"), inFirst!.add("b")];
  const [c, d] = [inSecond!.add("c"), inOpen!.add("d")];
  program(host.outside, "ip", "route", "add", "10.1.4.0/24", "via", hostAddress.v4);
  await settled(host);
  const seen: unknown[] = [];
  const look = async (from: typeof a, question: Question) => {
    seen.push({
      from: from.id,
      ...question,
      seen: await ask(from.namespace, { patience: 500, ...question }),
    });
  };
  using _outside = await serve(host.outside, { port: 7000, name: "outside" });
  using _outsideUdp = await serve(host.outside, { protocol: "udp", port: 7000, name: "outside" });
  using _host = await serve(host.namespace, { port: 7000, name: "host" });
  using _b = await serve(b.namespace, { port: 7000, name: "b" });
  using _d = await serve(d.namespace, { port: 7000, name: "d" });

  await look(a, { address: outsideAddress.v4, port: 7000 });
  await look(a, { address: outsideAddress.v6, port: 7000 });
  await look(a, { protocol: "udp", address: outsideAddress.v4, port: 7000 });
  await look(a, { protocol: "udp", address: outsideAddress.v6, port: 7000 });
  await look(a, { address: hostAddress.v4, port: 7000 });
  await look(a, { address: "10.1.2.1", port: 7000 });
  await look(a, { address: b.address(4), port: 7000 });
  await look(a, { address: b.address(6), port: 7000 });
  await look(a, { address: d.address(), port: 7000 });
  await look(c, { address: b.address(4), port: 7000 });
  await look(c, { address: b.address(6), port: 7000 });
  await look(c, { address: outsideAddress.v4, port: 7000 });
  await look(d, { address: outsideAddress.v4, port: 7000 });
  await look(d, { address: b.address(4), port: 7000 });

  // Neighbours' rules stay, and an address that is given out again is masqueraded again.
  a.del();
  await look(b, { address: outsideAddress.v4, port: 7000 });
  await look(c, { address: outsideAddress.v6, port: 7000 });
  const again = inFirst!.add("again", { args: "IgnoreUnknown=1;IP=10.1.2.2" });
  await look(again, { address: outsideAddress.v4, port: 7000 });
  for (const each of [b, c, d, again]) each.del();
  return seen;
}

twin.test.each([
  ["bridge", asItIs],
  ["ptp", routed],
])("with %s every packet is seen under the same address as with Go's rules", async (_, form) => {
  const [go, ours] = [await views(goPlugins, form), await views(ourPlugins(), form)];
  expect(ours).toEqual(go);
  expect(ours).toContainEqual({
    from: "a",
    address: outsideAddress.v6,
    port: 7000,
    seen: { from: "outside", client: hostAddress.v6 },
  });
});

twin.test("nothing is left of the rules that name a container after its DEL", () => {
  for (const plugins of [goPlugins, ourPlugins()]) {
    using host = new Host(plugins);
    const a = host.network(first).add("a");
    const naming = () =>
      program(host.namespace, "nft", "list", "ruleset")
        .split("\n")
        .filter((line) => line.includes("10.1.2.2"));
    expect(naming()).not.toEqual([]);
    a.del();
    expect(naming()).toEqual([]);
  }
});
