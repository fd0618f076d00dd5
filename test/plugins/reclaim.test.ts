/** Leases that nobody gave back: taken when they are provably dead, never while a doubt is left, whoever wrote them. */
import { expect } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { openRoute } from "../../netlink/route/index.ts";
import { needs } from "../needs.ts";
import { type Configuration, callPlugin } from "./call.ts";
import { goPlugins, ourPlugins } from "./executable.ts";
import { Host } from "./host.ts";
import type { Attachment, Network } from "./network.ts";

const live = needs("namespaces");
const twin = needs("namespaces", `file:${goPlugins}/host-local`, `file:${goPlugins}/bridge`);

/** Room for three containers. */
const range = { subnet: "10.1.2.0/24", rangeStart: "10.1.2.2", rangeEnd: "10.1.2.4" };

const network = (ipam: object = {}, type = "host-local"): Configuration => ({
  cniVersion: "1.1.0",
  name: "net",
  plugins: [{ type, ipam: { type: "host-local", ...range, ...ipam } }],
});
/** The same, as the Go plugins can read it. */
const older = (configuration: Configuration): Configuration => ({ ...configuration, cniVersion: "1.0.0" });

const HOUR = 3_600_000;

/** A host whose range is used up by containers `a`, `b` and `c`, in a boot that began a while before. */
function fullHost(plugins = ourPlugins(), type = "host-local") {
  const host = new Host(plugins);
  const boot = host.reboot();
  Bun.sleepSync(100);
  const attachments = [..."abc"].map((id) => host.network(older(network({}, type))).add(id));
  host.plugins = ourPlugins();
  Bun.sleepSync(100);
  return { host, boot, attachments };
}

const address = (attachment: Attachment) => attachment.address();
const adds = (net: Network, ...ids: string[]) => ids.map((id) => address(net.add(id)));

live.describe("after a restart of the machine without DEL", () => {
  live.test("new containers get the addresses of the old ones", () => {
    using host = fullHost().host;
    host.reboot();
    const net = host.network(network());
    expect(net.status().exit).toBe(0);
    expect(adds(net, "d", "e", "f").sort()).toEqual(["10.1.2.2", "10.1.2.3", "10.1.2.4"]);
    expect(net.refuse("g").msg).toContain("all addresses are taken: 3 of 3 by containers");
    expect(net.status().exit).toBe(1);
  });

  live.test("the old containers start again under their ids", () => {
    using host = fullHost().host;
    host.reboot();
    expect(adds(host.network(network()), "b", "a").sort()).toEqual(["10.1.2.2", "10.1.2.3"]);
  });

  live.test("an address that a container always asks for is its own again", () => {
    using host = fullHost().host;
    host.reboot();
    const net = host.network(network());
    expect(address(net.add("c", { args: "IP=10.1.2.3" }))).toBe("10.1.2.3");
    expect(net.refuse("d", { args: "IP=10.1.2.3" }).msg).toContain("held by eth0 of container c");
  });

  live.test("nothing is taken with `reclaim` none", () => {
    using host = fullHost().host;
    host.reboot();
    const net = host.network(network({ reclaim: "none" }));
    expect(net.status().exit).toBe(1);
    for (const id of ["a", "d"]) net.refuse(id);
    net.refuse("a", { args: "IP=10.1.2.3" });
    expect(host.leases("net")).toEqual(["10.1.2.2", "10.1.2.3", "10.1.2.4"]);
  });

  live.test("an empty file is free again, and a word keeps its address out of use", () => {
    using host = new Host();
    host.reboot();
    mkdirSync(host.file("cni/networks/net"), { recursive: true });
    const write = (name: string, text: string) => writeFileSync(host.file(`cni/networks/net/${name}`), text);
    write("10.1.2.2", "");
    write("10.1.2.3", "printer");
    write("10.1.2.4", "\0\0\0\0\0");
    host.network(network()).refuse("a");
    host.network(network()).gc([]);
    expect(host.leases("net")).toHaveLength(3);
    Bun.sleepSync(100);
    host.reboot();
    expect(adds(host.network(network()), "a", "b").sort()).toEqual(["10.1.2.2", "10.1.2.4"]);
    host.network(network()).refuse("c");
  });

  live.test("GC frees empty files, too", () => {
    using host = new Host();
    mkdirSync(host.file("cni/networks/net"), { recursive: true });
    writeFileSync(host.file("cni/networks/net/10.1.2.2"), "");
    Bun.sleepSync(100);
    host.reboot();
    host.network(network()).gc([]);
    expect(host.leases("net")).toEqual([]);
  });
});

