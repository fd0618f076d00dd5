/** Hundreds of calls at once, from a host that has nothing yet. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { addresses, elements, links, ruleset } from "../plugins/kernel.ts";
import {
  type Call,
  type Command,
  type ContainerCall,
  call,
  type Ending,
  type PrintedResult,
} from "./call.ts";
import { bridge, flatnet, ports } from "./networks.ts";
import { traces } from "./traces.ts";

const live = needs("namespaces", "program:unshare", "program:ip", "program:nft");

const CROWD = 200;

/** Containers of one host, every second of which publishes a port. */
function crowd(host: Host): ContainerCall[] {
  return Array.from({ length: CROWD }, (_, index) => ({
    config: flatnet(host, { runtimeConfig: index % 2 ? ports({ hostPort: 10_000 + index }) : undefined }),
    netns: host.container(),
    id: `c${index}`,
  }));
}

const atOnce = (host: Host, command: Command, calls: readonly Call[]): Promise<Ending[]> =>
  Promise.all(calls.map((made) => call(host, command, made)));

/** What calls ended with, each text once. */
const said = (endings: readonly Ending[]): string[] => [
  ...new Set(endings.map(({ exit, stdout, stderr }) => (exit === 0 ? `fine${stderr}` : stdout))),
];

const results = (endings: readonly Ending[]): PrintedResult[] =>
  endings.map(({ stdout }) => JSON.parse(stdout) as PrintedResult);

const withConfig = (made: ContainerCall, more: object): ContainerCall => ({
  ...made,
  config: { ...made.config, ...more },
});

live.test(
  "two hundred first ADDs, CHECKs and DELs: each for itself works, no address twice, one bridge, nothing left",
  async () => {
    using host = new Host();
    const calls = crowd(host);
    const added = await atOnce(host, "ADD", calls);
    expect(said(added)).toEqual(["fine"]);
    const given = results(added);
    expect(new Set(given.map(({ ips }) => ips![0]!.address)).size).toBe(CROWD);
    expect(links(host.namespace).filter(({ linkinfo }) => linkinfo?.info_kind === "bridge")).toHaveLength(1);
    expect(links(host.namespace).filter(({ master }) => master === "flatnet-br0")).toHaveLength(CROWD);

    const known = calls.map((made, index) => withConfig(made, { prevResult: given[index] }));
    expect(said(await atOnce(host, "CHECK", known))).toEqual(["fine"]);
    // Every third runtime has forgotten the result.
    const removing = known.map((made, index) => (index % 3 ? made : calls[index]!));
    expect(said(await atOnce(host, "DEL", removing))).toEqual(["fine"]);
    expect(traces(host, ...calls.map(({ netns }) => netns))).toEqual([]);
  },
  120_000,
);

live.test(
  "two hundred calls of all kinds together: each does its own, and nothing is left after the last DELs",
  async () => {
    using host = new Host();
    const calls = crowd(host);
    const [old, young] = [calls.slice(0, CROWD / 2), calls.slice(CROWD / 2)];
    const given = results(await atOnce(host, "ADD", old));
    // GC may come while others call, as long as it is told of all that are valid or about to be.
    const valid = calls.map(({ id }) => ({ containerID: id, ifname: "eth0" }));
    const mixed = await Promise.all([
      ...young.map((made) => call(host, "ADD", made)),
      ...old.map((made, index) =>
        index % 2
          ? call(host, "DEL", made)
          : call(host, "CHECK", withConfig(made, { prevResult: given[index] })),
      ),
      ...Array.from({ length: 10 }, () =>
        call(host, "GC", withConfig(calls[0]!, { "cni.dev/valid-attachments": valid })),
      ),
    ]);
    expect(said(mixed)).toEqual(["fine"]);
    expect(said(await atOnce(host, "DEL", calls))).toEqual(["fine"]);
    expect(traces(host, ...calls.map(({ netns }) => netns))).toEqual([]);
  },
  120_000,
);

live.test(
  "a hundred first ADDs of bridge on a fresh host: one bridge, one of each table, and none finds that something exists",
  async () => {
    using host = new Host();
    const ranges = [[{ subnet: "10.9.0.0/24" }], [{ subnet: "fd00:9::/64" }]];
    const config = bridge(host, { ipam: { subnet: undefined, ranges }, hairpinMode: true });
    const calls = Array.from({ length: 100 }, (_, index) => ({
      config,
      netns: host.container(),
      id: `c${index}`,
    }));
    const added = await atOnce(host, "ADD", calls);
    expect(said(added)).toEqual(["fine"]);
    const given = results(added);
    for (const nth of [0, 1]) expect(new Set(given.map(({ ips }) => ips![nth]!.address)).size).toBe(100);
    expect(new Set(given.map(({ interfaces }) => interfaces![0]!.mac)).size).toBe(1);

    const all = links(host.namespace);
    expect(all.filter(({ linkinfo }) => linkinfo?.info_kind === "bridge")).toHaveLength(1);
    expect(all.filter(({ master }) => master === "cni0")).toHaveLength(100);
    expect(addresses(host.namespace, "cni0")).toEqual(["10.9.0.1/24", "fd00:9::1/64"]);
    const tables = ruleset(host.namespace).match(/^table .*flatnet/gm) ?? [];
    expect(tables.sort()).toEqual(["table bridge flatnet", "table inet flatnet"]);
    expect(elements(host.namespace, "masquerade4")).toHaveLength(100);
    expect(elements(host.namespace, "guarded", "bridge flatnet")).toHaveLength(100);

    const known = calls.map((made, index) => withConfig(made, { prevResult: given[index] }));
    expect(said(await atOnce(host, "CHECK", known))).toEqual(["fine"]);
    expect(said(await atOnce(host, "DEL", known))).toEqual(["fine"]);
    expect(traces(host, ...calls.map(({ netns }) => netns))).toEqual([]);
  },
  120_000,
);

live.test("forty containers that want the same port: one gets it, and the others leave nothing", async () => {
  using host = new Host();
  const calls = crowd(host)
    .slice(0, 40)
    .map((made) => withConfig(made, { runtimeConfig: ports({ hostPort: 7777 }) }));
  const endings = await atOnce(host, "ADD", calls);
  expect(endings.filter(({ exit }) => exit === 0)).toHaveLength(1);
  const winner = calls[endings.findIndex(({ exit }) => exit === 0)]!;
  const others = new Set(
    endings.filter(({ exit }) => exit !== 0).map(({ stdout }) => JSON.parse(stdout).msg),
  );
  expect([...others]).toEqual([
    `publish port 0.0.0.0:7777/tcp: it is taken by the container flatnet ${winner.id} eth0; ` +
      "publish another port, or remove that container",
  ]);
  await call(host, "DEL", winner);
  expect(traces(host, ...calls.map(({ netns }) => netns))).toEqual([]);
});
