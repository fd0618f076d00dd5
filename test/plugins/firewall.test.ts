/** `firewall`: what it makes, what packets do then, and what is left. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import { type Configuration, errorOf } from "./call.ts";
import { Host, hostAddress, outsideAddress } from "./host.ts";
import { elements, program, ruleset } from "./kernel.ts";
import type { Attachment } from "./network.ts";
import { ask, serve } from "./talk.ts";

const live = needs("namespaces", "program:nft", "program:ip");
const iptables = needs("namespaces", "program:iptables-nft", "program:nft");

const legacy = needs("namespaces", "program:iptables-legacy");

const configuration = (keys: object = {}, name = "net", subnet = "10.1.2.0/24", subnet6 = "fd00:1:2::/64") =>
  ({
    cniVersion: "1.1.0",
    name,
    plugins: [
      {
        type: "bridge",
        bridge: name,
        isDefaultGateway: true,
        ipam: { type: "host-local", ranges: [[{ subnet }], [{ subnet: subnet6 }]] },
      },
      { type: "firewall", ...keys },
    ],
  }) satisfies Configuration;

const shell = (host: Host, ...commands: string[]): void => {
  for (const command of commands) program(host.namespace, "sh", "-ec", command);
};

/** One plugin of the list alone: the runtime's later calls reach each by itself. */
const callFirewall = (attachment: Attachment, command: "ADD" | "CHECK" | "DEL") => {
  const { plugins } = attachment.network.configuration;
  return attachment.callAlone(command, plugins.find(({ type }) => type === "firewall")!);
};

const DROP = ["iptables-nft -P FORWARD DROP", "ip6tables-nft -P FORWARD DROP"];

iptables.describe("in the tables of iptables", () => {
  const scaffold = (comment: (text: string) => string) => [
    ":CNI-ADMIN - [0:0]",
    ":CNI-FORWARD - [0:0]",
    `-A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD`,
    `-A CNI-FORWARD -m comment --comment "CNI firewall plugin admin overrides" -j CNI-ADMIN`,
    comment(`-A CNI-FORWARD -m mark --mark 0x1000/0x1000`),
  ];
  const saved = (host: Host, command = "iptables-nft-save"): string[] =>
    program(host.namespace, command)
      .split("\n")
      .filter((line) => /CNI-/.test(line));

  iptables.test.each(["iptables-nft-save", "ip6tables-nft-save"])(
    "stand rules that name no container, and that %s shows as its own",
    (command) => {
      using host = new Host();
      const network = host.network(configuration());
      network.add("a");
      const one = saved(host, command);
      expect(one).toEqual(
        scaffold((rule) => `${rule} -m comment --comment "marked by the table inet flatnet" -j ACCEPT`),
      );
      network.add("b");
      network.add("c");
      expect(saved(host, command)).toEqual(one);
    },
  );

  iptables.test("what is saved can be restored, and is not made a second time then", () => {
    using host = new Host();
    const network = host.network(configuration());
    network.add("a");
    const before = saved(host);
    shell(host, "iptables-nft-save | iptables-nft-restore");
    expect(saved(host)).toEqual(before);
    network.add("b");
    expect(saved(host)).toEqual(before);
  });

  iptables.test("the policy and the rules of others stay as they are", () => {
    using host = new Host();
    shell(host, ...DROP, "iptables-nft -A FORWARD -s 10.9.9.9 -j ACCEPT");
    host.network(configuration()).add("a");
    expect(program(host.namespace, "iptables-nft", "-S", "FORWARD").trim().split("\n")).toEqual([
      "-P FORWARD DROP",
      '-A FORWARD -m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD',
      "-A FORWARD -s 10.9.9.9/32 -j ACCEPT",
    ]);
  });

  iptables.test("twenty ADDs at once make each rule once", async () => {
    using host = new Host();
    const attachments = Array.from({ length: 20 }, (_, nth) => ({
      id: `c${nth}`,
      address: `10.1.2.${nth + 2}/24`,
    }));
    const calls = attachments.map(({ id, address }) => {
      const json = {
        cniVersion: "1.0.0",
        name: "net",
        type: "firewall",
        prevResult: { cniVersion: "1.0.0", interfaces: [{ name: "br0" }], ips: [{ address }] },
      };
      const variables = {
        CNI_COMMAND: "ADD",
        CNI_CONTAINERID: id,
        CNI_IFNAME: "eth0",
        CNI_NETNS: host.container().path,
        CNI_PATH: host.plugins,
      };
      const call: Parameters<Host["run"]> = [[`${host.plugins}/firewall`], variables, JSON.stringify(json)];
      return call;
    });
    const endings = await host.runTogether(calls);
    expect(endings.map(({ exit }) => exit)).toEqual(calls.map(() => 0));
    expect(saved(host)).toHaveLength(5);
    expect(elements(host.namespace, "admitted4")).toHaveLength(20);
  });
});