/** What may have happened to the clock since the leases were written, or before. */
const clocks: Record<string, (full: ReturnType<typeof fullHost>) => void> = {
  "nothing happened": () => undefined,
  "it was set forward by an hour": ({ boot }) => boot.setClock(HOUR),
  "it was set forward by years": ({ boot }) => boot.setClock(30_000 * HOUR),
  "it was set back by an hour": ({ boot }) => {
    boot.setClock(-HOUR);
    boot.touch();
  },
  "nothing is as old as the boot in /run": ({ boot }) => boot.touch(),
};

/** Whose leases are in danger. */
const writers = [
  ["ours", ourPlugins, live],
  ["the Go program", () => goPlugins, twin],
] as const;

for (const [title, plugins, where] of writers) {
  where.describe(`a live lease that ${title} wrote is never taken`, () => {
    where.test.each(Object.entries(clocks))("when %s", (_, happens) => {
      const full = fullHost(plugins());
      using host = full.host;
      happens(full);
      for (const reclaim of ["boot", "dead"]) {
        const net = host.network(network({ reclaim }));
        expect(net.status().exit).toBe(1);
        expect(net.refuse("d").msg).toContain("3 of 3 by containers");
        net.refuse("d", { args: "IP=10.1.2.3" });
        net.gc(full.attachments);
      }
      expect(host.leases("net")).toHaveLength(3);
      for (const attachment of full.attachments) attachment.check();
    });
  });

  where.test(`what ${title} wrote in an earlier boot is taken, what it wrote since is not`, () => {
    using host = fullHost(plugins()).host;
    host.reboot();
    Bun.sleepSync(100);
    host.plugins = plugins();
    const since = host.network(older(network({ rangeEnd: "10.1.2.5" }))).add("now");
    host.plugins = ourPlugins();
    expect(since.address()).toBe("10.1.2.5");
    const wider = host.network(network({ rangeEnd: "10.1.2.5" }));
    expect(adds(wider, "d", "e", "f").sort()).toEqual(["10.1.2.2", "10.1.2.3", "10.1.2.4"]);
    wider.refuse("g");
  });
}

/** What libcni writes when an ADD has succeeded. */
function remember(host: Host, attachment: Attachment, more: object = {}): void {
  const { id, ifname, network, result } = attachment;
  const { name } = network.configuration;
  mkdirSync(host.file("cni/results"), { recursive: true });
  const record = {
    kind: "cniCacheV1",
    containerId: id,
    config: btoa(JSON.stringify(network.configuration)),
    ifName: ifname,
    networkName: name,
    result,
    ...more,
  };
  writeFileSync(host.file(`cni/results/${name}-${id}-${ifname}`), JSON.stringify(record));
}

/** The result of an ADD as if its namespace had been at another path. */
const elsewhere = ({ result }: Attachment) => ({
  result: {
    ...result,
    interfaces: result.interfaces!.map((each) => (each.sandbox ? { ...each, sandbox: "/nowhere" } : each)),
  },
});

/** The namespace of a container ends, and its veth pair with it. */
function end(host: Host, { namespace, hostLink }: Attachment): void {
  host.end(namespace);
  using route = openRoute({ namespace: host.namespace });
  while (route.link.list().some(({ ifname }) => ifname === hostLink)) Bun.sleepSync(5);
}

