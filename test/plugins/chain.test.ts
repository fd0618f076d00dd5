/**
 * The chain of a Kubernetes node, driven as its runtime drives it: bridge or ptp, portmap, bandwidth, and sbr, which is for
 * the second interface of a pod: an interface that has it routes what comes from its own address, and nothing else.
 */
import { expect } from "bun:test";
import { needs } from "../needs.ts";
import type { Configuration } from "./call.ts";
import { Host, hostAddress, outsideAddress } from "./host.ts";
import { addresses, program, routes, ruleset, setSysctl } from "./kernel.ts";
import type { Attachment, AttachmentOptions, Network } from "./network.ts";
import { ask, serve } from "./talk.ts";

const NO_DETECTION = "net/ipv6/conf/default/accept_dad";

const live = needs("namespaces", "program:ip", "program:tc", "program:nft");

const ipam = {
  type: "host-local",
  ranges: [[{ subnet: "10.244.1.0/24", rangeEnd: "10.244.1.4" }], [{ subnet: "fd00:244:1::/64" }]],
  routes: [{ dst: "0.0.0.0/0" }, { dst: "::/0" }],
};

const storage = { type: "host-local", subnet: "10.245.1.0/24", routes: [{ dst: "0.0.0.0/0" }] };

const main: Readonly<Record<string, object>> = {
  bridge: { type: "bridge", bridge: "cni0", isGateway: true, ipMasq: true, hairpinMode: true, ipam },
  ptp: { type: "ptp", ipMasq: true, ipam },
};

/** Every pod's network. */
const first = (plugin: string): Configuration => ({
  cniVersion: "1.1.0",
  name: "k8s-pod-network",
  plugins: [
    main[plugin],
    { type: "portmap", capabilities: { portMappings: true }, snat: true },
    { type: "bandwidth", capabilities: { bandwidth: true } },
  ] as Configuration["plugins"],
});

/** All in one. */
const list = (plugin: string): Configuration => ({
  ...first(plugin),
  plugins: [...first(plugin).plugins, { type: "sbr" }],
});

/** A second network for pods that ask for one. */
const second = (plugin: string): Configuration => ({
  cniVersion: "1.1.0",
  name: "storage",
  plugins: [
    { ...main[plugin], ...(plugin === "bridge" && { bridge: "storage0" }), ipam: storage },
    { type: "sbr" },
  ] as Configuration["plugins"],
});

/** What a Kubernetes runtime passes for a pod. */
const pod = (name: string, hostPort: number): AttachmentOptions => ({
  args: `IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=${name};K8S_POD_INFRA_CONTAINER_ID=${name};K8S_POD_UID=1-2`,
  runtimeConfig: {
    portMappings: [{ hostPort, containerPort: 80, protocol: "tcp" }],
    bandwidth: {
      ingressRate: 8_000_000,
      ingressBurst: 1_600_000,
      egressRate: 4_000_000,
      egressBurst: 800_000,
    },
  },
});

/** What belongs to pods on a host: links, leases, limits, rules and elements with their addresses. */
function left(host: Host): string[] {
  const lines = (...command: string[]) => program(host.namespace, ...command).split("\n");
  return [
    ...lines("ip", "-oneline", "link", "show").filter((line) => /: (veth|bwp)/.test(line)),
    ...lines("tc", "qdisc", "show").filter((line) => /\b(tbf|ingress)\b/.test(line)),
    ...lines("ip", "route", "show", "table", "all").filter((line) => /10\.24[45]\.1\.[2-9] /.test(line)),
    ...host.leases("k8s-pod-network"),
    ...host.leases("storage"),
    ...ruleset(host.namespace)
      .split("\n")
      .filter((line) => /10\.244\.1\.[2-9]|fd00:244:1::[2-9]/.test(line)),
  ];
}

/** A host whose interfaces have their IPv6 addresses at once, without a second of looking for duplicates. */
function quickHost(): Host {
  const host = new Host();
  setSysctl(host.namespace, NO_DETECTION, "0");
  return host;
}

/** Attaches a pod of such a host. */
function attach(net: Network, name: string, hostPort: number): Attachment {
  const attachment = net.container(name, pod(name, hostPort));
  setSysctl(attachment.namespace, NO_DETECTION, "0");
  attachment.add();
  return attachment;
}

/** The namespace of a pod ends, and its links some milliseconds later. */
function end(host: Host, { namespace, hostLink }: Attachment): void {
  host.end(namespace);
  while (program(host.namespace, "ip", "-oneline", "link").includes(`${hostLink}@`)) Bun.sleepSync(5);
}

