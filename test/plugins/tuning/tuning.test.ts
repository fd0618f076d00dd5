/** `tuning` after `bridge` as a runtime drives it, where the comparison with Go's does not reach. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import { needs } from "../../needs.ts";
import { type Configuration, type Ending, errorOf, type PrintedError } from "../call.ts";
import { Host } from "../host.ts";
import { link, program } from "../kernel.ts";
import type { Attachment } from "../network.ts";

const live = needs("namespaces", "program:ip");

const DIRECTORY = "/var/lib/tuning";
const MAC = "02:00:00:00:01:23";
const OTHER = "02:00:00:00:04:56";
const ARGUMENT = "02:00:00:00:07:89";

const tuned = (keys: object = {}, cniVersion = "1.1.0"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [
    { type: "bridge", ipam: { type: "host-local", subnet: "10.1.2.0/24" } },
    { type: "tuning", capabilities: { mac: true }, dataDir: DIRECTORY, ...keys },
  ],
});

const sysctlOf = ({ namespace }: Attachment, path: string): string =>
  program(namespace, "cat", `/proc/sys/${path}`).trim();

const kept = (host: Host): string[] => Object.keys(host.files()).filter((path) => path.startsWith("tuning/"));

/** An interface whose ADD failed is as before: what the bridge made is what a runtime's DEL will find. */
const attributes = ({ namespace }: Attachment) => {
  const { mtu, address, flags } = link(namespace, "eth0");
  return { mtu, address, promisc: flags.includes("PROMISC") };
};

live.describe("attributes of the interface", () => {
  live.test("the length of the transmit queue is set, compared and restored", () => {
    using host = new Host();
    const web = host.network(tuned({ txQLen: 333 })).add("web");
    const length = () => program(web.namespace, "ip", "link", "show", "eth0").match(/qlen (\d+)/)?.[1];
    expect(length()).toBe("333");
    web.check();
    program(web.namespace, "ip", "link", "set", "eth0", "txqueuelen", "5");
    expect(web.refused("CHECK").msg).toContain("attributes of eth0: txQLen is 5");
    callTuning(web, "DEL", { txQLen: 333 });
    expect(length()).toBe("1000");
    expect(kept(host)).toEqual([]);
  });

  live.test(
    "an address of args counts before the runtime's, that before CNI_ARGS, that before the key",
    () => {
      using host = new Host();
      const macOf = (keys: object, options: object) =>
        host.network(tuned(keys)).add(`c${host.leases("net").length}`, options).result.interfaces?.[2]?.mac;
      const key = { mac: MAC };
      const args = { args: { cni: { mac: "02:00:00:00:0a:bc" } } };
      const runtime = { runtimeConfig: { mac: OTHER } };
      const argument = { args: `MAC=${ARGUMENT}` };
      expect(macOf(key, {})).toBe(MAC);
      expect(macOf(key, argument)).toBe(ARGUMENT);
      expect(macOf(key, { ...argument, ...runtime })).toBe(OTHER);
      expect(macOf({ ...key, ...args }, { ...argument, ...runtime })).toBe("02:00:00:00:0a:bc");
    },
  );

  live.test("a second ADD after a kill keeps what there was before the first", () => {
    using host = new Host();
    const web = host.network(tuned({ mtu: 1400 })).add("web");
    callTuning(web, "ADD", { mtu: 1300 });
    callTuning(web, "DEL", { mtu: 1300 });
    expect(link(web.namespace, "eth0").mtu).toBe(1500);
  });

  live.test("a failed ADD leaves interface and settings as they were, and no file", () => {
    using host = new Host();
    const keys = { mtu: 1400, promisc: true, sysctl: { "net.core.somaxconn": "77" } };
    const web = host.network(bridgeOnly()).add("web");
    const before = [attributes(web), sysctlOf(web, "net/core/somaxconn")];
    const { msg } = errorOf(callTuning(web, "ADD", { ...keys, mac: "01:00:00:00:00:00" }));
    expect(msg).toMatch(/^tune the interface eth0: .*; see which values of mac, mtu, promisc/);
    expect([attributes(web), sysctlOf(web, "net/core/somaxconn")]).toEqual(before);
    expect(kept(host)).toEqual([]);
  });

  live.test("a backup that is torn keeps DEL from nothing", () => {
    using host = new Host();
    const web = host.network(tuned({ mtu: 1400 })).add("web");
    writeFileSync(host.file("tuning/web_eth0.json"), '{"mtu": 15');
    web.del();
    expect(kept(host)).toEqual([]);
  });

  live.test("GC removes the files of attachments that are gone, and no others", () => {
    using host = new Host();
    const network = host.network(tuned({ mtu: 1400 }));
    const [web] = [network.add("web"), network.add("db")];
    writeFileSync(host.file("tuning/go_eth0.json"), '{\n "mtu": 1500\n}');
    host.network({ ...tuned({ mtu: 1400 }), name: "other" }).add("elsewhere", { ifname: "net1" });
    network.gc([web!]);
    expect(kept(host)).toEqual(["tuning/elsewhere_net1.json", "tuning/go_eth0.json", "tuning/web_eth0.json"]);
  });
});