live.test("the mark is there for the tables at the forward hook, and is gone behind it", async () => {
  using host = new Host();
  const a = host.network(configuration()).add("a");
  shell(
    host,
    "nft add table inet watch",
    "nft add chain inet watch forward '{ type filter hook forward priority filter; }'",
    "nft add chain inet watch after '{ type filter hook postrouting priority filter; }'",
    "nft add rule inet watch forward meta mark and 0x1000 != 0 counter comment seen",
    "nft add rule inet watch after meta mark and 0x1000 != 0 counter comment left",
    "nft add rule inet watch after counter comment each",
  );
  program(host.outside, "ip", "route", "add", "10.1.2.0/24", "via", hostAddress.v4);
  using _outside = await serve(host.outside, { port: 7000, name: "outside" });
  expect(await ask(a.namespace, { address: outsideAddress.v4, port: 7000 })).toMatchObject({
    from: "outside",
  });
  const counted = (comment: string): number =>
    Number(new RegExp(`packets (\\d+) bytes \\d+ comment "${comment}"`).exec(ruleset(host.namespace))?.[1]);
  expect(counted("seen")).toBeGreaterThan(4);
  expect(counted("each")).toBeGreaterThan(4);
  expect(counted("left")).toBe(0);
});

iptables.test(
  "a published port is let through where the policy drops, as nobody else translates to it",
  async () => {
    using host = new Host();
    shell(host, ...DROP);
    const a = host.network(configuration()).add("a");
    shell(
      host,
      "nft add table ip portmap",
      "nft add chain ip portmap pre '{ type nat hook prerouting priority dstnat; }'",
      `nft add rule ip portmap pre tcp dport 8080 dnat to ${a.address()}:7000`,
    );
    using _a = await serve(a.namespace, { port: 7000, name: "a" });
    expect(await ask(host.outside, { address: hostAddress.v4, port: 8080 })).toMatchObject({ from: "a" });
  },
);

