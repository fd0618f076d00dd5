/** containerd on our plugins alone, by `ctr run --cni`: what runs, what is left, and what nobody gave back. */
import { afterAll, beforeAll, expect } from "bun:test";
import { needs } from "../needs.ts";
import { type ContainerdHost, containerdHost } from "./containerd.ts";
import { leftovers } from "./leftovers.ts";
import { outsideAddress } from "./machine.ts";
import { pluginDirectory } from "./networks.ts";
import { ask, serveOutside, tcpServer } from "./talk.ts";

const programs = ["containerd", "ctr", "runc", "busybox", "ip", "nft"] as const;
const live = needs("root", ...programs.map((program) => `program:${program}` as const));

/** Room for three containers at a time. */
const network = {
  cniVersion: "1.0.0",
  name: "net",
  plugins: [
    {
      type: "bridge",
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: {
        type: "host-local",
        ranges: [[{ subnet: "10.87.2.0/24", rangeEnd: "10.87.2.4" }]],
        routes: [{ dst: "0.0.0.0/0" }],
        reclaim: "dead",
      },
    },
    { type: "tuning", sysctl: { "net.core.somaxconn": "500" } },
  ],
};

const sleeper = ["/bin/sleep", "1000"] as const;
const addressIn = (text: string): string => /inet (10\.87\.2\.\d+)\/24/.exec(text)?.[1] ?? "";

live.describe("ctr run --cni", () => {
  let host: ContainerdHost;
  beforeAll(async () => {
    host = await containerdHost(pluginDirectory, network);
  });
  afterAll(() => host?.[Symbol.asyncDispose]());

  live.test("gives a container an address, a default route and settings, and leaves nothing", () => {
    const said = host.run(
      "one",
      "/bin/sh",
      "-c",
      "ip address show eth0; ip route; cat /proc/sys/net/core/somaxconn",
    );
    const address = addressIn(said);
    expect(address).toStartWith("10.87.2.");
    expect(said).toContain("default via 10.87.2.1 dev eth0");
    expect(said).toEndWith("500\n");
    expect(leftovers(host.machine, [address])).toEqual([]);
  });

  /** What a container that was started shows of itself; on a busy machine `ctr` may lose what a short program says. */
  const addressOf = (name: string): string => {
    for (let tries = 0; tries < 20; tries++) {
      const { stdout } = host.exec(name, "/bin/ip", "address", "show", "eth0");
      if (addressIn(stdout) !== "") return addressIn(stdout);
      Bun.sleepSync(100);
    }
    throw new Error(`${name} shows no address`);
  };

  live.test("containers reach one another, and the outside under the host's address", () => {
    expect(host.start("server", ...tcpServer)).toMatchObject({ exitCode: 0 });
    const address = addressOf("server");
    serveOutside(host, 7000);
    const inside = (...program: string[]) => ({
      exitCode: 0,
      stdout: host.run("client", ...program),
      stderr: "",
    });
    const [shell, ...words] = ["/bin/sh", "-c", '"$@"; true', "sh"];
    const client = (...program: string[]) => inside(shell!, ...words, ...program);
    expect(ask(client, address, 80)).not.toBe("");
    expect(ask(client, outsideAddress, 7000)).toBe("outside");
    host.kill("server");
  });

  live.test("an address that was never given back is free when its container is dead, and not before", () => {
    // `ctr` calls no DEL for a container in the background: each keeps its lease.
    for (const name of ["first", "second", "third"])
      expect(host.start(name, ...sleeper)).toMatchObject({ exitCode: 0, stderr: "" });
    expect(host.start("late", ...sleeper).stderr).toContain("all addresses are taken: 3 of 3 by containers");
    const address = addressOf("first");
    host.kill("first");
    expect(addressIn(host.run("fourth", "/bin/ip", "address", "show", "eth0"))).toBe(address);
    expect([addressOf("second"), addressOf("third")]).not.toContain(address);
    for (const name of ["second", "third"]) host.kill(name);
  });

  live.test("three containers at once have addresses, and leave nothing", async () => {
    const command = ["/bin/sh", "-c", "ip address show eth0; sleep 1"];
    const ends = await Promise.all([..."abc"].map((name) => host.runAsync(name, ...command)));
    expect(ends.map(({ exitCode, stderr }) => [exitCode, stderr])).toEqual(Array(3).fill([0, ""]));
    const addresses = ends.map(({ stdout }) => addressIn(stdout));
    expect(new Set(addresses).size).toBe(3);
    expect(leftovers(host.machine, addresses).filter((line) => !line.includes("cni/results"))).toEqual([]);
  });
});