live.describe("kernel settings", () => {
  live.test("a setting that is there twice is refused: nobody knows which is meant", () => {
    using host = new Host();
    const web = host.network(bridgeOnly()).add("web");
    const text = '{"net.core.somaxconn": "1", "net.core.somaxconn": "2"}';
    const { code, msg } = errorOf(addWithText(host, web, text));
    expect(code).toBe(7);
    expect(msg).toContain("sysctl.net.core.somaxconn: it is there twice (leave out one of the two)");
  });

  live.test("IFNAME stands for an interface whose name has a dot", () => {
    using host = new Host();
    const keys = { sysctl: { "net.ipv4.conf.IFNAME.arp_filter": "1" } };
    const web = host.network(tuned(keys)).add("web", { ifname: "eth0.5" });
    expect(sysctlOf(web, "net/ipv4/conf/eth0.5/arp_filter")).toBe("1");
    web.check();
  });

  live.test("one that this kernel does not have is said to be so", () => {
    using host = new Host();
    const web = host.network(bridgeOnly()).add("web");
    const { msg } = errorOf(callTuning(web, "ADD", { sysctl: { "net.core.nosuch": "1" } }));
    expect(msg).toBe(
      "set the sysctl net.core.nosuch to 1 (container): ENOENT; this kernel has no such setting: see how it is " +
        "spelt, or load the module that brings it",
    );
  });
});

live.describe("the allowlist of the host", () => {
  /** An ADD on a host whose /etc has this list. */
  function withList(host: Host, list: string, sysctl: object, command: "ADD" | "STATUS" = "ADD"): Ending {
    const web = host.network(bridgeOnly()).add("web");
    const box =
      'mount -t tmpfs none /etc && mkdir -p /etc/cni/tuning && printf %s "$LIST" >/etc/cni/tuning/allowlist.conf && exec "$0"';
    const variables = { ...variablesOf(web, host), CNI_COMMAND: command, LIST: list };
    return host.run(
      ["sh", "-ec", box, `${host.plugins}/tuning`],
      variables,
      JSON.stringify(configOf(web, sysctl)),
    );
  }

  const sysctl = { "net.core.somaxconn": "77", "net.ipv4.conf.IFNAME.arp_filter": "1" };

  live.test("lets what its expressions match", () => {
    using host = new Host();
    expect(withList(host, "^net\\.core\\.somaxconn$\n\n  IFNAME  \n", sysctl).exit).toBe(0);
  });

  live.test("refuses what none of them matches, in STATUS too", () => {
    using host = new Host();
    const words =
      "set the sysctl net.ipv4.conf.IFNAME.arp_filter: /etc/cni/tuning/allowlist.conf does not allow it; " +
      "leave it out, or add a line to that file";
    expect(errorOf(withList(host, "somaxconn", sysctl))).toMatchObject({ code: 999, msg: words });
    using second = new Host();
    expect(errorOf(withList(second, "somaxconn", sysctl, "STATUS"))).toMatchObject({ code: 50, msg: words });
  });

  live.test("that has a line which is no expression is said to have one", () => {
    using host = new Host();
    expect(errorOf(withList(host, "(", sysctl)).msg).toContain('"(" is no regular expression');
  });
});

live.test("without the result of a plugin before it, tuning says where it belongs", () => {
  using host = new Host();
  const { plugins, ...network } = tuned();
  const error: PrintedError = host.network({ ...network, plugins: [plugins[1]!] }).refuse("web");
  expect(error).toEqual({
    code: 7,
    msg:
      "add to the attachment: the configuration has no prevResult; the plugin comes after another one in the list of " +
      "a network, which attaches the container",
  });
});

live.test("an interface that is gone is said to be so", () => {
  using host = new Host();
  const web = host.network(bridgeOnly()).add("web");
  program(web.namespace, "ip", "link", "delete", "eth0");
  expect(errorOf(callTuning(web, "ADD", { mtu: 1400 })).msg).toContain(
    "tune the interface eth0: it is not in the container",
  );
});

function bridgeOnly(): Configuration {
  const { plugins, ...network } = tuned();
  return { ...network, plugins: [plugins[0]!] };
}

const configOf = ({ network, result }: Attachment, sysctl: unknown) => ({
  ...network.configOf({ type: "tuning" }),
  dataDir: DIRECTORY,
  prevResult: result,
  sysctl,
});

const variablesOf = ({ id, ifname, namespace }: Attachment, host: Host): Record<string, string> => ({
  CNI_PATH: host.plugins,
  CNI_CONTAINERID: id,
  CNI_IFNAME: ifname,
  CNI_NETNS: namespace.path,
});

/** ADD of a configuration whose `sysctl` is this text: no object can have a key twice. */
function addWithText(host: Host, web: Attachment, sysctl: string): Ending {
  const config = JSON.stringify(configOf(web, "HERE")).replace('"HERE"', sysctl);
  const variables = { ...variablesOf(web, host), CNI_COMMAND: "ADD" };
  return host.run([`${host.plugins}/tuning`], variables, config);
}

/** One call of tuning alone on an attachment that a bridge has made. */
const callTuning = (web: Attachment, command: "ADD" | "DEL", keys: object): Ending =>
  web.callAlone(command, { type: "tuning", dataDir: DIRECTORY, ...keys });
