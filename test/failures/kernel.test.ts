/** The kernel lacks something, or is set against it: parts not built, IPv6 switched off, /proc/sys read-only. */
import { expect } from "bun:test";
import { SystemError } from "../../netlink/errors.ts";
import type { Namespace } from "../../netlink/socket/namespace.ts";
import type { Transport } from "../../netlink/socket/transport.ts";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { addresses, program, sysctl } from "../plugins/kernel.ts";
import { type Call, errorOf, refused, succeed } from "./call.ts";
import { type Between, callHere } from "./here.ts";
import { flatnet } from "./networks.ts";
import { traces, wholeState } from "./traces.ts";

const live = needs("namespaces", "program:unshare", "program:ip", "program:nft");

const dual = { ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "fd00:1::/64" }]] };

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
    const web = { config: flatnet(host, { ipam: dual }), netns: container };
    const prevResult = await succeed(host, "ADD", web);
    await succeed(host, "CHECK", { ...web, config: { ...web.config, prevResult } });
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
  const readOnly = 'mount --bind /proc/sys /proc/sys; mount -o remount,ro,bind /proc/sys; exec "$0"';
  const through = ["unshare", "--mount", "sh", "-ec", readOnly];

  live.test("an ADD works when the host forwards already", async () => {
    using host = new Host();
    set(host.namespace, "net.ipv4.ip_forward=1");
    const web = { config: flatnet(host), netns: host.container(), through };
    const prevResult = await succeed(host, "ADD", web);
    await succeed(host, "CHECK", { ...web, config: { ...web.config, prevResult } });
    await succeed(host, "DEL", web);
    expect(traces(host, web.netns)).toEqual([]);
  });

  live.test.each([
    ["of IPv4", "net.ipv4.ip_forward", {}, []],
    ["of IPv6", "net.ipv6.conf.all.forwarding", dual, ["net.ipv4.ip_forward=1"]],
  ])(
    "an ADD that needs forwarding %s names the command that switches it on, which then is enough",
    async (_, key, ipam, before) => {
      using host = new Host();
      if (before.length > 0) set(host.namespace, ...before);
      const container = host.container();
      const state = wholeState(host, container);
      const web: Call = { config: flatnet(host, { ipam }), netns: container, through };
      const { code, msg } = await refused(host, "ADD", web);
      expect([code, msg]).toEqual([999, expect.stringContaining(`set the sysctl ${key} to 1: EROFS`)]);
      expect(wholeState(host, container)).toEqual(state);
      const [, ...command] = /(sysctl) (-w) (\S+)$/.exec(msg)!;
      program(host.namespace, ...command);
    },
  );
});

/** Changes what is sent, so that the kernel meets something that it does not have: the answer is the kernel's own. */
const rewriting =
  (only: string, rewrite: (datagram: Uint8Array) => void): Between =>
  (socket, name): Transport => ({
    port: socket.port,
    send(datagram) {
      if (name.endsWith(only)) rewrite(datagram);
      socket.send(datagram);
    },
    receive: () => socket.receive(),
    close: () => socket.close(),
  });

/** Puts `other`, of the same length, in the place of a name. */
const renaming =
  (name: string, other: string) =>
  (datagram: Uint8Array): void => {
    const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length);
    for (let at = bytes.indexOf(`${name}\0`); at !== -1; at = bytes.indexOf(`${name}\0`, at + 1))
      bytes.write(other, at);
  };

/** The number of no part of netfilter (NFNL_SUBSYS_COUNT of linux/netfilter/nfnetlink.h is 13). */
const NOTHING = 100;
const NFTABLES = 10;

/** Sends to a part of netfilter that is not there: in the type of messages, and in the begin and end of batches. */
function renumberNfTables(datagram: Uint8Array): void {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  for (let at = 0; at < datagram.length; at += (view.getUint32(at, true) + 3) & ~3) {
    if (view.getUint8(at + 5) === NFTABLES) view.setUint8(at + 5, NOTHING);
    const marksBatch = [16, 17].includes(view.getUint16(at + 4, true));
    if (marksBatch && view.getUint16(at + 18) === NFTABLES) view.setUint16(at + 18, NOTHING);
  }
}

const withoutNfnetlink: Between = (socket, name) => {
  if (!name.endsWith("netfilter")) return socket;
  socket.close();
  throw new SystemError("open a netfilter netlink socket", "EPROTONOSUPPORT");
};

const withoutNfTables = rewriting("netfilter", renumberNfTables);

live.describe("a kernel without", () => {
  live.test.each<[what: string, between: Between, words: RegExp]>([
    [
      "bridges",
      rewriting("route", renaming("bridge", "brldge")),
      /no bridges \(CONFIG_BRIDGE\); load the module `bridge`/,
    ],
    [
      "veth pairs",
      rewriting("route", renaming("veth", "vest")),
      /Unknown device type; .*load or build its module/,
    ],
    ["nfnetlink", withoutNfnetlink, /this kernel has no nfnetlink; load the modules/],
    [
      "nf_tables",
      withoutNfTables,
      /this kernel has no nf_tables.*or set "ipMasq" to false and publish no ports/,
    ],
    [
      "masquerading",
      rewriting("netfilter", renaming("masq", "mask")),
      /or not all of it; load the modules .*nft_masq/,
    ],
  ])("%s: an ADD says what to load, and leaves nothing", (_, between, words) => {
    using host = new Host();
    const container = host.container();
    const before = wholeState(host, container);
    const error = errorOf(callHere(host, "ADD", { config: flatnet(host), netns: container }, between));
    expect(error).toMatchObject({ code: 999, msg: expect.stringMatching(words) });
    expect(wholeState(host, container)).toEqual(before);
  });

  live.test.each([
    ["nfnetlink", withoutNfnetlink],
    ["nf_tables", withoutNfTables],
  ])(
    "%s: a network that needs no firewall works, DEL and GC too, and STATUS says what is missing",
    (missing, between) => {
      using host = new Host();
      const plain = flatnet(host, { ipMasq: false, runtimeConfig: undefined });
      const web = { config: plain, netns: host.container() };
      expect(callHere(host, "ADD", web, between)).toMatchObject({ exit: 0, stderr: "" });
      expect(callHere(host, "DEL", web, between)).toMatchObject({ exit: 0, stdout: "" });
      const gone = { config: { ...plain, "cni.dev/valid-attachments": [] } };
      expect(callHere(host, "GC", gone, between)).toMatchObject({ exit: 0, stdout: "" });
      expect(traces(host, web.netns)).toEqual([]);
      const status = errorOf(callHere(host, "STATUS", web, between));
      expect(status).toMatchObject({ code: 50, msg: expect.stringContaining(`no ${missing}`) });
    },
  );
});
