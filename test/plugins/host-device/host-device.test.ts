/** `host-device` as a runtime drives it, where the comparison with Go's does not reach. */
import { expect } from "bun:test";
import { writeFileSync } from "node:fs";
import type { Namespace } from "../../../netlink/socket/namespace.ts";
import { needs } from "../../needs.ts";
import { type Configuration, callPlugin, errorOf } from "../call.ts";
import { goPlugins } from "../executable.ts";
import { Host } from "../host.ts";
import { addresses, ip, link, links, program, routes } from "../kernel.ts";

const live = needs("namespaces", "program:ip");

const MAC = "02:00:00:00:01:01";
const PCI = "0000:01:00.0";
const range = { type: "host-local", subnet: "10.1.2.0/24", routes: [{ dst: "0.0.0.0/0" }] };

const lending = (keys: object = { device: "dev0" }, cniVersion = "1.1.0"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [{ type: "host-device", dataDir: "/var/lib/devices", ...keys }],
});

/** Gives the host a device: one end of a pair, whose other end stands for the cable. */
function addDevice(host: Host, name = "dev0", mac = MAC): void {
  const run = (...words: string[]) => program(host.namespace, "ip", "link", ...words);
  run("add", name, "address", mac, "type", "veth", "peer", "name", `${name}-far`);
  for (const each of [name, `${name}-far`]) run("set", each, "up");
}

/** What the device had on the host; `tentative` passes by itself. */
const HOST_ADDRESSES = ["198.51.100.7/24", "2001:db8:7::7/64"];
function configure(host: Host, name = "dev0"): void {
  const script = `ip address add 198.51.100.7/24 brd + dev ${name} label ${name}:a; ip address add 2001:db8:7::7/64 dev ${name} nodad noprefixroute
    ip address add 203.0.113.9/24 dev ${name} valid_lft 600 preferred_lft 600`;
  program(host.namespace, "sh", "-ec", script);
}

const names = (at: Namespace): string[] => links(at).map(({ ifname }) => ifname);
const records = (host: Host): string[] =>
  Object.keys(host.files()).filter((path) => path.startsWith("devices/"));
const isUp = (at: Namespace, name: string): boolean => link(at, name).flags.includes("UP");
const sh = (at: Namespace, script: string): string => program(at, "sh", "-ec", script);

/** What there is of the device on the host, and of the attachment anywhere. */
const after = (host: Host, name = "dev0") => ({
  up: isUp(host.namespace, name),
  alias: link(host.namespace, name).ifalias,
  addresses: addresses(host.namespace, name),
  records: records(host),
  leases: host.leases("net"),
});
const clean = { up: false, alias: undefined, addresses: [], records: [], leases: [] };
const restored = { ...clean, up: true, addresses: HOST_ADDRESSES };

live.describe("a device that was in use on the host", () => {
  live.test("comes back with its addresses, and up", () => {
    using host = new Host();
    addDevice(host);
    configure(host);
    const before = ip(host.namespace, "address", "show", "dev", "dev0");
    const web = host.network(lending({ device: "dev0", ipam: range })).add("web");
    expect([names(host.namespace).includes("dev0"), names(web.namespace)]).toEqual([false, ["lo", "eth0"]]);
    expect(addresses(web.namespace, "eth0")).toEqual(["10.1.2.2/24"]);
    expect(routes(web.namespace)).toContain("default via 10.1.2.1 dev eth0 ".trim());
    web.check();
    web.del();
    expect(after(host)).toEqual(restored);
    // All that they had besides, but for the address with a lifetime.
    const shown = (all: unknown[]) =>
      JSON.stringify(all, (key, value) =>
        key === "addr_info"
          ? (value as { scope: string; valid_life_time: number; tentative?: true }[])
              .filter((each) => each.scope !== "link" && each.valid_life_time > 600)
              .map(({ tentative: _, ...each }) => each)
          : ["operstate", "flags", "ifindex", "link_index"].includes(key)
            ? undefined
            : value,
      );
    expect(shown(ip(host.namespace, "address", "show", "dev", "dev0"))).toEqual(shown(before));
  });

  live.test("that was down, or had none, comes back down, as from Go's plugin", () => {
    using host = new Host();
    addDevice(host);
    const web = host.network(lending()).add("web");
    web.del();
    expect(after(host)).toEqual(clean);
    configure(host);
    program(host.namespace, "ip", "link", "set", "dev0", "down");
    web.add();
    web.del();
    expect(after(host)).toEqual({ ...restored, up: false });
  });

  live.test("gets its own alias back", () => {
    using host = new Host();
    addDevice(host);
    program(host.namespace, "ip", "link", "set", "dev0", "alias", "the red cable");
    const web = host.network(lending()).add("web");
    expect(link(web.namespace, "eth0").ifalias).toBe("dev0");
    web.del();
    expect(link(host.namespace, "dev0").ifalias).toBe("the red cable");
  });

  live.test("says so where an address cannot be given again, and is done", () => {
    using host = new Host();
    addDevice(host);
    configure(host);
    const web = host.network(lending()).add("web");
    sh(host.namespace, "echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6");
    const { exit, stderr } = web.call("DEL");
    expect([exit, stderr]).toEqual([
      0,
      expect.stringContaining("dev0 is not as it was before: address.add 2001:db8:7::7/64"),
    ]);
    expect(after(host)).toEqual({ ...restored, addresses: HOST_ADDRESSES.slice(0, 1) });
  });
});

