/** What an operator sees of a network: real Podman, real containers, one suite for our plugins and the Go ones. */
import { afterAll, afterEach, beforeAll, expect } from "bun:test";
import { needs } from "../needs.ts";
import { leftovers } from "./leftovers.ts";
import { hostAddress, outsideAddress } from "./machine.ts";
import { flatnet, reference, type TestNetwork } from "./networks.ts";
import { type PodmanHost, podmanHost } from "./podman.ts";
import {
  ask,
  askOnce,
  askUdp,
  inside,
  onHost,
  outside,
  serve,
  serveOutside,
  serveUdp,
  tcpServer,
} from "./talk.ts";

const programs = ["podman", "crun", "busybox", "ip", "nft"] as const;

/** Podman sends no DEL for what a loss of power ended, and starts containers again under their ids. */
function powerLoss(network: TestNetwork): void {
  const live = needs("root", ...programs.map((program) => `program:${program}` as const), ...network.needs);
  const happens = network.forgetsTheDead ? "starts a container again" : "refuses to start a container again";
  live.test(`podman with ${network.title} ${happens} after a loss of power`, async () => {
    await using host = await podmanHost(network);
    serve(host, "web", "--publish", "8080:80");
    const { address } = host.inspect("web");
    host.losePower();
    const { exitCode, stderr } = host.podman("start", "web");
    if (network.forgetsTheDead) {
      expect([exitCode, stderr]).toEqual([0, ""]);
      expect(host.inspect("web").address).toStartWith(network.subnet);
      expect(ask(onHost(host), hostAddress, 8080)).toBe("web");
    } else {
      expect(exitCode).not.toBe(0);
      expect(stderr).toContain(`${address} has been allocated to`);
    }
  });
}

function suite(network: TestNetwork): void {
  const live = needs("root", ...programs.map((program) => `program:${program}` as const), ...network.needs);

  live.describe(`podman with ${network.title}`, () => {
    let host: PodmanHost;
    beforeAll(async () => {
      host = await podmanHost(network);
    });
    afterEach(() => host.rm("--all"));
    afterAll(() => host?.dispose());

    live.test("lists the network with its driver", () => {
      const [shown] = JSON.parse(host.mustPodman("network", "inspect", host.network));
      expect(shown).toMatchObject({ name: host.network, driver: network.driver });
    });

    live.test("two containers reach one another by address", () => {
      serve(host, "first");
      serve(host, "second");
      const [first, second] = [host.inspect("first"), host.inspect("second")];
      expect(first.address).toStartWith(network.subnet);
      expect(first.gateway).toBe(network.gateway);
      expect(second.address).not.toBe(first.address);
      expect(ask(inside(host, "first"), second.address, 80)).toBe("second");
      expect(ask(inside(host, "second"), first.address, 80)).toBe("first");
    });

    live.test("a published port is answered from everywhere", () => {
      serve(host, "web", "--publish", "8080:80");
      host.run("neighbour");
      expect(ask(onHost(host), hostAddress, 8080)).toBe("web");
      expect(ask(onHost(host), "127.0.0.1", 8080)).toBe("web");
      expect(ask(outside(host), hostAddress, 8080)).toBe("web");
      expect(ask(inside(host, "neighbour"), hostAddress, 8080)).toBe("web");
      expect(ask(inside(host, "web"), hostAddress, 8080)).toBe("web");
    });

    live.test("a port published on one address of the host is not answered on another", () => {
      serve(host, "private", "--publish", "127.0.0.1:8080:80");
      expect(ask(onHost(host), "127.0.0.1", 8080)).toBe("private");
      expect(askOnce(outside(host), hostAddress, 8080)).toBe("");
    });

    live.test("a published udp port is answered", () => {
      serveUdp(host, "names", "--publish", "5353:53/udp");
      expect(askUdp(outside(host), hostAddress, 5353)).toBe("names");
      expect(askUdp(onHost(host), "127.0.0.1", 5353)).toBe("names");
    });

    live.test("a container reaches the outside under the host's address", () => {
      // The neighbour has no route to containers: it can only answer what comes from the host's own address.
      host.run("inner");
      serveOutside(host, 7000);
      expect(ask(inside(host, "inner"), outsideAddress, 7000)).toBe("outside");
    });

    live.test("--ip and --mac-address are given to the container", () => {
      const address = `${network.subnet}77`;
      host.run("chosen", ["--ip", address, "--mac-address", "02:00:0a:57:01:4d"]);
      expect(host.inspect("chosen")).toMatchObject({ address, mac: "02:00:0a:57:01:4d" });
      expect(host.exec("chosen", "ip", "address", "show", "eth0")).toMatch(
        new RegExp(`link/ether 02:00:0a:57:01:4d[^]*inet ${address.replaceAll(".", "\\.")}/`),
      );
    });

    live.test("stop closes the published port and start opens it again", () => {
      serve(host, "web", "--publish", "8080:80");
      expect(ask(outside(host), hostAddress, 8080)).toBe("web");
      host.mustPodman("stop", "--time", "0", "web");
      expect(askOnce(outside(host), hostAddress, 8080)).toBe("");
      host.mustPodman("start", "web");
      expect(ask(outside(host), hostAddress, 8080)).toBe("web");
    });

    live.test("network reload keeps the container's address and port", () => {
      serve(host, "web", "--publish", "8080:80");
      const { address, mac } = host.inspect("web");
      host.mustPodman("network", "reload", "web");
      expect(host.inspect("web")).toMatchObject({ address, mac });
      expect(ask(outside(host), hostAddress, 8080)).toBe("web");
    });

    live.test("a port that is published already is refused and stays with its owner", () => {
      const owner = host.run("incumbent", ["--publish", "8080:80"], tcpServer);
      const refused = host.podman(...host.runArguments("late", ["--publish", "8080:80"], tcpServer));
      expect(refused.exitCode).not.toBe(0);
      expect(refused.stderr).toMatch(network.namesOwner ? new RegExp(`${owner}|\\bincumbent\\b`) : /in use/);
      expect(ask(outside(host), hostAddress, 8080)).toBe("incumbent");
    });

    live.test("ten containers started at once have addresses and ports of their own", async () => {
      const names = Array.from({ length: 10 }, (_, index) => `web${index}`);
      const started = await Promise.all(
        names.map((name, index) =>
          host.podmanAsync(...host.runArguments(name, ["--publish", `${9000 + index}:80`], tcpServer)),
        ),
      );
      expect(started.map(({ stderr }) => stderr)).toEqual(names.map(() => ""));
      expect(new Set(names.map((name) => host.inspect(name).address)).size).toBe(names.length);
      expect(names.map((_, index) => ask(outside(host), hostAddress, 9000 + index))).toEqual(names);
    });

    live.test("rm leaves nothing behind", () => {
      serve(host, "first", "--publish", "8080:80", "--publish", "8081:81/udp");
      serve(host, "second", "--publish", "127.0.0.1:8082:80");
      const addresses = ["first", "second"].map((name) => host.inspect(name).address);
      expect(leftovers(host.machine, addresses).length).toBeGreaterThan(0);
      host.rm("first", "second");
      expect(leftovers(host.machine, addresses)).toEqual([]);
    });
  });
}

for (const network of [flatnet, reference]) powerLoss(network);
suite(flatnet);
suite(reference);
