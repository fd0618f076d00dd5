/** Buildah on our plugins alone: what `buildah run` has of the network, and what is left of it. */
import { afterAll, beforeAll, expect } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { needs } from "../needs.ts";
import { configureNetworks } from "./conflist.ts";
import { leftovers } from "./leftovers.ts";
import { type Machine, type Output, outsideAddress, startMachine } from "./machine.ts";
import { flatnet, type TestNetwork } from "./networks.ts";
import { makeRootfs } from "./rootfs.ts";
import { ask, serveOutside } from "./talk.ts";

const programs = ["buildah", "runc", "busybox", "ip", "nft"] as const;

function suite(network: TestNetwork): void {
  const live = needs("root", ...programs.map((program) => `program:${program}` as const), ...network.needs);

  live.describe(`buildah run with ${network.title}`, () => {
    const directory = mkdtempSync(join(tmpdir(), "flatnet-buildah-"));
    const own = ["--root", join(directory, "root"), "--runroot", "/run/buildah", "--storage-driver", "vfs"];
    let machine: Machine;
    let container: string;

    const buildah = (...words: string[]): string => machine.must("buildah", ...own, ...words).trim();
    /** Runs a program as a step of a build does. */
    const step = (...program: string[]): Output =>
      machine.command("buildah", ...own, "run", "--runtime", "runc", container, "--", ...program);

    beforeAll(async () => {
      const { conf } = configureNetworks(directory, { ...network, runtime: "runc" });
      makeRootfs(join(directory, "rootfs"));
      machine = await startMachine({ variables: { CONTAINERS_CONF: conf } });
      container = buildah("from", "scratch");
      buildah("copy", container, join(directory, "rootfs"), "/");
    });
    afterAll(async () => {
      await machine?.dispose();
      rmSync(directory, { recursive: true, force: true });
    });

    live.test("gives a step an address and a route, and takes both away after it", () => {
      const { exitCode, stdout } = step("/bin/sh", "-c", "ip address show eth0; ip route");
      expect(exitCode).toBe(0);
      const address = /inet ([^/]+)/.exec(stdout)?.[1] ?? "";
      expect(address).toStartWith(network.subnet);
      expect(stdout).toContain(`default via ${network.gateway} dev eth0`);
      expect(leftovers(machine, [address])).toEqual([]);
    });

    live.test("a step reaches the outside under the host's address", () => {
      serveOutside({ machine }, 7000);
      expect(ask(step, outsideAddress, 7000)).toBe("outside");
    });

    live.test("a step that fails leaves nothing either", () => {
      expect(step("/bin/sh", "-c", "exit 7").exitCode).toBe(7);
      expect(leftovers(machine, [])).toEqual([]);
    });
  });
}

suite(flatnet);
