/** `host-device` beside Debian's Go plugin of that name, with ends of veth pairs as devices. */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "../plugins/call.ts";
import { goPlugins } from "../plugins/executable.ts";
import { dual, v4, v6 } from "./configurations.ts";
import { expectedDifferences } from "./expected.ts";
import { add, check, del, differences, type Intervention, look, type Scenario } from "./play.ts";

const twin = needs("namespaces", `file:${goPlugins}/host-device`, "program:ip");

const MAC = "02:00:00:00:01:01";

/** A device of the host, whose other end stands for the cable. */
const device = (name: string, mac = MAC, more = ""): Intervention => ({
  in: "host",
  run: `ip link add ${name} address ${mac} type veth peer name ${name}-far address 02:00:00:00:0f:0f
        ip link set ${name}-far addrgenmode none up; ip link set ${name} up; ${more}`,
});

const lending = (keys: object, cniVersion = "1.0.0"): Configuration => ({
  cniVersion,
  name: "net",
  plugins: [{ type: "host-device", capabilities: { deviceID: true }, dataDir: "/var/lib/devices", ...keys }],
});

const fixed = { type: "static", addresses: [{ address: "10.1.2.3/24", gateway: "10.1.2.1" }] };
const routes = [{ dst: "0.0.0.0/0" }, { dst: "192.168.0.0/16", gw: "10.1.2.9" }, { dst: "172.16.0.0/12" }];
const refused = [add("a", { refused: true })] as const;

/** 1.1.1 leaves the alias that it gave; later releases clear it, and so does ours. */
const cleared: Intervention = { in: "host", run: 'ip link set dev0 alias ""' };
const gone = [cleared, look] as const;
const comeAndGo = [device("dev0"), add("a"), look, del("a"), ...gone] as const;
const shows = ["recordOfDevice"] as const;

const PCI = "0000:01:00.0";
/** A PCI device whose link is dev0. */
const pci = {
  sysfs: {
    [`bus/pci/devices/${PCI}/net/dev0`]: true,
    [`bus/pci/devices/${PCI}/driver`]: "../../drivers/mlx5_core",
    "bus/pci/drivers/mlx5_core": true,
    "bus/pci/drivers/virtio-pci": true,
  },
} as const;

