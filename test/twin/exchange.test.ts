/** A host's plugins are exchanged while containers run: our DEL and GC leave nothing of what the Go plugins made. */
import { expect } from "bun:test";
import { inside } from "../../netlink/socket/namespace.ts";
import { madeByReference } from "../../src/plan/reference/leftovers.ts";
import { masqueradeChain, masqueradeMark, portChain } from "../../src/plan/reference/names.ts";
import type { PartName } from "../../src/plan/reference/parts.ts";
import { Side } from "../../src/plan/side.ts";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins, ourPlugins } from "../plugins/executable.ts";
import { Host } from "../plugins/host.ts";
import { program, vethNames } from "../plugins/kernel.ts";

const twin = needs("namespaces", `file:${goPlugins}/firewall`, "program:iptables-nft", "program:nft");
const legacy = needs("namespaces", "program:iptables-legacy");
const nft = needs("namespaces", "program:nft");

const ipam = {
  type: "host-local",
  ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1:2::/64" }]],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
};
const bridge = { type: "bridge", isGateway: true, ipMasq: true, ipam };
const ptp = { type: "ptp", ipMasq: true, ipam };

const list = (...plugins: Configuration["plugins"]): Configuration => ({
  cniVersion: "1.0.0",
  name: "net",
  plugins,
});
/** libcni hands GC to each plugin from 1.1.0 on, which Go's 1.1.1 does not speak. */
const newer = (configuration: Configuration): Configuration => ({ ...configuration, cniVersion: "1.1.0" });

/** All rules, without what counts and without our own tables. */
function rules(host: Host): string {
  const ruleset = program(host.namespace, "nft", "list", "ruleset");
  return ruleset
    .replace(/packets \d+ bytes \d+/g, "")
    .replace(/^table (inet|bridge) flatnet \{\n[\s\S]*?^\}\n/gm, "");
}

const networks: Record<string, Configuration> = {
  "bridge with ipMasq": list(bridge),
  "ptp with ipMasq": list(ptp),
  "bridge and firewall": list({ ...bridge, ipMasq: false }, { type: "firewall" }),
  "bridge with ipMasq, and firewall": list(bridge, { type: "firewall" }),
};

twin.describe.each(Object.entries(networks))("%s", (_, configuration) => {
  /** A container stays and one goes; both by Go. */
  function host() {
    const host = new Host(goPlugins);
    const network = host.network(configuration);
    const stays = network.add("stays");
    const before = rules(host);
    const goes = network.add("goes");
    expect(rules(host)).not.toBe(before);
    host.plugins = ourPlugins();
    return { host, stays, goes, before };
  }

  twin.test("DEL leaves nothing, and what is another container's stays", () => {
    const { host: used, stays, goes, before } = host();
    using _ = used;
    goes.del();
    expect(rules(used)).toBe(before);
    goes.del();
    expect(rules(used)).toBe(before);
    stays.del();
    expect(rules(used)).not.toMatch(/10\.1\.2\.|fd00:1:2:|CNI-[0-9a-f]{24}/);
    expect(vethNames(used.namespace)).toEqual([]);
  });

  twin.test("and the other way, Go goes on with what is there", () => {
    using used = new Host(ourPlugins());
    used.network(configuration).add("stays");
    const goes = used.network(configuration).add("goes");
    used.plugins = goPlugins;
    const more = used.network(configuration).add("more");
    used.plugins = ourPlugins();
    goes.del();
    more.del();
    expect(rules(used)).not.toMatch(/10\.1\.2\.|fd00:1:2:|CNI-[0-9a-f]{24}/);
  });
});

