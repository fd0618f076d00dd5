/** CHECK says what is no longer as ADD left it, each thing by name. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import { Host } from "../host.ts";
import { program, setSysctl } from "../kernel.ts";
import type { Attachment } from "../network.ts";
import { dualStack, flatnet } from "./configuration.ts";

const live = needs("namespaces", "program:ip", "program:bridge", "program:nft");

const MAC = "02:00:00:00:00:77";

/** A container of both families with a published port and an address of its own choice. */
function attached(host: Host): Attachment {
  const portMappings = [{ hostPort: 8080, containerPort: 80, protocol: "tcp" }];
  return host.network(flatnet(dualStack)).add("web", { runtimeConfig: { portMappings, mac: MAC } });
}

/** Words for a program on the host or in the container; `LINK` is the host's end. */
interface Damage {
  readonly host?: string;
  readonly container?: string;
}

const damages: [string, Damage, string][] = [
  ["the host's end is deleted", { host: "ip link delete LINK" }, "eth0 is not in the container"],
  [
    "the interface is renamed",
    { container: "ip link set eth0 down name eth9" },
    "eth0 is not in the container",
  ],
  ["the interface is down", { container: "ip link set eth0 down" }, "eth0 up: it is down"],
  [
    "the interface has another link-layer address",
    { container: "ip link set eth0 address 02:00:00:00:00:99" },
    "the address of eth0 is 02:00:00:00:00:99",
  ],
  [
    "the host's end has left the bridge",
    { host: "ip link set LINK nomaster" },
    "LINK is no port of flatnet-br0",
  ],
  ["the bridge is down", { host: "ip link set flatnet-br0 down" }, "bridge flatnet-br0: it is down"],
  [
    "the bridge is promiscuous",
    { host: "ip link set flatnet-br0 promisc on" },
    "bridge flatnet-br0: it is promiscuous",
  ],
  ["hairpin mode is off", { host: "bridge link set dev LINK hairpin off" }, "hairpin mode is off"],
  ["the port is isolated", { host: "bridge link set dev LINK isolated on" }, "isolation is on"],
  [
    "the address is gone",
    { container: "ip address delete 10.87.1.2/24 dev eth0" },
    "address 10.87.1.2/24 on eth0: it is not there",
  ],
  [
    "the IPv6 address is gone",
    { container: "ip address delete fd00:87:1::2/64 dev eth0" },
    "address fd00:87:1::2/64 on eth0: it is not there",
  ],
  [
    "the address has another prefix length",
    { container: "ip address replace 10.87.1.2/16 dev eth0; ip address delete 10.87.1.2/24 dev eth0" },
    "address 10.87.1.2/24 on eth0: it is not there, but 10.87.1.2/16",
  ],
  [
    "the default route is gone",
    { container: "ip route delete default" },
    "route to 0.0.0.0/0 via 10.87.1.1 on eth0: it is not there",
  ],
  [
    "the IPv6 default route is gone",
    { container: "ip -6 route delete default" },
    "route to ::/0 via fd00:87:1::1 on eth0: it is not there",
  ],
  [
    "the gateway's address is gone",
    { host: "ip address delete 10.87.1.1/24 dev flatnet-br0" },
    "gateway address 10.87.1.1/24 on flatnet-br0: it is not there",
  ],
  [
    "the published port is gone",
    { host: "nft delete element inet flatnet anyports4 { tcp . 8080 }" },
    "port 0.0.0.0:8080/tcp is missing in anyports4",
  ],
  [
    "the published port leads elsewhere",
    {
      host:
        "nft delete element inet flatnet anyports4 { tcp . 8080 };" +
        "nft add element inet flatnet anyports4 { tcp . 8080 : 10.9.9.9 . 80 }",
    },
    "port 0.0.0.0:8080/tcp belongs to",
  ],
  [
    "the address is not masqueraded",
    { host: "nft delete element inet flatnet masquerade4 { 10.87.1.2 }" },
    "address 10.87.1.2 is missing in masquerade4",
  ],
  [
    "the table is gone",
    { host: "nft delete table inet flatnet" },
    "port 0.0.0.0:8080/tcp is missing in anyports4",
  ],
];