live.describe("the elements", () => {
  live.test("name their owner, and go with DEL", () => {
    using host = new Host();
    const network = host.network(configuration());
    const [a, b] = [network.add("a"), network.add("b")];
    expect(elements(host.namespace, "admitted4")).toEqual([
      '10.1.2.2 comment "net: net, if: eth0, id: a"',
      '10.1.2.3 comment "net: net, if: eth0, id: b"',
    ]);
    a.del();
    a.del();
    expect(elements(host.namespace, "admitted4")).toEqual(['10.1.2.3 comment "net: net, if: eth0, id: b"']);
    b.forget();
    b.del();
    expect(elements(host.namespace, "admitted4")).toEqual([]);
    expect(elements(host.namespace, "admitted6")).toEqual([]);
  });

  live.test("are taken over with the address, and the earlier owner's DEL leaves them", () => {
    using host = new Host();
    const network = host.network(configuration());
    const a = network.add("a");
    const heir = network.container("heir");
    heir.remember(a.result);
    expect(callFirewall(heir, "ADD")).toMatchObject({ exit: 0 });
    expect(elements(host.namespace, "admitted4")).toEqual([
      '10.1.2.2 comment "net: net, if: eth0, id: heir"',
    ]);
    expect(callFirewall(a, "DEL")).toMatchObject({ exit: 0 });
    expect(elements(host.namespace, "admitted4")).toHaveLength(1);
  });

  live.test("of an ADD that is repeated are there once", () => {
    using host = new Host();
    const a = host.network(configuration({ ingressPolicy: "isolated" })).add("a");
    const before = ruleset(host.namespace);
    expect(callFirewall(a, "ADD")).toMatchObject({ exit: 0 });
    expect(ruleset(host.namespace)).toBe(before);
  });

  live.test("of no valid attachment go with GC, and policies of bridges that are gone", () => {
    using host = new Host();
    const network = host.network(configuration({ ingressPolicy: "isolated" }));
    const [a, b] = [network.add("a"), network.add("b")];
    const other = host.network(configuration({}, "other", "10.1.3.0/24", "fd00:1:3::/64"));
    other.add("c");
    network.gc([b]);
    expect(elements(host.namespace, "admitted4")).toEqual([
      '10.1.2.3 comment "net: net, if: eth0, id: b"',
      '10.1.3.2 comment "net: other, if: eth0, id: c"',
    ]);
    expect(elements(host.namespace, "isolated", "bridge flatnet")).toHaveLength(1);
    expect(elements(host.namespace, "guarded")).toEqual(['"net" comment "net: net"']);
    program(host.namespace, "ip", "link", "delete", "net");
    network.gc([]);
    for (const set of ["guarded", "within", "apart"]) expect(elements(host.namespace, set)).toEqual([]);
    expect(a.address()).toBe("10.1.2.2");
  });
});

live.test("CHECK names each difference, and makes nothing", () => {
  using host = new Host();
  const network = host.network(configuration({ ingressPolicy: "isolated", iptablesAdminChainName: "MINE" }));
  const a = network.add("a");
  expect(callFirewall(a, "CHECK")).toMatchObject({ exit: 0 });
  shell(
    host,
    "nft flush chain ip filter FORWARD",
    "nft flush chain ip6 filter CNI-FORWARD",
    "nft delete element inet flatnet admitted4 { 10.1.2.2 }",
    "nft flush set inet flatnet within",
    "nft flush set bridge flatnet isolated",
  );
  const before = ruleset(host.namespace);
  const { code, msg } = errorOf(callFirewall(a, "CHECK"));
  expect(code).toBe(999);
  for (const difference of [
    "in ip filter, FORWARD does not lead to CNI-FORWARD",
    "in ip6 filter, CNI-FORWARD does not lead to MINE",
    "in ip6 filter, CNI-FORWARD does not accept marked packets",
    "10.1.2.2 is missing in admitted4",
    "net is missing in within",
    `${a.hostLink} is not isolated`,
  ]) {
    expect(msg).toContain(difference);
  }
  expect(ruleset(host.namespace)).toBe(before);
});