const scenarios: Record<string, Scenario> = {
  "a device by its name": { network: lending({ device: "dev0" }), steps: comeAndGo, shows },
  "addresses and routes": {
    network: lending({ device: "dev0", ipam: { ...v4, routes } }),
    steps: [device("dev0"), add("a"), look, check("a"), del("a"), ...gone],
    shows: [...shows, "checkOfImpliedGateway"],
  },
  "addresses of IPv6": {
    network: lending({ device: "dev0", ipam: { ...v6, routes: [{ dst: "::/0" }] } }),
    steps: comeAndGo,
    shows,
  },
  "both families": { network: lending({ device: "dev0", ipam: dual }), steps: comeAndGo, shows },
  "resolver settings": {
    network: lending({
      device: "dev0",
      ipam: fixed,
      dns: { nameservers: ["192.0.2.53"], search: ["example"] },
    }),
    steps: comeAndGo,
    shows,
  },
  "a link-layer address": { network: lending({ hwaddr: MAC.toUpperCase() }), steps: comeAndGo, shows },
  "a name before an address": {
    network: lending({ device: "dev0", hwaddr: "02:00:00:00:02:02" }),
    steps: [device("other", "02:00:00:00:02:02"), ...comeAndGo],
    shows,
  },
  "a path in sysfs": {
    network: lending({ kernelpath: "/sys/devices/virtual/card/0" }),
    steps: [{ sysfs: { "devices/virtual/card/0/net/dev0": true } }, ...comeAndGo],
    shows,
  },
  "a PCI address": { network: lending({ pciBusID: PCI }), steps: [pci, ...comeAndGo], shows },
  "a PCI device with a virtio device": {
    network: lending({ pciBusID: PCI }),
    steps: [
      {
        sysfs: {
          [`bus/pci/devices/${PCI}/virtio3/net/dev0`]: true,
          [`bus/pci/devices/${PCI}/driver`]: "../../drivers/virtio-pci",
          "bus/pci/drivers/virtio-pci": true,
        },
      },
      ...comeAndGo,
    ],
    shows,
  },
  "a PCI device that the runtime has chosen": {
    network: lending({}),
    steps: [
      pci,
      device("dev0"),
      add("a", { runtimeConfig: { deviceID: PCI } }),
      look,
      del("a", { runtimeConfig: { deviceID: PCI } }),
      ...gone,
    ],
    shows,
  },
  "the name of another link in the container": {
    network: lending({ device: "dev0" }),
    steps: [
      device("dev0"),
      add("a", { ifname: "net1" }),
      look,
      check("a", { ifname: "net1" }),
      del("a", { ifname: "net1" }),
      ...gone,
    ],
    shows,
  },
  "two devices for two containers, and two for one": {
    network: lending({ device: "dev0" }),
    steps: [
      device("dev0"),
      device("dev1", "02:00:00:00:02:02"),
      device("dev2", "02:00:00:00:03:03"),
      add("a"),
      add("a", { ifname: "net1", network: lending({ device: "dev1" }) }),
      add("b", { network: lending({ device: "dev2" }) }),
      look,
      del("a", { ifname: "net1", network: lending({ device: "dev1" }) }),
      del("b", { network: lending({ device: "dev2" }) }),
      del("a"),
      { in: "host", run: 'ip link set dev1 alias ""; ip link set dev2 alias ""' },
      ...gone,
    ],
    shows,
  },
  "a device with addresses on the host": {
    network: lending({ device: "dev0" }),
    steps: [device("dev0", MAC, "ip address add 198.51.100.7/24 dev dev0"), add("a"), look, del("a")],
    shows,
  },
  "a host whose name is taken by then": {
    network: lending({ device: "dev0" }),
    steps: [
      device("dev0"),
      add("a"),
      { in: "host", run: "ip link add dev0 type veth peer name other" },
      del("a", { refused: true }),
      { in: "host", run: "ip link delete dev0" },
      del("a"),
    ],
  },
  "0.2.0": { network: lending({ device: "dev0", ipam: fixed }, "0.2.0"), steps: comeAndGo, shows },
  "0.3.1": { network: lending({ device: "dev0" }, "0.3.1"), steps: comeAndGo, shows },
  "0.4.0": { network: lending({ device: "dev0", ipam: fixed }, "0.4.0"), steps: comeAndGo, shows },
  "a DEL that comes twice": {
    network: lending({ device: "dev0" }),
    steps: [device("dev0"), add("a"), del("a"), del("a")],
    shows: ["goneIsDone"],
  },
  "a DEL whose namespace has ended": {
    network: lending({ device: "dev0" }),
    steps: [device("dev0"), add("a"), { end: "a" }, del("a")],
    shows: ["goneIsDone"],
  },
  "a device that is not there": { network: lending({ device: "nosuch0" }), steps: refused },
  "an address that nobody has": { network: lending({ hwaddr: "02:00:00:00:09:09" }), steps: refused },
  "a PCI address that is not there": { network: lending({ pciBusID: PCI }), steps: refused },
  "a device that is in a container": {
    network: lending({ device: "dev0" }),
    steps: [device("dev0"), add("a"), add("b", { refused: true })],
  },
  "no device": { network: lending({}), steps: refused, shows: ["invalidConfig"] },
  "a path outside /sys/devices": {
    network: lending({ kernelpath: "/etc" }),
    steps: refused,
    shows: ["invalidConfig"],
  },
  "no address from IPAM": {
    network: lending({ device: "dev0", ipam: { type: "static" } }),
    steps: [device("dev0"), ...refused],
  },
};

twin.describe("host-device does as Go's does with", () => {
  twin.test.each(Object.entries(scenarios))("%s", (_, scenario) => {
    expect(differences(scenario)).toEqual(expectedDifferences(scenario));
  });
});
