/** VLANs of `bridge` on a kernel that has them: of ports, of the gateway, of containers that must not see one another. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import type { PluginConfig } from "../call.ts";
import { Host } from "../host.ts";
import { addresses, link, links, program, sysctl, vethNames, vlans } from "../kernel.ts";
import type { Attachment } from "../network.ts";
import { ask, serve } from "../talk.ts";
import { bridge, dual, range } from "./configuration.ts";

const live = needs("namespaces", "bridge-vlans", "program:ip", "program:bridge");

/** How iproute2 says that a port's untagged traffic is in a VLAN. */
const untagged = (vlan: number): string => `${vlan} PVID Egress Untagged`;

const filters = (host: Host, name = "cni0"): unknown =>
  link(host.namespace, name).linkinfo?.info_data?.vlan_filtering;

/** The VLANs of a container's port. */
const ofPort = (host: Host, { hostLink }: Attachment): string[] => vlans(host.namespace, hostLink);

/** The other end of the gateway's device: the port by which it is in the bridge. */
function portOf(host: Host, device: string): string {
  const { link: index } = JSON.parse(
    program(host.namespace, "ip", "-json", "link", "show", device),
  )[0] as Record<string, string>;
  return index!;
}

const onlyPort = (config: object) => {
  using host = new Host();
  return ofPort(host, host.network(bridge(config)).add("web"));
};

