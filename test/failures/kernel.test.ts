/** The kernel lacks something, or is set against it: IPv6 switched off, /proc/sys read-only, parts not built. */
import { expect } from "bun:test";
import type { Namespace } from "../../netlink/socket/namespace.ts";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { addresses, program, sysctl } from "../plugins/kernel.ts";
import { type Call, call, type PrintedError, refused, succeed } from "./call.ts";
import { bridge, flatnet } from "./networks.ts";
import { inject } from "./strace.ts";
import { traces, wholeState } from "./traces.ts";

const live = needs("namespaces", "program:unshare", "program:ip", "program:nft");
const traced = needs("namespaces", "program:strace", "program:ip", "program:nft");

/** An ADD that must fail and leave everything as it was. */
async function refusedAdd(host: Host, made: Call, ...containers: Namespace[]): Promise<PrintedError> {
  const before = wholeState(host, ...containers);
  const error = await refused(host, "ADD", made);
  expect(wholeState(host, ...containers)).toEqual(before);
  return error;
}

const dual = { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1::/64" }]] };

/** Runs the plugin where nothing below /proc/sys can be written. */
const readOnlySettings = [
  "unshare",
  "--mount",
  "sh",
  "-ec",
  'mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys; exec "$0"',
];

function set(at: Namespace, ...settings: string[]): void {
  program(at, "sysctl", "--quiet", "--write", ...settings);
}

live.describe("where IPv6 is switched off for all links and new ones", () => {
  const off = ["net.ipv6.conf.all.disable_ipv6=1", "net.ipv6.conf.default.disable_ipv6=1"];

  live.test.each([
    ["in the container", false, true],
    ["on the host", true, false],
    ["on both", true, true],
  ])("%s, an IPv6 range switches it on for the attachment's own links", async (_, onHost, inContainer) => {
    using host = new Host();
    const container = host.container();
    if (onHost) set(host.namespace, ...off);
    if (inContainer) set(container, ...off);
    const web: Call = { config: flatnet(host, { ipam: dual }), netns: container };
    const prevResult = await succeed(host, "ADD", web);
    await succeed(host, "CHECK", { ...web, config: { ...flatnet(host, { ipam: dual }), prevResult } });
    expect(addresses(container, "eth0")).toEqual(["10.1.2.2/24", "fd00:1::2/64"]);
    expect(addresses(host.namespace, "flatnet-br0")).toEqual(["10.1.2.1/24", "fd00:1::1/64"]);
    expect(sysctl(host.namespace, "net/ipv6/conf/uplink0/disable_ipv6")).toBe(onHost ? "1" : "0");
    await succeed(host, "DEL", web);
    expect(traces(host, container)).toEqual([]);
  });

  live.test("a network without IPv6 leaves it off", async () => {
    using host = new Host();
    const container = host.container();
    set(container, ...off);
    await succeed(host, "ADD", { config: flatnet(host), netns: container });
    expect(sysctl(container, "net/ipv6/conf/eth0/disable_ipv6")).toBe("1");
  });
});

live.describe("where /proc/sys is read-only", () => {
  live.test("an ADD works when the host forwards already", async () => {
    using host = new Host();
    const container = host.container();
    set(host.namespace, "net.ipv4.ip_forward=1");
    const web: Call = { config: flatnet(host), netns: container, through: readOnlySettings };
    const prevResult = await succeed(host, "ADD", web);
    await succeed(host, "CHECK", { ...web, config: { ...flatnet(host), prevResult } });
    await succeed(host, "DEL", web);
    expect(traces(host, container)).toEqual([]);
  });

  live.test("an ADD names the setting, and the command that makes it", async () => {
    using host = new Host();
    const container = host.container();
    const { msg } = await refusedAdd(
      host,
      { config: flatnet(host), netns: container, through: readOnlySettings },
      container,
    );
    expect(msg).toContain("net.ipv4.ip_forward to 1: EROFS");
    expect(msg).toContain("run on the host: sysctl -w net.ipv4.ip_forward=1");
  });

  live.test("an ADD names IPv6 forwarding likewise", async () => {
    using host = new Host();
    const container = host.container();
    set(host.namespace, "net.ipv4.ip_forward=1");
    const config = flatnet(host, { ipam: dual });
    const { msg } = await refusedAdd(
      host,
      { config, netns: container, through: readOnlySettings },
      container,
    );
    expect(msg).toContain("sysctl -w net.ipv6.conf.all.forwarding=1");
  });
});

traced.describe("a kernel without", () => {
  traced.test("bridges: an ADD says which module is missing", async () => {
    using host = new Host();
    const container = host.container();
    // A kind that this kernel really does not have stands for `bridge`: the answer is the kernel's own.
    const said = kindUnknown(host);
    expect(said).toContain("Unknown device type");
    const answer = await addWith(host, container, "EOPNOTSUPP", "link.create flatnet-br0");
    expect(answer.msg).toMatch(/this kernel has no bridges \(CONFIG_BRIDGE\); load the module `bridge`/);
  });
});