live.describe("DEL finds the device", () => {
  live.test.each<[string, string]>([
    ["without its alias", "ip link set eth0 alias ''"],
    ["under another name", "ip link set eth0 down; ip link set eth0 name foo"],
    ["under another name and alias", "ip link set eth0 down; ip link set eth0 name foo alias bar"],
    ["with another link-layer address", "ip link set eth0 address 02:00:00:00:09:09"],
    ["down", "ip link set eth0 down"],
    ["beside a link of the name that it had", "ip link add dev0 type veth peer name x0"],
  ])("%s", (_, script) => {
    using host = new Host();
    addDevice(host);
    configure(host);
    const web = host.network(lending()).add("web");
    sh(web.namespace, script);
    web.del();
    expect(after(host)).toEqual(restored);
    expect(names(web.namespace).filter((name) => ["eth0", "foo"].includes(name))).toEqual([]);
  });

  live.test("without its record, by the alias; and without that, by the configuration", () => {
    using host = new Host();
    addDevice(host);
    const web = host.network(lending()).add("web");
    sh(host.namespace, `rm ${host.file("devices/web_eth0.json")}`);
    web.del();
    expect(after(host)).toEqual(clean);
    web.add();
    writeFileSync(host.file("devices/web_eth0.json"), '{"network": "ne');
    sh(web.namespace, "ip link set eth0 alias ''");
    web.del();
    expect(after(host)).toEqual(clean);
  });

  live.test("where another link has its index", () => {
    using host = new Host();
    addDevice(host);
    configure(host);
    const { ifindex } = JSON.parse(program(host.namespace, "ip", "-json", "link", "show", "dev0"))[0];
    const container = host.container();
    sh(container, `ip link add name other index ${ifindex} type veth peer name other-far`);
    const web = host.network(lending()).add("web", { namespace: container });
    web.del();
    expect(after(host)).toEqual(restored);
    expect(names(container).sort()).toEqual(["lo", "other", "other-far"]);
  });

  live.test("on the host, where the kernel moved it when its namespace ended, under whatever name", () => {
    using host = new Host();
    addDevice(host);
    configure(host);
    const web = host.network(lending({ device: "dev0", ipam: range })).add("web");
    // What is hardware comes back by itself; a pair has to be taken.
    sh(web.namespace, "ip link set eth0 down");
    sh(host.namespace, `nsenter --net=${web.namespace.path} ip link set eth0 netns $$`);
    expect(names(host.namespace)).toContain("eth0");
    host.end(web.namespace);
    web.del();
    expect(after(host)).toEqual(restored);
    web.del();
    expect(after(host)).toEqual(restored);
  });
});