live.describe("VLANs of bridge", () => {
  live.test("vlan puts the port in that VLAN and no other, and the bridge filters", () => {
    using host = new Host();
    const web = host.network(bridge({ vlan: 100 })).add("web");
    expect(filters(host)).toBe(1);
    expect(ofPort(host, web)).toEqual([untagged(100)]);
    web.check();
    web.del();
    expect(vethNames(host.namespace)).toEqual([]);
  });

  live.test("preserveDefaultVlan keeps the one that the kernel gives each port", () => {
    expect(onlyPort({ vlan: 100, preserveDefaultVlan: true })).toEqual(["1 Egress Untagged", untagged(100)]);
  });

  live.test("vlan 0 leaves everything as it is", () => {
    using host = new Host();
    const web = host.network(bridge({ vlan: 0 })).add("web");
    expect(filters(host)).toBe(0);
    expect(ofPort(host, web)).toEqual([untagged(1)]);
  });

  live.test("an empty trunk makes the bridge filter, and changes nothing about the port", () => {
    using host = new Host();
    const web = host.network(bridge({ vlanTrunk: [] })).add("web");
    expect(filters(host)).toBe(1);
    expect(ofPort(host, web)).toEqual([untagged(1)]);
    web.check();
  });

  live.test.each([
    ["a trunk's VLANs are tagged, and VLAN 1 is not", {}, [untagged(1), "101", "200-203"]],
    ["beside a VLAN a trunk has that untagged", { vlan: 100 }, [untagged(100), "101", "200-203"]],
    [
      "a trunk that names the VLAN as well has it untagged",
      { vlan: 201 },
      ["101", "200", untagged(201), "202", "203"],
    ],
  ])("%s", (_, keys, expected) => {
    const vlanTrunk = [{ minID: 200, maxID: 203, id: 101 }, { id: 200 }];
    const shown = onlyPort({ ...keys, vlanTrunk });
    expect(shown.flatMap((each) => ranged(each))).toEqual(expected.flatMap((each) => ranged(each)));
  });

  /** iproute2 joins VLANs that follow one another, as it likes. */
  function ranged(shown: string): string[] {
    const [, first, last] = /^(\d+)-(\d+)$/.exec(shown) ?? [];
    if (first === undefined) return [shown];
    return Array.from({ length: Number(last) - Number(first) + 1 }, (_, nth) => `${Number(first) + nth}`);
  }

  live.test("the whole range from 1 to 4094 is taken", () => {
    const shown = onlyPort({ vlan: 4094, vlanTrunk: [{ minID: 1, maxID: 4093 }] });
    expect(shown.flatMap(ranged)).toHaveLength(4094);
    expect(shown.at(-1)).toBe(untagged(4094));
  });

  live.test("the gateway has a device in the VLAN, which is the fourth interface of the result", async () => {
    using host = new Host();
    const web = host.network(bridge({ vlan: 100, isDefaultGateway: true, mtu: 1400, ipam: dual })).add("web");
    const device = link(host.namespace, "cni0.100");
    expect(device).toMatchObject({ mtu: 1400, operstate: "UP", linkinfo: { info_kind: "veth" } });
    expect(addresses(host.namespace, "cni0.100")).toEqual(["10.1.2.1/24", "fd00:1:2::1/64"]);
    expect(addresses(host.namespace, "cni0")).toEqual([]);
    const port = portOf(host, "cni0.100");
    expect(link(host.namespace, port)).toMatchObject({ master: "cni0", mtu: 1400, operstate: "UP" });
    expect(vlans(host.namespace, port)).toEqual([untagged(100)]);
    expect(web.result.interfaces?.map(({ name }) => name)).toEqual([
      "cni0",
      web.hostLink,
      "eth0",
      "cni0.100",
    ]);
    expect(web.result.interfaces?.[3]).toEqual({ name: "cni0.100", mac: device.address });
    using _server = await serve(host.namespace, { port: 80, name: "host" });
    for (const address of ["10.1.2.1", "fd00:1:2::1"])
      expect(await ask(web.namespace, { address, port: 80 })).toMatchObject({ from: "host" });
    web.check();
  });

  live.test("the gateway's device hears no router advertisements, and neither do the ports", () => {
    using host = new Host();
    const web = host.network(bridge({ vlan: 100, isGateway: true, ipam: dual })).add("web");
    const names = ["cni0", "cni0.100", web.hostLink, portOf(host, "cni0.100")];
    const heard = names.map((name) => sysctl(host.namespace, `net/ipv6/conf/${name}/accept_ra`));
    expect(heard).toEqual(names.map(() => "0"));
    expect(sysctl(host.namespace, "net/ipv6/conf/cni0.100/accept_dad")).toBe("0");
  });

  live.test("a gateway's device that a killed call has left half made is completed", () => {
    using host = new Host();
    const keys = { vlan: 100, isGateway: true, ipam: range };
    host.network(bridge(keys)).add("web").del();
    const port = portOf(host, "cni0.100");
    program(host.namespace, "ip", "link", "set", "cni0.100", "down");
    program(host.namespace, "bridge", "vlan", "delete", "vid", "100", "dev", port);
    const web = host.network(bridge(keys)).add("web");
    expect(vlans(host.namespace, port)).toEqual([untagged(100)]);
    expect(link(host.namespace, "cni0.100").flags).toContain("UP");
    web.check();
  });

  live.test("the gateway's device is shared by all of its VLAN, and stays", () => {
    using host = new Host();
    const network = host.network(bridge({ vlan: 100, isGateway: true, ipam: range }));
    const [web, shop] = [network.add("web"), network.add("shop")];
    const ports = (): number => links(host.namespace).filter(({ master }) => master === "cni0").length;
    expect(ports()).toBe(3);
    web.del();
    shop.del();
    shop.del();
    expect(ports()).toBe(1);
    network.add("again").check();
    expect(ports()).toBe(2);
  });

  live.test("a bridge's name that leaves no room for the VLAN's number is shortened", () => {
    using host = new Host();
    const keys = { bridge: "a-long-name-br0", vlan: 4000, isGateway: true, ipam: range };
    const web = host.network(bridge(keys)).add("web");
    const device = web.result.interfaces![3]!.name;
    expect(device).toMatch(/^br[\da-f]{8}\.4000$/);
    expect(addresses(host.namespace, device)).toEqual(["10.1.2.1/24"]);
    web.check();
  });

  /** Containers of one bridge, each with keys and an address in one subnet. */
  function neighbours<Name extends string>(host: Host, keys: Record<Name, Partial<PluginConfig>>) {
    const attached = Object.entries(keys).map(([id, own], nth) => {
      const web = host.network(bridge(own as object)).add(id);
      program(web.namespace, "ip", "address", "add", `10.7.0.${nth + 1}/24`, "dev", "eth0");
      return [id, { ...web, namespace: web.namespace, address: `10.7.0.${nth + 1}` }];
    });
    return Object.fromEntries(attached) as Record<
      Name,
      { namespace: Attachment["namespace"]; address: string }
    >;
  }

  live.test("containers see those of their own VLAN only", async () => {
    using host = new Host();
    const { red, pink, blue, plain } = neighbours(host, {
      red: { vlan: 100 },
      pink: { vlan: 100 },
      blue: { vlan: 200 },
      plain: {},
    });
    using _server = await serve(red.namespace, { port: 80, name: "red" });
    const question = { address: red.address, port: 80, patience: 1000 };
    expect(await ask(pink.namespace, question)).toMatchObject({ from: "red" });
    expect(await ask(blue.namespace, question)).toBeUndefined();
    expect(await ask(plain.namespace, question)).toBeUndefined();
  });

  const tagged = needs("namespaces", "bridge-vlans", "link:vlan", "program:ip", "program:bridge");

  tagged.test("a trunk carries the tagged traffic of its VLANs, and no other", async () => {
    using host = new Host();
    const { red, blue, trunk } = neighbours(host, {
      red: { vlan: 100 },
      blue: { vlan: 200 },
      trunk: { vlanTrunk: [{ id: 100 }] },
    });
    for (const vlan of [100, 200]) {
      const name = `eth0.${vlan}`;
      program(
        trunk.namespace,
        ..."ip link add link eth0 name".split(" "),
        name,
        "type",
        "vlan",
        "id",
        `${vlan}`,
      );
      program(trunk.namespace, "ip", "link", "set", name, "up");
    }
    program(trunk.namespace, ..."ip address flush dev eth0".split(" "));
    program(trunk.namespace, ..."ip address add 10.7.0.9/24 dev eth0.100".split(" "));
    program(trunk.namespace, ..."ip route add 10.7.0.2/32 dev eth0.200".split(" "));
    using _red = await serve(red.namespace, { port: 80, name: "red" });
    using _blue = await serve(blue.namespace, { port: 80, name: "blue" });
    expect(await ask(trunk.namespace, { address: red.address, port: 80 })).toMatchObject({ from: "red" });
    expect(await ask(trunk.namespace, { address: blue.address, port: 80, patience: 1000 })).toBeUndefined();
  });

  live.test("a bridge that is there and does not filter is made to", () => {
    using host = new Host();
    program(host.namespace, ..."ip link add cni0 address 02:00:00:00:00:42 type bridge".split(" "));
    const web = host.network(bridge({ vlan: 100 })).add("web");
    expect(filters(host)).toBe(1);
    expect(ofPort(host, web)).toEqual([untagged(100)]);
  });

  live.test(
    "CHECK names a VLAN that is missing, one too many, one that is tagged, and a bridge that does not filter",
    () => {
      using host = new Host();
      const web = host.network(bridge({ vlan: 100, vlanTrunk: [{ id: 7 }] })).add("web");
      const vlan = (...words: string[]) => program(host.namespace, "bridge", "vlan", ...words);
      const dev = ["dev", web.hostLink];
      web.check();
      vlan("delete", "vid", "7", ...dev);
      expect(web.refused("CHECK").msg).toContain("VLAN 7 is missing");
      vlan("add", "vid", "7", ...dev, "untagged");
      expect(web.refused("CHECK").msg).toContain("VLAN 7 is untagged when it goes out only");
      vlan("add", "vid", "7", ...dev);
      vlan("add", "vid", "100", ...dev);
      expect(web.refused("CHECK").msg).toContain("VLAN 100 is tagged");
      vlan("add", "vid", "100", ...dev, "pvid", "untagged");
      vlan("add", "vid", "8", ...dev);
      expect(web.refused("CHECK").msg).toContain("VLAN 8 is one too many");
      vlan("delete", "vid", "8", ...dev);
      web.check();
      program(host.namespace, ..."ip link set cni0 type bridge vlan_filtering 0".split(" "));
      expect(web.refused("CHECK").msg).toContain("it does not filter VLANs");
    },
  );

  live.test("an ADD that fails takes back the gateway's device and the filtering", () => {
    using host = new Host();
    const taken = host.container();
    program(taken, "ip", "link", "add", "eth0", "type", "bridge");
    const network = host.network(bridge({ vlan: 100, isGateway: true, ipam: range }));
    network.refuse("web", { namespace: taken });
    expect(links(host.namespace)).toHaveLength(2);
    program(host.namespace, "ip", "link", "add", "cni0", "type", "bridge");
    network.refuse("web", { namespace: taken });
    expect(links(host.namespace)).toHaveLength(3);
    expect(filters(host)).toBe(0);
  });

  live.test("twenty first ADDs at once make one bridge and one device for the gateway", async () => {
    using host = new Host();
    const config = {
      cniVersion: "1.0.0",
      name: "net",
      ...bridge({ vlan: 100, isGateway: true, ipam: range }).plugins[0]!,
    };
    const calls = Array.from({ length: 20 }, (_, nth) => {
      const netns = host.container().path;
      const variables = {
        CNI_COMMAND: "ADD",
        CNI_PATH: host.plugins,
        CNI_CONTAINERID: `c${nth}`,
        CNI_NETNS: netns,
        CNI_IFNAME: "eth0",
      };
      return [[`${host.plugins}/bridge`], variables, JSON.stringify(config)] as [
        string[],
        typeof variables,
        string,
      ];
    });
    const endings = await host.runTogether(calls);
    expect(endings.filter(({ exit }) => exit !== 0).map(({ stdout }) => stdout)).toEqual([]);
    const ports = links(host.namespace).filter(({ master }) => master === "cni0");
    expect(ports.map(({ ifname }) => vlans(host.namespace, ifname))).toEqual(
      ports.map(() => [untagged(100)]),
    );
    expect(ports).toHaveLength(21);
  });
});