for (const [title, plugins, where] of writers) {
  where.describe(`the lease of a container of a bridge by ${title}`, () => {
    const dead = (host: Host) => host.network(network({ reclaim: "dead" }, "bridge"));

    where.test("is taken when namespace and link are gone", () => {
      const { host: full, attachments } = fullHost(plugins(), "bridge");
      using host = full;
      for (const attachment of attachments) remember(host, attachment);
      end(host, attachments[1]!);
      host.network(network({}, "bridge")).refuse("d");
      expect(adds(dead(host), "d")).toEqual(["10.1.2.3"]);
      dead(host).refuse("e");
    });

    where.test.each<[string, (host: Host, attachment: Attachment) => void]>([
      ["nothing is remembered of it", end],
      [
        "another container's record is in its place",
        (host, attachment) => {
          remember(host, attachment, { containerId: "other" });
          end(host, attachment);
        },
      ],
      [
        "its record is cut",
        (host, attachment) => {
          remember(host, attachment);
          writeFileSync(host.file("cni/results/net-b-eth0"), '{"kind":"cniCacheV1","netns":');
          end(host, attachment);
        },
      ],
      [
        "its record knows no link of the host, as that of a macvlan",
        (host, attachment) => {
          const interfaces = attachment.result.interfaces!.filter(({ sandbox }) => sandbox);
          remember(host, attachment, { result: { ...attachment.result, interfaces } });
          end(host, attachment);
        },
      ],
      [
        "its namespace has lost its name and lives on",
        (host, attachment) => {
          remember(host, attachment, elsewhere(attachment));
        },
      ],
      [
        "its namespace is there, and only the link is gone",
        (host, attachment) => {
          remember(host, attachment);
          using route = openRoute({ namespace: host.namespace });
          route.link.delete({ ifname: attachment.hostLink });
        },
      ],
      [
        "its link has got another name",
        (host, attachment) => {
          remember(host, attachment, elsewhere(attachment));
          using route = openRoute({ namespace: host.namespace });
          const { index } = route.link.get({ ifname: attachment.hostLink });
          route.link.set({ index, flags: [], change: ["up"] });
          route.link.set({ index, ifname: "renamed0" });
        },
      ],
    ])("stays when %s", (_, happens) => {
      const { host: full, attachments } = fullHost(plugins(), "bridge");
      using host = full;
      happens(host, attachments[1]!);
      expect(dead(host).refuse("d").msg).toContain("3 of 3 by containers");
      expect(host.leases("net")).toHaveLength(3);
    });
  });
}

live.test("an ADD that cannot look for proof says that the range is used up, and nothing else", () => {
  using host = fullHost().host;
  host.reboot();
  const { plugins } = host;
  const config = JSON.stringify(
    host.network(network({ reclaim: "dead" })).configOf(network({ reclaim: "dead" }).plugins[0]!),
  );
  const variables = {
    CNI_COMMAND: "ADD",
    CNI_CONTAINERID: "d",
    CNI_IFNAME: "eth0",
    CNI_NETNS: "/x",
    CNI_PATH: plugins,
  };
  const { exit, stdout } = host.run(
    ["sh", "-c", 'mount --bind /dev/null /proc/uptime; exec "$@"', "sh", `${plugins}/host-local`],
    variables,
    config,
  );
  expect([exit, JSON.parse(stdout).msg]).toEqual([1, expect.stringContaining("3 of 3 by containers")]);
});

live.test("hostile names in a lease lead nowhere", () => {
  using host = new Host();
  mkdirSync(host.file("cni/networks/net"), { recursive: true });
  const texts = ["../../../etc/x\r\neth0", "a\r\n../../x", `${"a".repeat(2000)}\r\neth0`];
  for (const [nth, text] of texts.entries())
    writeFileSync(host.file(`cni/networks/net/10.1.2.${nth + 2}`), text);
  const net = host.network(network({ reclaim: "dead" }));
  expect(net.refuse("d").msg).toContain("all addresses are taken");
});

live.test("`reclaim` that is none of its words is refused, and DEL goes on", () => {
  using host = new Host();
  const net = host.network(network({ reclaim: "all" }));
  expect(net.refuse("a")).toMatchObject({ code: 7, msg: expect.stringContaining("ipam.reclaim") });
  expect(
    callPlugin(host, "DEL", net.configOf(network({ reclaim: "all" }).plugins[0]!), {
      containerId: "a",
      ifname: "eth0",
    }).exit,
  ).toBe(0);
});