live.describe.each(Object.keys(main))("%s, portmap, bandwidth and sbr", (plugin) => {
  live.test(
    "attach a pod that is reached, limited, routed by its source, checked, and leaves nothing",
    async () => {
      using host = quickHost();
      const net = host.network(first(plugin));
      expect(net.status()).toEqual({ exit: 0, stdout: "", stderr: "" });
      const web = attach(net, "web", 8080);
      const client = attach(net, "client", 8081);
      using _ = await serve(web.namespace, { port: 80, name: "web" });

      expect(addresses(web.namespace, "eth0").sort()).toEqual(["10.244.1.2/24", "fd00:244:1::2/64"].sort());
      const fromWeb = expect.objectContaining({ from: "web" });
      expect(await ask(host.outside, { address: hostAddress.v4, port: 8080 })).toEqual(fromWeb);
      expect(await ask(host.namespace, { address: hostAddress.v4, port: 8080 })).toEqual(fromWeb);
      expect(await ask(client.namespace, { address: web.address(), port: 80 })).toEqual(fromWeb);
      using outside = await serve(host.outside, { port: 7000, name: "outside" });
      expect(outside).toBeDefined();
      expect(await ask(web.namespace, { address: outsideAddress.v4, port: 7000 })).toEqual({
        from: "outside",
        client: hostAddress.v4,
      });

      const shaped = program(host.namespace, "tc", "qdisc", "show", "dev", web.hostLink);
      expect(shaped).toMatch(/tbf .*rate 8Mbit/);

      const beside = host.network(second(plugin)).add("web", { namespace: web.namespace, ifname: "net1" });
      expect(program(web.namespace, "ip", "rule", "show")).toContain("from 10.245.1.2 lookup 100");
      expect(routes(web.namespace).filter((line) => line.startsWith("default"))).toEqual([
        "default via 10.244.1.1 dev eth0",
      ]);
      expect(await ask(host.namespace, { address: beside.address(), port: 80 })).toEqual(fromWeb);
      beside.check();
      beside.del();

      web.check();
      client.check();
      web.del();
      expect(left(host).join("\n")).not.toMatch(/10\.244\.1\.2\b/);
      expect(await ask(host.outside, { address: hostAddress.v4, port: 8080, patience: 200 })).toBeUndefined();
      client.check();
      client.del();
      for (const attachment of [web, client]) attachment.del();
      expect(left(host)).toEqual([]);
    },
  );

  const damage: Readonly<Record<string, (host: Host, web: Attachment) => void>> = {
    "a limit": (host, web) => program(host.namespace, "tc", "qdisc", "delete", "dev", web.hostLink, "root"),
    "an address": (_, web) =>
      program(web.namespace, "ip", "address", "delete", "10.244.1.2/24", "dev", "eth0"),
    "a rule of the container": (_, web) =>
      program(web.namespace, "ip", "rule", "delete", "from", "10.244.1.2"),
    "the lease": (host) =>
      program(host.namespace, "rm", host.file("cni/networks/k8s-pod-network/10.244.1.2")),
    "the firewall": (host) => program(host.namespace, "nft", "flush", "ruleset"),
  };
  live.test.each(Object.entries(damage))(
    "find in CHECK that %s is missing, and still remove the pod",
    (_, harm) => {
      using host = quickHost();
      const web = attach(host.network(list(plugin)), "web", 8080);
      web.check();
      harm(host, web);
      expect(web.refused("CHECK").msg).not.toBe("");
      web.del();
      expect(left(host)).toEqual([]);
    },
  );

  live.test.each([true, false])("remove a pod whose namespace is gone, with its result: %p", (remembered) => {
    using host = quickHost();
    const web = attach(host.network(list(plugin)), "web", 8080);
    end(host, web);
    if (!remembered) web.forget();
    web.del();
    web.del();
    expect(left(host)).toEqual([]);
  });

  live.test("collect what no valid pod has, and leave the valid one as it is", () => {
    using host = quickHost();
    const net = host.network(list(plugin));
    const [web, gone, lost] = ["web", "gone", "lost"].map((name, nth) => attach(net, name, 8080 + nth));
    end(host, gone!);
    net.gc([web!]);
    web!.check();
    expect(host.leases("k8s-pod-network")).toEqual(["10.244.1.2", "fd00:244:1::2"]);
    const text = left(host).join("\n");
    for (const pattern of [gone!.hostLink, lost!.hostLink, "10.244.1.3", "10.244.1.4"])
      expect(text).not.toContain(pattern);
    net.gc([]);
    expect(left(host)).toEqual([]);
  });

  live.test("say in STATUS that the addresses are used up, and refuse the pod without a trace", () => {
    using host = quickHost();
    const net = host.network(list(plugin));
    const pods = ["a", "b", "c"].map((name, nth) => attach(net, name, 9000 + nth));
    const { exit, stdout } = net.status();
    expect([exit, JSON.parse(stdout)]).toMatchObject([
      1,
      { code: 50, msg: expect.stringContaining("3 of 3 by containers") },
    ]);
    const before = left(host);
    net.refuse("f", pod("f", 9005));
    net.container("f", pod("f", 9005)).del();
    expect(left(host)).toEqual(before);
    for (const each of pods) each.del();
    expect(net.status().exit).toBe(0);
  });

  live.test("refuse a pod whose port is taken, and DEL leaves nothing of it", () => {
    using host = quickHost();
    const net = host.network(list(plugin));
    const web = attach(net, "web", 8080);
    const before = left(host);
    const late = net.container("late", pod("late", 8080));
    expect(late.refused("ADD").msg).toContain("8080");
    late.del();
    expect(left(host)).toEqual(before);
    web.check();
  });
});
