/** The system does not let the plugin: no namespace, no permission, no executable memory. */
import { expect } from "bun:test";
import { chmodSync, mkdirSync } from "node:fs";
import { needs } from "../needs.ts";
import { Host } from "../plugins/host.ts";
import { type Call, type Command, call, type PrintedError, refused, succeed } from "./call.ts";
import { flatnet } from "./networks.ts";
import { traces, wholeState } from "./traces.ts";

const live = needs("namespaces", "program:unshare", "program:ip", "program:nft");
const privileged = needs("root", "program:setpriv", "program:ip", "program:nft");

/** The error of an ADD on a new host, after which everything must be as before. */
async function refusedAdd(change: (host: Host) => Partial<Call>): Promise<PrintedError> {
  using host = new Host();
  const container = host.container();
  const before = wholeState(host, container);
  const error = await refused(host, "ADD", { config: flatnet(host), netns: container, ...change(host) });
  expect(wholeState(host, container)).toEqual(before);
  return error;
}

live.describe("the container's namespace", () => {
  live.test.each([
    ["is not there", "/run/netns/nowhere", /nothing at this path; CNI_NETNS must be/],
    ["is of a process that ended", "/proc/4194304/ns/net", /nothing at this path/],
    ["is a file", "/etc/passwd", /not a network namespace; CNI_NETNS must be/],
    ["is a directory", "/etc", /not a network namespace/],
    ["is one of mounts", "/proc/self/ns/mnt", /not a network namespace/],
  ])("%s: an ADD is refused", async (_, netns, words) => {
    expect(await refusedAdd(() => ({ netns }))).toMatchObject({
      code: 999,
      msg: expect.stringMatching(words),
    });
  });

  live.test("is the host's own: an ADD is refused with code 8", async () => {
    const error = await refusedAdd((host) => ({ netns: host.namespace }));
    expect(error).toMatchObject({ code: 8, msg: expect.stringContaining("CNI_NETNS_OVERRIDE=1") });
  });

  live.test("ended without a DEL: DEL takes all that is left on the host", async () => {
    using host = new Host();
    const container = host.container();
    const web: Call = { config: flatnet(host), netns: container };
    await succeed(host, "ADD", web);
    host.end(container);
    await succeed(host, "DEL", { ...web, netns: "/run/netns/nowhere" });
    expect(traces(host)).toEqual([]);
  });
});

/** A program that starts the plugin as root without some of root's capabilities. */
const without = (...capabilities: string[]): Partial<Call> => ({
  through: ["setpriv", `--bounding-set=${capabilities.map((name) => `-${name}`).join(",")}`],
});

const nobody: Partial<Call> = { through: ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] };

privileged.describe("without permission", () => {
  privileged.test.each([
    ["net_admin", /EPERM; CAP_NET_ADMIN is needed/],
    ["sys_admin", /enter the network namespace .*EPERM; CAP_SYS_ADMIN is needed/],
  ])("to use CAP_%s an ADD says so, and leaves nothing", async (capability, words) => {
    const error = await refusedAdd(() => without(capability));
    expect(error).toMatchObject({ code: 999, msg: expect.stringMatching(words) });
  });

  privileged.test("to use CAP_NET_ADMIN a DEL says so, and one that may takes all", async () => {
    using host = new Host();
    const container = host.container();
    const web: Call = { config: flatnet(host), netns: container };
    await succeed(host, "ADD", web);
    expect((await refused(host, "DEL", { ...web, ...without("net_admin") })).msg).toContain(
      "CAP_NET_ADMIN is needed",
    );
    await succeed(host, "DEL", web);
    expect(traces(host, container)).toEqual([]);
  });

  privileged.test("to write the leases an ADD says who may", async () => {
    const error = await refusedAdd((host) => {
      mkdirSync(host.file("cni/networks"), { recursive: true });
      chmodSync(host.file("cni/networks"), 0o555);
      return without("dac_override");
    });
    expect(error.msg).toMatch(/cni\/networks\/flatnet: EACCES; run as root, or with CAP_DAC_OVERRIDE/);
  });

  privileged.test.each<Command>(["ADD", "DEL", "GC", "STATUS"])(
    "%s of an ordinary user says what is missing",
    async (command) => {
      using host = new Host();
      const { code, msg } = await refused(host, command, {
        config: { ...flatnet(host), "cni.dev/valid-attachments": [] },
        netns: host.container(),
        ...nobody,
      });
      expect(code).toBe(command === "STATUS" ? 50 : 999);
      expect(msg).toMatch(/run as root|CAP_NET_ADMIN is needed|files cannot be made/);
    },
  );
});

live.describe("without executable memory, which calls of the C library need", () => {
  const refusal = { code: 5, msg: expect.stringMatching(/executable memory.*MemoryDenyWriteExecute=no/) };

  live.test.each<Command>(["ADD", "CHECK", "DEL", "GC", "STATUS"])(
    "%s says how to allow it",
    async (command) => {
      using host = new Host();
      const made: Call = {
        config: flatnet(host),
        netns: host.container(),
        variables: { BUN_JSC_useJIT: "0" },
      };
      expect(await refused(host, command, made)).toMatchObject(refusal);
      expect(traces(host)).toEqual([]);
    },
  );

  live.test("a limit on address space is such a case, too", async () => {
    const limited = ["sh", "-c", 'ulimit -v 1000000; exec "$0"'];
    expect(await refusedAdd(() => ({ through: limited }))).toMatchObject(refusal);
  });

  live.test("VERSION answers all the same", async () => {
    using host = new Host();
    const made: Call = { config: "", variables: { CNI_COMMAND: "VERSION", BUN_JSC_useJIT: "0" } };
    expect(await call(host, "ADD", made)).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining("1.1.0"),
    });
  });
});
