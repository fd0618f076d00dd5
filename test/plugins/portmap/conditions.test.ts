/** Ports that only some packets find: whom they lead to, and what is left of the conditions. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { Host, hostAddress, outsideAddress } from "../host.ts";
import { program } from "../kernel.ts";
import { ask, serve } from "../talk.ts";
import { BOTH, network, portmap, publishing, web } from "./configuration.ts";

const live = needs("namespaces", "program:nft", "program:ip");

const at = (address: string, from: Host["namespace"]) => ask(from, { address, port: 8080, patience: 200 });

/** The names of the sets that conditions have. */
const conditional = (host: Host): string[] =>
  [
    ...program(host.namespace, "nft", "list", "table", "inet", "flatnet").matchAll(/map (\w+ports[46]_\w+)/g),
  ].map(([, name = ""]) => name);

const rules = (host: Host): string[] =>
  program(host.namespace, "nft", "list", "chain", "inet", "flatnet", "conditions").match(/dnat .*/g) ?? [];

live.test(
  "one port leads where each asker's condition says, and others to whoever has it for all",
  async () => {
    using host = new Host();
    const place = (name: string, third: number) => ({ name, subnets: [`10.1.${third}.0/24`] });
    const [outside, inner, all] = [
      host.network(network({ conditionsV4: [`ip saddr ${outsideAddress.v4}`] }, place("outside", 2))),
      host.network(network({ conditionsV4: ["-i", "br-inner"] }, place("inner", 3))),
      host.network(network({}, place("all", 4))),
    ];
    const containers = [outside, inner, all].map((net) => net.add("web", publishing(web())));
    const names = ["outside", "inner", "all"];
    using servers = new DisposableStack();
    for (const [nth, { namespace }] of containers.entries())
      servers.use(await serve(namespace, { port: 80, name: names[nth]! }));
    const neighbour = inner.add("neighbour");
    expect(await at(hostAddress.v4, host.outside)).toMatchObject({ from: "outside" });
    expect(await at(hostAddress.v4, neighbour.namespace)).toMatchObject({ from: "inner" });
    expect(await at(hostAddress.v4, host.namespace)).toMatchObject({ from: "all" });
    expect(await at("127.0.0.1", host.namespace)).toMatchObject({ from: "all" });
    for (const container of containers) container.check();
  },
);

live.test("networks with the same words share their rules, which go with the last port", () => {
  using host = new Host();
  const words = { conditionsV4: ["-s", "10.0.0.0/8"] };
  const one = host.network(network(words));
  const two = host.network(network(words, { name: "two", subnets: ["10.1.3.0/24"] }));
  const first = one.add("first", publishing(web()));
  const second = two.add(
    "second",
    publishing(web({ hostPort: 9090 }), web({ hostPort: 9091, hostIP: hostAddress.v4 })),
  );
  expect(conditional(host)).toHaveLength(2);
  expect(rules(host)).toHaveLength(2);
  expect(two.container("third", publishing(web())).refused("ADD").msg).toContain(
    "taken by the container net first",
  );
  first.del();
  expect(conditional(host)).toHaveLength(2);
  second.check();
  // Nothing but the attachment is known.
  const bare = host.network({ ...two.configuration, plugins: [portmap()] });
  bare.container("second", { namespace: second.namespace }).del();
  expect(conditional(host)).toEqual([]);
  expect(rules(host)).toEqual([]);
});

live.test("GC takes ports with conditions, and the conditions with them", () => {
  using host = new Host();
  const net = host.network(
    network({ conditionsV4: ["-s", "10.0.0.0/8"], conditionsV6: ["-p", "tcp"] }, { subnets: BOTH }),
  );
  net.add("web", publishing(web()));
  expect(conditional(host)).toHaveLength(4);
  net.gc([]);
  expect(conditional(host)).toEqual([]);
});

live.test("CHECK names the rules of a condition that are missing", () => {
  using host = new Host();
  const container = host
    .network(network({ conditionsV4: ["-s", "10.0.0.0/8"] }))
    .add("web", publishing(web()));
  program(host.namespace, "nft", "flush chain inet flatnet conditions");
  expect(container.refused("CHECK").msg).toContain('the condition "-s 10.0.0.0/8" has 0 of 2 rules');
});

live.test("words that are not understood are refused by ADD and STATUS, and do not keep DEL", () => {
  using host = new Host();
  const good = host.network(network({ conditionsV4: ["-s", "10.0.0.0/8"] }));
  const container = good.add("web", publishing(web()));
  const bad = host.network({ ...network(), plugins: [portmap({ conditionsV4: ["-m", "set"] })] });
  expect(JSON.parse(bad.status().stdout)).toMatchObject({
    code: 7,
    msg: expect.stringContaining('"-m set"'),
  });
  expect(() => bad.container("other", publishing(web())).addTo(container.result)).toThrow("-m set");
  bad.container("web", { namespace: container.namespace }).del();
  expect(conditional(host)).toEqual([]);
});