live.describe("DEL is done", () => {
  live.test("any number of times", () => {
    using host = new Host();
    addDevice(host);
    configure(host);
    const web = host.network(lending({ device: "dev0", ipam: range })).add("web");
    for (let times = 0; times < 3; times++) web.del();
    expect(after(host)).toEqual(restored);
  });

  live.test("without a namespace, and releases the address", () => {
    using host = new Host();
    addDevice(host);
    const network = host.network(lending({ device: "dev0", ipam: range }));
    const web = network.add("web");
    network.container("web", { namespace: web.namespace, netns: "" }).del();
    expect(host.leases("net")).toEqual([]);
  });

  live.test("when the namespace took a device along that is no hardware", () => {
    using host = new Host();
    addDevice(host);
    const web = host.network(lending({ device: "dev0", ipam: range })).add("web");
    host.end(web.namespace);
    while (names(host.namespace).includes("dev0-far")) Bun.sleepSync(5);
    web.del();
    expect([records(host), host.leases("net")]).toEqual([[], []]);
  });

  live.test("with a container that was never attached, whose interface is somebody else's", () => {
    using host = new Host();
    const web = host.network(lending()).container("web");
    sh(
      web.namespace,
      "ip link add eth0 type veth peer name x; ip link set eth0 alias 'flatnet other web eth0'",
    );
    host
      .network(lending({ hwaddr: MAC }))
      .container("web", { namespace: web.namespace })
      .del();
    expect(names(web.namespace)).toContain("eth0");
  });

  live.test("with a configuration that says nothing", () => {
    using host = new Host();
    addDevice(host);
    const web = host.network(lending()).add("web");
    const keys = {
      device: 5,
      hwaddr: "x",
      kernelpath: "/etc",
      pciBusID: "../x",
      runtimeConfig: { deviceID: "../y" },
    };
    const config = { ...lending(keys).plugins[0]!, cniVersion: "1.1.0", name: "net" };
    const subject = { containerId: "web", ifname: "eth0", netns: web.namespace.path };
    expect(callPlugin(host, "DEL", config, subject)).toEqual({ exit: 0, stdout: "", stderr: "" });
    expect(after(host)).toEqual(clean);
  });

  live.test(
    "not while the host has another link of the name; the device works on, and goes when that has gone",
    () => {
      using host = new Host();
      addDevice(host);
      configure(host);
      const web = host.network(lending({ device: "dev0", ipam: range })).add("web");
      program(host.namespace, "ip", "link", "add", "dev0", "type", "veth", "peer", "name", "x0");
      expect(web.refused("DEL")).toMatchObject({
        code: 999,
        msg: expect.stringContaining("give back the device dev0: the host has another link of this name"),
      });
      expect([isUp(web.namespace, "eth0"), link(web.namespace, "eth0").ifalias]).toEqual([true, "dev0"]);
      program(host.namespace, "ip", "link", "delete", "dev0");
      web.del();
      expect(after(host)).toEqual(restored);
    },
  );
});

live.describe("an ADD that fails leaves the device as it was", () => {
  const state = (host: Host) => [names(host.namespace).sort(), after(host)];

  live.test.each<[string, object, string, RegExp]>([
    ["there is no address", { ipam: { type: "static" } }, "", /the IPAM plugin gave none/],
    [
      "a gateway cannot be reached",
      { ipam: { ...range, routes: [{ dst: "0.0.0.0/0", gw: "172.31.0.1" }] } },
      "",
      /make the route to 0\.0\.0\.0\/0/,
    ],
    [
      "the container has a link of the name",
      {},
      "ip link add eth0 type veth peer name x",
      /the container has a link of this name already/,
    ],
    ["there is no such IPAM plugin", { ipam: { type: "nosuch" } }, "", /nosuch/],
  ])("because %s", (_, keys, script, words) => {
    using host = new Host();
    addDevice(host);
    configure(host);
    const before = state(host);
    const web = host.network(lending({ device: "dev0", ...keys })).container("web");
    sh(web.namespace, script || ":");
    expect(web.refused("ADD").msg).toMatch(words);
    expect(state(host)).toEqual(before);
  });

  live.test("because its result cannot be said in its version", () => {
    using host = new Host();
    addDevice(host);
    configure(host);
    host.network(lending({ device: "dev0" }, "0.2.0")).refuse("web");
    expect(after(host)).toEqual(restored);
  });

  live.test.each([
    ["a bridge", "ip link add dev0 type bridge"],
    ["the loopback interface", "ip link set lo alias x"],
  ])("because %s belongs to one namespace", (what, script) => {
    using host = new Host();
    sh(host.namespace, script);
    const device = what === "a bridge" ? "dev0" : "lo";
    const { msg } = host.network(lending({ device })).refuse("web");
    expect(msg).toContain(`move ${device} into the container as eth0`);
    expect(msg).toContain("choose another device");
    expect(records(host)).toEqual([]);
  });

  live.test("because another container has it, and says which", () => {
    using host = new Host();
    addDevice(host);
    host.network(lending()).add("web");
    expect(host.network(lending()).refuse("db").msg).toContain(
      "find the device dev0: the container web of the network net has it",
    );
    expect(host.network(lending({ hwaddr: MAC })).refuse("db").msg).toContain(
      "the container web of the network net has it",
    );
  });
});

