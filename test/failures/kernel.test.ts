/** The kernel lacks something, or is set against it: parts not built, IPv6 switched off, /proc/sys read-only. */
import { expect } from "bun:test";
import { SystemError } from "../../netlink/errors.ts";
import type { Namespace } from "../../netlink/socket/namespace.ts";
import type { Transport } from "../../netlink/socket/transport.ts";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { addresses, program, sysctl } from "../plugins/kernel.ts";
import { errorOf, type PluginConfig, type PrintedError, refused, succeed } from "./call.ts";
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

  /** The error of an ADD that leaves everything as it was. */
  async function refusedAdd(host: Host, config: PluginConfig): Promise<PrintedError> {
    const container = host.container();
    const before = wholeState(host, container);
    const error = await refused(host, "ADD", { config, netns: container, through });
    expect(wholeState(host, container)).toEqual(before);
    return error;
  }

  live.test(
    "an ADD that needs forwarding names the command that switches it on, which then is enough",
    async () => {
      using host = new Host();
      const { code, msg } = await refusedAdd(host, flatnet(host));
      expect([code, msg]).toEqual([
        999,
        expect.stringContaining("set the sysctl net.ipv4.ip_forward to 1 (host): EROFS"),
      ]);
      const command = /run on the host: (sysctl -w \S+)$/.exec(msg)![1]!;
      program(host.namespace, ...command.split(" "));
      await succeed(host, "ADD", { config: flatnet(host), netns: host.container(), through });
    },
  );

  live.test("an ADD with an IPv6 range names the setting that it cannot make", async () => {
    using host = new Host();
    const { msg } = await refusedAdd(host, flatnet(host, { ipam: dual }));
    expect(msg).toMatch(
      /set the sysctl net\.\S+ to 1 \((host|container)\): EROFS; make \/proc\/sys writable/,
    );
  });
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

/** Gives the attributes of number 1 with this text another one of the same length: names of kinds and expressions. */
const renaming =
  (name: string, other: string) =>
  (datagram: Uint8Array): void => {
    const bytes = Buffer.from(datagram.buffer, datagram.byteOffset, datagram.length);
    const attribute = `\u0001\0${name}`;
    for (let at = bytes.indexOf(attribute); at !== -1; at = bytes.indexOf(attribute, at + 1))
      bytes.write(other, at + 2);
  };

/** Numbers of no part of netfilter: NFNL_SUBSYS_NONE, and one beyond the last (linux/netfilter/nfnetlink.h). */
const NONE = 0;
const BEYOND = 100;
const NFNL_MSG_BATCH_BEGIN = 16;

/** Addresses a batch, or a single request, to a part of netfilter that no kernel has. */
function elsewhere(datagram: Uint8Array): void {
  const view = new DataView(datagram.buffer, datagram.byteOffset, datagram.length);
  if (view.getUint16(4, true) === NFNL_MSG_BATCH_BEGIN) view.setUint16(18, NONE);
  else view.setUint8(5, BEYOND);
}

const withoutNfnetlink: Between = (socket, name) => {
  if (!name.endsWith("netfilter")) return socket;
  socket.close();
  throw new SystemError("open a netfilter netlink socket", "EPROTONOSUPPORT");
};

const withoutNfTables = rewriting("netfilter", elsewhere);

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

  live.test("VRFs: STATUS and ADD of vrf name the module, and the interface stays as it was", () => {
    using host = new Host();
    const netns = host.container();
    program(netns, ..."ip link add eth0 type veth peer name far".split(" "));
    const between = rewriting("route", renaming("vrf", "vrg"));
    const prevResult = { cniVersion: "1.1.0", interfaces: [{ name: "eth0", sandbox: netns.path }] };
    const red = { cniVersion: "1.1.0", name: "net", type: "vrf", vrfname: "red", prevResult };
    const before = wholeState(host, netns);
    expect(errorOf(callHere(host, "STATUS", { config: red }, between))).toMatchObject({
      code: 50,
      msg: expect.stringContaining("no links of the kind vrf; load the module vrf"),
    });
    expect(errorOf(callHere(host, "ADD", { config: red, netns }, between))).toMatchObject({
      code: 999,
      msg: expect.stringMatching(/^make the VRF red: .*; load the module vrf$/),
    });
    expect(wholeState(host, netns)).toEqual(before);
  });
});
