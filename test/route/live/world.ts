/** Two private namespaces with a connection to rtnetlink each, and iproute2 as a second reader of both. */
import { KernelError } from "../../../netlink/errors.ts";
import { openRoute } from "../../../netlink/route/index.ts";
import { createNamespace, inside, type Namespace } from "../../../netlink/socket/namespace.ts";

/** A fresh namespace: `host` and `container` of a test know nothing of the machine's own network. */
function place() {
  const namespace = createNamespace();
  const route = openRoute({ namespace });
  return {
    ...route,
    namespace,
    /** What `ip -j …` says there. */
    ip: (...words: string[]): Record<string, unknown>[] => iproute2(namespace, ["ip", "-j", ...words]),
    /** What `bridge -j …` says there. */
    bridge: (...words: string[]): Record<string, unknown>[] =>
      iproute2(namespace, ["bridge", "-j", ...words]),
    /** What `tc -j …` says there. */
    tc: (...words: string[]): Record<string, unknown>[] => iproute2(namespace, ["tc", "-j", ...words]),
    [Symbol.dispose]() {
      route.close();
      namespace.close();
    },
  };
}

function iproute2(namespace: Namespace, command: string[]): Record<string, unknown>[] {
  const { stdout, stderr, exitCode } = inside(namespace, () => Bun.spawnSync(command, { stderr: "pipe" }));
  if (exitCode !== 0) throw new Error(`${command.join(" ")}: ${stderr}`);
  return JSON.parse(stdout.toString() || "[]");
}

/** The two, with nothing but `lo` in them. */
export function world() {
  const stack = new DisposableStack();
  const host = stack.use(place());
  const container = stack.use(place());
  return { host, container, [Symbol.dispose]: () => stack.dispose() };
}

/** Without link-local addresses, which the kernel makes some time after a link is up. */
const quiet = { afSpec: { inet6: { addrGenMode: "none" } } } as const;

/**
 * A world whose namespaces are joined by `v0` in the host's and `eth0` in the container's, both up: 10.1.0.1/16 and
 * fd01::1/64 there, 10.1.0.2/16 and fd01::2/64 here.
 */
export function joinedWorld() {
  const both = world();
  const { host, container } = both;
  host.link.create({
    ifname: "v0",
    linkinfo: { kind: "veth", data: { peer: { ifname: "eth0", netNsFd: container.namespace.fd } } },
  });
  const { index: v0 } = host.link.get({ ifname: "v0" });
  const { index: eth0 } = container.link.get({ ifname: "eth0" });
  host.link.set({ index: v0, ...quiet });
  container.link.set({ index: eth0, ...quiet });
  host.link.set({ index: v0, flags: ["up"] });
  container.link.set({ index: eth0, flags: ["up"] });
  const nodad = ["nodad"] as const;
  host.address.add({ index: v0, address: "10.1.0.1", prefixlen: 16 });
  host.address.add({ index: v0, address: "fd01::1", prefixlen: 64, flags: nodad });
  container.address.add({ index: eth0, address: "10.1.0.2", prefixlen: 16 });
  container.address.add({ index: eth0, address: "fd01::2", prefixlen: 64, flags: nodad });
  return { ...both, v0, eth0 };
}

/** The kernel's refusal of what `act` asks. */
export function refusal(act: () => unknown): Pick<KernelError, "operation" | "code" | "said" | "at"> {
  try {
    act();
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    const { operation, code, said, at } = error;
    return { operation, code, ...(said && { said }), ...(at && { at }) } as KernelError;
  }
  throw new Error("the kernel did as it was asked");
}