live.describe("CHECK", () => {
  live.test("is content with what ADD made", () => {
    using host = new Host();
    const web = attached(host);
    web.check();
    web.check();
  });

  live.test.each(damages)("says that %s", (_, { host: onHost, container }, sentence) => {
    using host = new Host();
    const web = attached(host);
    const words = (text: string): string[] => ["sh", "-c", text.replaceAll("LINK", web.hostLink)];
    if (onHost !== undefined) program(host.namespace, ...words(onHost));
    if (container !== undefined) program(web.namespace, ...words(container));
    const { code, msg } = web.refused("CHECK");
    expect(code).toBe(999);
    expect(msg).toContain(sentence.replaceAll("LINK", web.hostLink));
  });

  live.test.each([
    "net/ipv4/ip_forward",
    "net/ipv6/conf/all/forwarding",
    "net/ipv4/conf/flatnet-br0/route_localnet",
  ])("says that %s is off", (key) => {
    using host = new Host();
    const web = attached(host);
    setSysctl(host.namespace, key, "0");
    expect(web.refused("CHECK").msg).toContain(`${key} is 0`);
  });

  live.test("names all that differs at once", () => {
    using host = new Host();
    const web = attached(host);
    program(web.namespace, "ip", "route", "delete", "default");
    program(host.namespace, "bridge", "link", "set", "dev", web.hostLink, "hairpin", "off");
    const { msg } = web.refused("CHECK");
    expect(msg).toContain("hairpin mode is off");
    expect(msg).toContain("route to 0.0.0.0/0");
  });

  live.test("says that the lease is gone", () => {
    using host = new Host();
    const web = attached(host);
    program(host.namespace, "rm", host.file("cni/networks/flatnet/10.87.1.2"));
    program(host.namespace, "rm", host.file("cni/networks/flatnet/fd00:87:1::2"));
    expect(web.refused("CHECK").msg).toContain("there is no lease of it");
  });

  live.test("says that the namespace is gone", () => {
    using host = new Host();
    const web = attached(host);
    host.end(web.namespace);
    expect(web.refused("CHECK").msg).toContain("there is nothing at this path");
  });

  live.test("needs the result of ADD", () => {
    using host = new Host();
    const web = attached(host);
    web.forget();
    expect(web.refused("CHECK")).toMatchObject({ code: 7, msg: expect.stringContaining("no prevResult") });
  });

  live.test("compares the link-layer address with the result, which a later plugin may have changed", () => {
    using host = new Host();
    const web = attached(host);
    const other = "02:00:00:00:00:99";
    program(web.namespace, "ip", "link", "set", "eth0", "address", other);
    const [bridge, port, inner] = web.result.interfaces!;
    web.remember({ ...web.result, interfaces: [bridge!, port!, { ...inner!, mac: other.toUpperCase() }] });
    web.check();
    web.remember({ ...web.result, interfaces: [bridge!, port!, { ...inner!, mac: MAC }] });
    expect(web.refused("CHECK").msg).toContain(`the address of eth0 is ${other}`);
  });

  live.test("says that the result is another attachment's", () => {
    using host = new Host();
    const web = attached(host);
    const [bridge, port, inner] = web.result.interfaces!;
    web.remember({
      ...web.result,
      interfaces: [bridge!, port!, { ...inner!, sandbox: "/run/netns/another" }],
    });
    expect(web.refused("CHECK").msg).toContain("prevResult has no such interface");
  });

  live.test("compares with the result that it is given", () => {
    using host = new Host();
    const web = attached(host);
    const [first, ...others] = web.result.ips!;
    web.remember({ ...web.result, ips: [{ ...first!, address: "10.99.1.9/24" }, ...others] });
    expect(web.refused("CHECK").msg).toContain(
      "address 10.99.1.9/24 on eth0: it is not there, but 10.87.1.2/24",
    );
    web.remember({ ...web.result, ips: [{ ...first!, address: "10.87.1.9/24" }, ...others] });
    expect(web.refused("CHECK").msg).toContain("there is no lease of it for 10.87.1.9 in");
  });
});