live.describe("ingressPolicy", () => {
  const [one, two] = ["10.1.2.0/24", "10.1.3.0/24"];

  live.test(
    "isolated keeps containers of one bridge apart without br_netfilter, but for ARP and neighbours",
    async () => {
      using host = new Host();
      shell(
        host,
        "for each in /proc/sys/net/bridge/bridge-nf-call-ip*; do echo 0 > $each; done 2>/dev/null || true",
      );
      const network = host.network(configuration({ ingressPolicy: "isolated" }));
      const [a, b] = [network.add("a"), network.add("b")];
      using _b = await serve(b.namespace, { port: 7000, name: "b" });
      using _bUdp = await serve(b.namespace, { protocol: "udp", port: 7000, name: "b" });
      for (const address of [b.address(4), b.address(6)]) {
        expect(await ask(a.namespace, { address, port: 7000, patience: 300 })).toBeUndefined();
        expect(
          await ask(a.namespace, { protocol: "udp", address, port: 7000, patience: 300 }),
        ).toBeUndefined();
      }
      const neighbours = program(a.namespace, "ip", "neighbour", "show");
      expect(neighbours).toMatch(new RegExp(`^${b.address(4)} dev eth0 lladdr`, "m"));
      expect(neighbours).toMatch(new RegExp(`^${b.address(6)} dev eth0 lladdr`, "m"));
    },
  );

  live.test("isolated lets containers reach the host, the outside, and be reached from there", async () => {
    using host = new Host();
    const network = host.network(configuration({ ingressPolicy: "isolated" }));
    const a = network.add("a");
    program(host.outside, "ip", "route", "add", one, "via", hostAddress.v4);
    using _host = await serve(host.namespace, { port: 7000, name: "host" });
    using _outside = await serve(host.outside, { port: 7000, name: "outside" });
    using _a = await serve(a.namespace, { port: 7000, name: "a" });
    const from = async (at: typeof a.namespace, address: string) =>
      (await ask(at, { address, port: 7000 }))?.from;
    expect(await from(a.namespace, "10.1.2.1")).toBe("host");
    expect(await from(a.namespace, outsideAddress.v4)).toBe("outside");
    expect(await from(host.outside, a.address())).toBe("a");
  });

  live.test("of two bridges blocks both ways, whichever policy each has", async () => {
    using host = new Host();
    const a = host.network(configuration({ ingressPolicy: "isolated" }, "first", one)).add("a");
    const b = host
      .network(configuration({ ingressPolicy: "same-bridge" }, "second", two, "fd00:1:3::/64"))
      .add("b");
    using _a = await serve(a.namespace, { port: 7000, name: "a" });
    using _b = await serve(b.namespace, { port: 7000, name: "b" });
    expect(await ask(a.namespace, { address: b.address(), port: 7000, patience: 300 })).toBeUndefined();
    expect(await ask(b.namespace, { address: a.address(6), port: 7000, patience: 300 })).toBeUndefined();
  });

  live.test("needs a bridge", () => {
    using host = new Host();
    const network = host.network(configuration({ ingressPolicy: "same-bridge" }));
    const a = network.container("a");
    a.remember({ cniVersion: "1.1.0", ips: [{ address: "10.1.2.2/24" }] });
    expect(errorOf(callFirewall(a, "ADD")).msg).toContain("prevResult names no bridge");
    expect(ruleset(host.namespace)).toBe("");
  });
});

live.describe("a chain of somebody else's that drops", () => {
  const chains: Record<string, string> = {
    "by its policy": "{ type filter hook forward priority 0; policy drop; }",
    "by its policy, a little later": "{ type filter hook forward priority 10; policy drop; }",
    "by its policy, much later": "{ type filter hook forward priority 200; policy drop; }",
    "by its last rule": "{ type filter hook forward priority 0; }",
  };

  live.test.each(Object.entries(chains))("%s is told of, with commands that fit", async (how, chain) => {
    using host = new Host();
    shell(host, "nft add table inet mine", `nft add chain inet mine forward '${chain}'`);
    if (how === "by its last rule") {
      shell(
        host,
        "nft add rule inet mine forward iifname lo accept",
        "nft add rule inet mine forward counter reject with icmpx admin-prohibited",
      );
    }
    const { plugins, ...list } = configuration();
    const network = host.network({ ...list, plugins: plugins.slice(1) });
    const { code, msg } = errorOf(network.status());
    expect(code).toBe(50);
    expect(msg).toContain("the chain forward of the nf_tables table inet mine drops forwarded packets");

    const a = host.network(configuration()).container("a");
    const { exit, stderr } = a.call("ADD");
    expect(exit).toBe(0);
    expect(stderr).toContain("warning: the chain forward of the nf_tables table inet mine drops");
    using _outside = await serve(host.outside, { port: 7000, name: "outside" });
    program(host.outside, "ip", "route", "add", "10.1.2.0/24", "via", hostAddress.v4);
    const question = { address: outsideAddress.v4, port: 7000, patience: 300 };
    expect(await ask(a.namespace, question)).toBeUndefined();
    const commands = /nft insert rule .*/.exec(stderr)![0];
    expect(commands).toContain(
      how === "by its policy, much later" ? "iifname net accept" : "meta mark and 0x1000",
    );
    shell(host, commands);
    expect(await ask(a.namespace, question)).toMatchObject({ from: "outside" });
    expect(host.network(configuration()).add("b")).toBeDefined();
  });

  live.test("is not looked for by an ADD among very many, but by STATUS", () => {
    using host = new Host();
    const chains = Array.from({ length: 300 }, (_, nth) => `add chain inet mine c${nth}`).join("; ");
    const drop = "add chain inet mine forward { type filter hook forward priority 0; policy drop; }";
    program(host.namespace, "nft", `add table inet mine; ${chains}; ${drop}`);
    expect(host.network(configuration()).container("a").call("ADD")).toMatchObject({ exit: 0, stderr: "" });
    const { plugins, ...list } = configuration();
    expect(errorOf(host.network({ ...list, plugins: plugins.slice(1) }).status()).code).toBe(50);
  });

  iptables.test("is none where iptables has it: its own rules let containers through", () => {
    using host = new Host();
    shell(host, ...DROP);
    const network = host.network(configuration());
    expect(network.status()).toMatchObject({ exit: 0, stdout: "", stderr: "" });
    const { exit, stderr } = network.container("a").call("ADD");
    expect({ exit, stderr }).toEqual({ exit: 0, stderr: "" });
  });
});