live.describe("a device that a driver leaves to a program", () => {
  const sysfs = (host: Host, driver: string) =>
    host.sysfs({
      [`bus/pci/devices/${PCI}/driver`]: `../../drivers/${driver}`,
      [`bus/pci/devices/${PCI}/net/dev0`]: true,
      [`bus/pci/drivers/${driver}`]: true,
    });

  live.test.each(["vfio-pci", "uio_pci_generic", "igb_uio"])(
    "%s: is not moved, and gets its addresses in the result alone",
    (driver) => {
      using host = new Host();
      addDevice(host);
      sysfs(host, driver);
      const network = host.network(lending({ pciBusID: PCI, ipam: range, dns: { domain: "example" } }));
      const web = network.add("web");
      expect(web.result).toEqual({
        cniVersion: "1.1.0",
        interfaces: [{ name: "eth0", sandbox: web.namespace.path }],
        ips: [{ address: "10.1.2.2/24", gateway: "10.1.2.1", interface: 0 }],
        routes: [{ dst: "0.0.0.0/0" }],
        dns: { domain: "example" },
      } as unknown as typeof web.result);
      expect([names(host.namespace).includes("dev0"), names(web.namespace)]).toEqual([true, ["lo"]]);
      expect(network.status()).toMatchObject({ exit: 0 });
      web.check();
      // Somebody else's, such as the program's.
      sh(web.namespace, "ip link add eth0 type veth peer name x");
      web.del();
      expect([names(web.namespace).includes("eth0"), host.leases("net")]).toEqual([true, []]);
    },
  );

  live.test("without addresses has a result with its name", () => {
    using host = new Host();
    sysfs(host, "vfio-pci");
    const web = host.network(lending({ pciBusID: PCI })).add("web");
    expect(web.result.interfaces as object).toEqual([{ name: "eth0", sandbox: web.namespace.path }]);
  });

  live.test("a device without a driver is refused", () => {
    using host = new Host();
    host.sysfs({ [`bus/pci/devices/${PCI}/net/dev0`]: true });
    expect(host.network(lending({ pciBusID: PCI })).refuse("web").msg).toContain(
      `find the driver of the device ${PCI}: there is no /sys/bus/pci/devices/${PCI}/driver`,
    );
  });
});

live.describe("a device that the runtime has chosen", () => {
  const asked = (keys: object = {}): Configuration => lending({ capabilities: { deviceID: true }, ...keys });

  live.test("is on the auxiliary bus, and goes before a PCI address of the configuration", () => {
    using host = new Host();
    addDevice(host);
    host.sysfs({ "bus/auxiliary/devices/mlx5_core.sf.2/net/dev0": true });
    const network = host.network(asked({ pciBusID: "0000:ff:00.0" }));
    expect(network.status()).toMatchObject({ exit: 0 });
    const web = network.add("web", { runtimeConfig: { deviceID: "mlx5_core.sf.2" } });
    expect(link(web.namespace, "eth0").ifalias).toBe("dev0");
    web.check();
    web.del();
    expect(after(host)).toEqual(clean);
  });

  live.test.each(["0000:ff:00.0", "..", "a/b", "../../../etc"])(
    "and that is nowhere is refused: %p",
    (deviceID) => {
      using host = new Host();
      host.sysfs({});
      expect(host.network(asked()).refuse("web", { runtimeConfig: { deviceID } }).msg).toMatch(
        /neither in \/sys\/bus|is no device's name/,
      );
    },
  );
});

