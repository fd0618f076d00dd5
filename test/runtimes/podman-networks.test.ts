/** Networks that `podman network create` makes: one suite for our plugins, alone in their directory, and the Go ones. */
import { afterAll, afterEach, beforeAll, expect } from "bun:test";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { needs } from "../needs.ts";
import { leftovers } from "./leftovers.ts";
import { hostAddress, outsideAddress } from "./machine.ts";
import { ownDefault, pluginDirectory, referenceDefault, type TestNetwork } from "./networks.ts";
import { type PodmanHost, podmanHost } from "./podman.ts";
import { ask, askOnce, inside, onHost, serveOutside, tcpServer } from "./talk.ts";

const programs = ["podman", "crun", "busybox", "ip", "nft"] as const;

needs(...ownDefault.needs).test("the directory of the plugins holds one file, and links to it", () => {
  const others = readdirSync(pluginDirectory).filter((name) => name !== "flatnet");
  expect(others.length).toBeGreaterThan(8);
  expect(new Set(others.map((name) => readlinkSync(join(pluginDirectory, name))))).toEqual(
    new Set(["flatnet"]),
  );
});

function suite(network: TestNetwork): void {
  const live = needs("root", ...programs.map((program) => `program:${program}` as const), ...network.needs);

  live.describe(`podman network create with ${network.title}`, () => {
    let host: PodmanHost;
    beforeAll(async () => {
      host = await podmanHost(network);
    });
    afterEach(() => {
      host.rm("--all");
      host.podman("network", "prune", "--force");
    });
    afterAll(() => host?.dispose());

    const create = (name: string, ...options: string[]) =>
      host.mustPodman("network", "create", ...options, name);
    const addressesOf = (name: string, network: string) => {
      const [{ NetworkSettings }] = JSON.parse(host.mustPodman("inspect", "--type", "container", name));
      const { IPAddress, GlobalIPv6Address } = NetworkSettings.Networks[network];
      return { v4: IPAddress as string, v6: GlobalIPv6Address as string };
    };

    live.test("both families: containers reach one another by either", () => {
      create("dual", "--ipv6", "--subnet", "10.89.5.0/24", "--subnet", "fd00:89:5::/64");
      for (const name of ["web", "client"]) host.run(name, ["--network", "dual"], tcpServer);
      const { v4, v6 } = addressesOf("web", "dual");
      expect([v4, v6]).toEqual(["10.89.5.2", "fd00:89:5::2"]);
      expect(ask(inside(host, "client"), v4, 80)).toBe("web");
      expect(ask(inside(host, "client"), v6, 80)).toBe("web");
      host.rm("web", "client");
      expect(leftovers(host.machine, [v4, v6])).toEqual([]);
    });

    live.test("--internal: no way out, and none in between", () => {
      create("inner", "--internal", "--subnet", "10.89.6.0/24");
      host.run("web", ["--network", "inner"], tcpServer);
      host.run("client", ["--network", "inner"]);
      serveOutside(host, 7000);
      expect(host.exec("web", "ip", "route")).not.toContain("default");
      expect(ask(inside(host, "client"), addressesOf("web", "inner").v4, 80)).toBe("web");
      expect(askOnce(inside(host, "client"), outsideAddress, 7000)).toBe("");
    });

    live.test("--opt mtu: the interface and its end on the host have it", () => {
      create("small", "--opt", "mtu=1300", "--subnet", "10.89.7.0/24");
      host.run("web", ["--network", "small"]);
      expect(host.exec("web", "ip", "link", "show", "eth0")).toContain("mtu 1300");
    });

    live.test("two networks at once, one of them given and taken while the container runs", () => {
      create("front", "--subnet", "10.89.8.0/24");
      create("back", "--subnet", "10.89.9.0/24");
      host.run("web", ["--network", "front", "--publish", "8080:80"], tcpServer);
      host.run("db", ["--network", "back"], tcpServer);
      expect(ask(onHost(host), hostAddress, 8080)).toBe("web");
      host.mustPodman("network", "connect", "back", "web");
      expect(addressesOf("web", "back").v4).toStartWith("10.89.9.");
      expect(host.exec("web", "ip", "address", "show", "eth1")).toContain("10.89.9.");
      expect(ask(inside(host, "web"), addressesOf("db", "back").v4, 80)).toBe("db");
      host.mustPodman("network", "disconnect", "back", "web");
      expect(host.exec("web", "ip", "link")).not.toContain("eth1");
      expect(ask(onHost(host), hostAddress, 8080)).toBe("web");
    });

    live.test("--opt isolate: networks do not see each other, the host and the outside see both", () => {
      create("one", "--opt", "isolate=true", "--subnet", "10.89.10.0/24");
      create("two", "--opt", "isolate=true", "--subnet", "10.89.11.0/24");
      host.run("web", ["--network", "one"], tcpServer);
      host.run("near", ["--network", "one"]);
      host.run("far", ["--network", "two"]);
      serveOutside(host, 7001);
      const { v4 } = addressesOf("web", "one");
      expect(ask(inside(host, "near"), v4, 80)).toBe("web");
      expect(ask(onHost(host), v4, 80)).toBe("web");
      expect(askOnce(inside(host, "far"), v4, 80)).toBe("");
      expect(ask(inside(host, "far"), outsideAddress, 7001)).toBe("outside");
    });
  });
}

suite(ownDefault);
suite(referenceDefault);