twin.describe("masquerading", () => {
  twin.test.each([
    ["bridge", bridge],
    ["ptp", ptp],
  ])("of %s goes without the result and without the namespace, too", (_, plugin) => {
    using host = new Host(goPlugins);
    const web = host.network(list(plugin)).add("web");
    host.plugins = ourPlugins();
    web.forget();
    host.end(web.namespace);
    web.del();
    expect(rules(host)).not.toMatch(/10\.1\.2\.|fd00:1:2:|CNI-[0-9a-f]{24}/);
  });

  twin.test("of attachments that are not valid goes with GC, and no other", () => {
    using host = new Host(goPlugins);
    const network = host.network(list(bridge));
    const [stays, other] = [network.add("stays"), host.network({ ...list(ptp), name: "other" }).add("other")];
    const before = rules(host);
    network.add("goes");
    host.plugins = ourPlugins();
    host.network(newer(list(bridge))).gc([stays]);
    expect(rules(host)).toBe(before);
    expect(other.result.ips).toHaveLength(2);
  });
});

/** What only later releases of the Go plugins make, as they make it. */
const shell = (host: Host, ...commands: string[]): void => {
  for (const command of commands) program(host.namespace, "sh", "-ec", command);
};
const owner = { network: "net", containerId: "web", ifname: "eth0" };
const other = { network: "net", containerId: "db", ifname: "eth0" };

function remove(host: Host, parts: readonly PartName[], cidrs: readonly string[] = []): string[] {
  const lines: string[] = [];
  inside(host.namespace, () => {
    using side = new Side("host");
    madeByReference(side, owner, parts, { cidrs, log: (line) => lines.push(line) }).remove();
  });
  return lines;
}

nft.test("masquerading by nft goes by its comment", () => {
  using host = new Host();
  const rule = (of: typeof owner, address: string): string =>
    `nft 'add rule inet cni_plugins_masquerade masq_checks ip saddr == ${address} ip daddr != 10.1.2.0/24 masquerade ` +
    `comment "${masqueradeMark(of)}, net: net, if: eth0, id: ${of.containerId}"'`;
  shell(
    host,
    "nft add table inet cni_plugins_masquerade",
    "nft add chain inet cni_plugins_masquerade masq_checks",
    "nft 'add chain inet cni_plugins_masquerade postrouting { type nat hook postrouting priority srcnat; }'",
    "nft add rule inet cni_plugins_masquerade postrouting goto masq_checks",
    rule(other, "10.1.2.3"),
  );
  const before = rules(host);
  shell(host, rule(owner, "10.1.2.2"), rule(owner, "10.1.2.4"));
  expect(remove(host, ["masquerade"])).toEqual([]);
  expect(rules(host)).toBe(before);
});

nft.test("the check of link-layer addresses goes with its chains", () => {
  using host = new Host();
  const check = (id: string, link: string): string[] => {
    const chain = `cni-br-iface-${id}-eth0`;
    const comment = `comment '"macspoofchk-${id}-eth0"'`;
    return [
      `nft add chain bridge nat ${chain}`,
      `nft add chain bridge nat ${chain}-mac`,
      `nft add rule bridge nat PREROUTING iifname ${link} jump ${chain} ${comment}`,
      `nft add rule bridge nat ${chain} jump ${chain}-mac ${comment}`,
      `nft add rule bridge nat ${chain}-mac ether saddr 02:00:00:00:00:01 return ${comment}`,
      `nft add rule bridge nat ${chain}-mac drop ${comment}`,
    ];
  };
  shell(
    host,
    "nft add table bridge nat",
    "nft 'add chain bridge nat PREROUTING { type filter hook prerouting priority -300; }'",
    ...check("db", "veth1"),
  );
  const before = rules(host);
  shell(host, ...check("web", "veth2"));
  remove(host, ["spoofCheck"]);
  expect(rules(host)).toBe(before);
});