live.describe("a configuration that cannot be used is refused with code 7", () => {
  live.test.each<[object, RegExp]>([
    [{}, /nothing says which device/],
    [{ device: "" }, /nothing says which device/],
    [{ hwaddr: "zz" }, /hwaddr/],
    [{ kernelpath: "/etc" }, /not below \/sys\/devices/],
    [{ kernelpath: "/sys/devices/../../etc" }, /not below \/sys\/devices/],
    [{ pciBusID: "../../../../etc" }, /is no device's name/],
    [{ device: 5 }, /device/],
  ])("%j", (keys, words) => {
    using host = new Host();
    const network = host.network(lending(keys));
    expect(network.refuse("web")).toMatchObject({ code: 7, msg: expect.stringMatching(words) });
    expect(errorOf(network.status()).code).toBe(7);
  });
});

live.describe("CHECK names", () => {
  live.test.each([
    ["a device that is gone", "ip link delete eth0", "device eth0: it is not in the container"],
    [
      "another link-layer address",
      "ip link set eth0 address 02:00:00:00:09:09",
      "device eth0: its address is 02:00:00:00:09:09",
    ],
    [
      "an alias that is lost",
      "ip link set eth0 alias ''",
      "device eth0: its alias is empty, and not its name on the host, dev0",
    ],
    ["an address that is gone", "ip address delete 10.1.2.2/24 dev eth0", "address 10.1.2.2/24 on eth0"],
    ["a route that is gone", "ip route delete default", "route to 0.0.0.0/0"],
    ["a device that is down", "ip link set eth0 down", "eth0 up: it is down"],
  ])("%s", (_, damage, sentence) => {
    using host = new Host();
    addDevice(host);
    const web = host.network(lending({ device: "dev0", ipam: range })).add("web");
    web.check();
    sh(web.namespace, damage);
    expect(web.refused("CHECK")).toMatchObject({ code: 999, msg: expect.stringContaining(sentence) });
  });
});

live.describe("GC", () => {
  live.test("gives back the devices of attachments that are not valid, and no others", () => {
    using host = new Host();
    addDevice(host);
    configure(host);
    addDevice(host, "dev1", "02:00:00:00:02:02");
    addDevice(host, "dev2", "02:00:00:00:03:03");
    const network = host.network(lending({ device: "dev0", ipam: range }));
    network.add("gone");
    const kept = host.network(lending({ device: "dev1", ipam: range })).add("kept");
    const other = host.network({ ...lending({ device: "dev2" }), name: "other" }).add("other");
    network.gc([kept]);
    expect(after(host)).toEqual({
      ...restored,
      records: ["devices/kept_eth0.json", "devices/other_eth0.json"],
      leases: ["10.1.2.3"],
    });
    kept.check();
    other.check();
  });

  live.test("forgets what went with its namespace", () => {
    using host = new Host();
    addDevice(host);
    const network = host.network(lending());
    const web = network.add("web");
    host.end(web.namespace);
    while (names(host.namespace).includes("dev0-far")) Bun.sleepSync(5);
    network.gc([]);
    expect(records(host)).toEqual([]);
  });

  live.test("goes on where one of them cannot be given back", () => {
    using host = new Host();
    addDevice(host);
    addDevice(host, "dev1", "02:00:00:00:02:02");
    const network = host.network(lending());
    network.add("a");
    host.network(lending({ device: "dev1" })).add("b");
    program(host.namespace, "ip", "link", "add", "dev0", "type", "veth", "peer", "name", "x0");
    const config = {
      ...network.configOf(network.configuration.plugins[0]!),
      "cni.dev/valid-attachments": [],
    };
    expect(errorOf(callPlugin(host, "GC", config)).msg).toContain("give back the device dev0");
    expect(names(host.namespace)).toContain("dev1");
    expect(records(host)).toEqual(["devices/a_eth0.json"]);
  });
});

live.describe("STATUS", () => {
  live.test("is ready with a device on the host, and with one that a container has", () => {
    using host = new Host();
    addDevice(host);
    const network = host.network(lending());
    expect(network.status()).toEqual({ exit: 0, stdout: "", stderr: "" });
    network.add("web");
    expect(network.status()).toEqual({ exit: 0, stdout: "", stderr: "" });
  });

  live.test("is not, with code 50, for a device that is nowhere", () => {
    using host = new Host();
    const { code, msg } = errorOf(host.network(lending()).status());
    expect([code, msg]).toEqual([
      50,
      expect.stringContaining("find the device dev0: the host has no such device"),
    ]);
  });
});

needs("namespaces", `file:${goPlugins}/host-device`, "program:ip").describe.each([
  ["Go's to ours", true],
  ["ours to Go's", false],
])("when a host changes from %s", (_, fromGo) => {
  const { test } = needs("namespaces", `file:${goPlugins}/host-device`, "program:ip");

  test("the device comes back under its name", () => {
    using host = new Host();
    const ours = host.plugins;
    addDevice(host);
    const web = host.network(lending({ device: "dev0" }, "1.0.0"));
    host.plugins = fromGo ? goPlugins : ours;
    const attachment = web.add("web");
    host.plugins = fromGo ? ours : goPlugins;
    attachment.check();
    attachment.del();
    expect(names(host.namespace)).toContain("dev0");
    expect(names(attachment.namespace)).toEqual(["lo"]);
    // What is left of ours, GC takes.
    host.plugins = ours;
    host.network(lending()).gc([]);
    expect(records(host)).toEqual([]);
  });
});

live.test("a container id of a thousand letters has a record of a shorter name", () => {
  using host = new Host();
  addDevice(host);
  const web = host.network(lending()).add("c".repeat(1000));
  expect(records(host)).toEqual([expect.stringMatching(/^devices\/c{171}~[\da-f]{8}\.json$/)]);
  web.del();
  expect(after(host)).toEqual(clean);
});