legacy.test.each([
  ["iptables-legacy", 4],
  ["ip6tables-legacy", 6],
] as const)(
  "the policy of %s is told of, which netlink does not reach, with a command that fits",
  async (program_, family) => {
    using host = new Host();
    shell(host, `${program_} -P FORWARD DROP`);
    const a = host.network(configuration()).container("a");
    const { exit, stderr } = a.call("ADD");
    expect({ exit, stderr }).toEqual({
      exit: 0,
      stderr:
        `warning: the chain FORWARD of ${program_} drops forwarded packets, and no rule there accepts those of ` +
        `containers; let it accept them: ${program_} -I FORWARD -m mark --mark 0x1000/0x1000 -j ACCEPT\n`,
    });
    const { plugins, ...list } = configuration();
    const alone = host.network({ ...list, plugins: plugins.slice(1) });
    expect(errorOf(alone.status()).code).toBe(50);
    const outside = family === 4 ? outsideAddress.v4 : outsideAddress.v6;
    const [subnet, via] = family === 4 ? ["10.1.2.0/24", hostAddress.v4] : ["fd00:1:2::/64", hostAddress.v6];
    program(host.outside, "ip", "route", "add", subnet, "via", via);
    using _outside = await serve(host.outside, { port: 7000, name: "outside" });
    const question = { address: outside, port: 7000, patience: 400 };
    expect(await ask(a.namespace, question)).toBeUndefined();
    shell(host, /let it accept them: (.*)/.exec(stderr)![1]!);
    expect(await ask(a.namespace, question)).toMatchObject({ from: "outside" });
    expect(alone.status()).toMatchObject({ exit: 0 });
  },
);

live.test("an ADD that cannot be finished leaves no element", () => {
  using host = new Host();
  shell(host, "nft add table bridge flatnet", "nft add set bridge flatnet isolated '{ type ipv4_addr; }'");
  const network = host.network(configuration({ ingressPolicy: "isolated" }));
  network.refuse("a");
  expect(elements(host.namespace, "admitted4")).toEqual([]);
});

live.test("DEL is content where nothing was ever made", () => {
  using host = new Host();
  const a = host.network(configuration()).container("a");
  a.remember({ cniVersion: "1.1.0", interfaces: [], ips: [{ address: "10.1.2.2/24" }] });
  expect(callFirewall(a, "DEL")).toEqual({ exit: 0, stdout: "", stderr: "" });
  expect(ruleset(host.namespace)).toBe("");
});