nft.test("ports published by nft go by their comment", () => {
  using host = new Host();
  const port = (id: string, number: number): string[] => [
    `nft add rule ip cni_hostport hostports tcp dport ${number} dnat to 10.1.2.2:80 comment '"${id}"'`,
    `nft add rule ip cni_hostport masquerading ip saddr 10.1.2.2 ip daddr 10.1.2.2 masquerade comment '"${id}"'`,
  ];
  shell(
    host,
    "nft add table ip cni_hostport",
    "nft add chain ip cni_hostport hostports",
    "nft add chain ip cni_hostport hostip_hostports",
    "nft 'add chain ip cni_hostport masquerading { type nat hook postrouting priority srcnat; }'",
    ...port("db", 8081),
  );
  const before = rules(host);
  shell(host, ...port("web", 8080));
  remove(host, ["ports"]);
  expect(rules(host)).toBe(before);
});

twin.test("ports published by iptables go with their chain", () => {
  using host = new Host(goPlugins);
  const ports = (...hostPorts: number[]) => ({
    runtimeConfig: {
      portMappings: hostPorts.map((hostPort) => ({ hostPort, containerPort: 80, protocol: "tcp" })),
    },
  });
  const portmap = { type: "portmap", capabilities: { portMappings: true } };
  const network = host.network(list({ ...bridge, ipMasq: false }, portmap));
  network.add("db", ports(8081));
  const before = rules(host);
  network.add("web", ports(...Array.from({ length: 20 }, (_, nth) => 8100 + nth)));
  expect(rules(host)).toContain(portChain(owner));
  remove(host, ["ports"]);
  expect(rules(host)).toBe(before);
});

nft.test("a chain that something else leads to goes as well", () => {
  using host = new Host();
  const chain = masqueradeChain(owner);
  shell(
    host,
    "nft add table ip nat",
    "nft 'add chain ip nat POSTROUTING { type nat hook postrouting priority srcnat; }'",
    "nft 'add chain ip nat mine { type nat hook output priority 0; }'",
    `nft add chain ip nat ${chain}`,
    `nft add rule ip nat POSTROUTING ip saddr 10.1.2.2 jump ${chain}`,
    `nft add rule ip nat mine goto ${chain}`,
  );
  remove(host, ["masquerade"]);
  expect(rules(host)).not.toContain(chain);
});

nft.test("where a Go plugin was never used, nothing is changed", () => {
  using host = new Host();
  remove(host, ["masquerade", "spoofCheck", "ports", "admitted"], ["10.1.2.2/24"]);
  expect(rules(host)).toBe("");
});

legacy.test("what iptables-legacy has is told, with commands that remove it", () => {
  using host = new Host();
  const chain = masqueradeChain(owner);
  shell(
    host,
    "iptables-legacy -t nat -N CNI-other",
    `iptables-legacy -t nat -N ${chain}`,
    `iptables-legacy -t nat -A POSTROUTING -s 10.1.2.2 -j ${chain}`,
    "iptables-legacy -N CNI-FORWARD",
    "iptables-legacy -A CNI-FORWARD -s 10.1.2.2 -j ACCEPT",
    "iptables-legacy -A CNI-FORWARD -d 10.1.2.2 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
  );
  const lines = remove(host, ["masquerade", "admitted"], ["10.1.2.2/24", "fd00::2/64"]);
  expect(lines).toHaveLength(2);
  for (const line of lines) shell(host, /; remove (?:it|them): (.*)/.exec(line)![1]!);
  expect(remove(host, ["masquerade", "admitted"], ["10.1.2.2/24"])).toEqual([]);
  expect(program(host.namespace, "iptables-legacy-save")).not.toMatch(new RegExp(`${chain}|10.1.2.2`));
  expect(program(host.namespace, "iptables-legacy-save")).toContain("CNI-other");
});

legacy.test("tables of iptables-legacy without such rules are no matter", () => {
  using host = new Host();
  shell(host, "iptables-legacy -t nat -A POSTROUTING -s 10.1.2.2 -j MASQUERADE", "ip6tables-legacy -S");
  expect(remove(host, ["masquerade", "ports", "admitted"], ["10.1.2.2/24", "fd00::2/64"])).toEqual([]);
});
