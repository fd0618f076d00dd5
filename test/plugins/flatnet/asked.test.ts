/** What a runtime asks for one container, by capabilities and CNI_ARGS. */
import { expect } from "bun:test";
import { needs } from "../../needs.ts";
import type { PrintedResult } from "../call.ts";
import { Host } from "../host.ts";
import { addresses, link, links } from "../kernel.ts";
import { dualStack, flatnet } from "./configuration.ts";

const live = needs("namespaces", "program:ip");

live.describe("the capability", () => {
  const add = (host: Host, runtimeConfig: Record<string, unknown>, keys: object = {}): PrintedResult =>
    host.network(flatnet(keys)).add("web", { runtimeConfig }).result;

  live.test("ips gives the addresses asked for", () => {
    using host = new Host();
    const { ips } = add(host, { ips: ["10.87.1.77/24", "fd00:87:1::77"] }, dualStack);
    expect(ips?.map(({ address }) => address)).toEqual(["10.87.1.77/24", "fd00:87:1::77/64"]);
  });

  live.test("ips refuses an address that another container has, or no range", () => {
    using host = new Host();
    const network = host.network(flatnet());
    network.add("web", { runtimeConfig: { ips: ["10.87.1.77"] } });
    expect(network.refuse("late", { runtimeConfig: { ips: ["10.87.1.77"] } }).msg).toContain(
      "eth0 of container web",
    );
    expect(network.refuse("late", { runtimeConfig: { ips: ["10.9.9.9"] } }).msg).toContain("10.9.9.9");
    expect(host.leases("flatnet")).toEqual(["10.87.1.77"]);
  });

  live.test("mac gives the container's interface its address", () => {
    using host = new Host();
    const web = host.network(flatnet()).add("web", { runtimeConfig: { mac: "02:AA:00:00:00:01" } });
    expect(link(web.namespace, "eth0").address).toBe("02:aa:00:00:00:01");
    expect(web.result.interfaces?.[2]?.mac).toBe("02:aa:00:00:00:01");
    web.check();
  });

  live.test("ipRanges stands in for the default range", () => {
    using host = new Host();
    const { ips } = add(host, { ipRanges: [[{ subnet: "10.5.0.0/24" }], [{ subnet: "fd05::/64" }]] });
    expect(ips?.map(({ address }) => address)).toEqual(["10.5.0.2/24", "fd05::2/64"]);
  });

  live.test("dns goes before the network's own", () => {
    using host = new Host();
    const dns = { servers: ["192.0.2.54"], searches: ["b.example"], options: ["timeout:1"] };
    const { dns: printed } = add(host, { dns }, { dns: { nameservers: ["192.0.2.53"] } });
    expect(printed).toEqual({ nameservers: ["192.0.2.54"], search: ["b.example"], options: ["timeout:1"] });
  });

  live.test.each([[["www"]], [{ flatnet: ["www"] }]])("aliases is accepted as %j", (aliases) => {
    using host = new Host();
    expect(add(host, { aliases }).ips).toHaveLength(1);
  });

  live.test("portMappings for a family that the container lacks is refused", () => {
    using host = new Host();
    const portMappings = [{ hostPort: 80, containerPort: 80, protocol: "tcp", hostIP: "2001:db8::1" }];
    const { code, msg } = host.network(flatnet()).refuse("web", { runtimeConfig: { portMappings } });
    expect({ code, msg }).toMatchObject({ code: 7, msg: expect.stringContaining("no IPv6 address") });
    expect(host.leases("flatnet")).toEqual([]);
  });

  live.test.each([
    [
      { hostPort: 0, containerPort: 80 },
      "portMappings[0].hostPort: wanted an integer from 1 to 65535, found 0",
    ],
    [
      { hostPort: 80, containerPort: 65536 },
      "portMappings[0].containerPort: wanted an integer from 1 to 65535",
    ],
    [{ hostPort: 80, containerPort: 80, protocol: "icmp" }, "portMappings[0].protocol"],
    [{ hostPort: 80, containerPort: 80, hostIP: "host" }, "portMappings[0].hostIP: wanted an IP address"],
  ])("portMappings refuses %j", (mapping, sentence) => {
    using host = new Host();
    const { code, msg } = host
      .network(flatnet())
      .refuse("web", { runtimeConfig: { portMappings: [mapping] } });
    expect(code).toBe(7);
    expect(msg).toContain(sentence);
  });
});

live.describe("CNI_ARGS", () => {
  live.test("gives address and link-layer address, as Podman passes them", () => {
    using host = new Host();
    const args = "IP=10.87.1.55;MAC=02:00:00:00:00:55;IgnoreUnknown=1;K8S_POD_NAME=web";
    const web = host.network(flatnet()).add("web", { args });
    expect(addresses(web.namespace, "eth0")).toEqual(["10.87.1.55/24"]);
    expect(link(web.namespace, "eth0").address).toBe("02:00:00:00:00:55");
    web.check();
    web.del();
    expect(host.leases("flatnet")).toEqual([]);
  });

  live.test("goes behind what the capability says", () => {
    using host = new Host();
    const options = { args: "MAC=02:00:00:00:00:55", runtimeConfig: { mac: "02:00:00:00:00:66" } };
    expect(link(host.network(flatnet()).add("web", options).namespace, "eth0").address).toBe(
      "02:00:00:00:00:66",
    );
  });

  live.test.each([
    ["K8S_POD_NAME=web", "unknown: K8S_POD_NAME=web"],
    ["MAC=nonsense", "MAC"],
    ["IP=nonsense", 'IP is "nonsense"'],
    ["IP", '"IP" is not KEY=value'],
  ])("%s is refused", (args, sentence) => {
    using host = new Host();
    const { code, msg } = host.network(flatnet()).refuse("web", { args });
    expect(code).toBe(4);
    expect(msg).toContain(sentence);
    expect(links(host.namespace)).toHaveLength(2);
    expect(host.leases("flatnet")).toEqual([]);
  });
});
