/** One side of an attachment, the host's or the container's: a network namespace with the sockets opened in it. */
import { Client } from "../../netlink/message/client.ts";
import type { LinkSummary } from "../../netlink/route/link/summary.ts";
import { openSocket } from "../../netlink/socket/linux.ts";
import { currentNamespace, inside, type Namespace } from "../../netlink/socket/namespace.ts";
import type { Open } from "../cni/host.ts";
import { SharedLock, Turn } from "../sys/locks.ts";

/** A file that all processes in the namespace have in common, and that is there without being made. */
const OWN_NAMESPACE = "/proc/thread-self/ns/net";

export class Side implements Disposable {
  private routeClient?: Client;
  private netfilterClient?: Client;
  private readonly links = new Map<string, LinkSummary>();
  private making?: SharedLock;
  private turn?: Turn;

  /**
   * @param name for messages: `host` or `container`
   * @param namespace where the side is; without it, where the process is
   * @param open how its sockets are opened
   */
  constructor(
    readonly name: "host" | "container",
    readonly namespace?: Namespace,
    private readonly open: Open = openTransport,
  ) {}

  /** Links, addresses, routes: opened on first use. */
  get route(): Client {
    this.routeClient ??= new Client(this.open("route", this.namespace));
    return this.routeClient;
  }

  /** nf_tables and conntrack: opened on first use. */
  get netfilter(): Client {
    this.netfilterClient ??= new Client(this.open("netfilter", this.namespace));
    return this.netfilterClient;
  }

  /** The link `name` as it was when it was found, once: what a call works with keeps its index while it does. */
  linkOf(name: string, find: () => LinkSummary): LinkSummary {
    const link = this.links.get(name) ?? find();
    this.links.set(name, link);
    return link;
  }

  /** Lets other calls know, until this side is disposed, that this one is making something here. */
  join(): void {
    this.making ??= this.inside(() => new SharedLock(OWN_NAMESPACE));
  }

  /** Whether no other call is making something here; from then on none begins to before this side is disposed. */
  isAlone(): boolean {
    this.join();
    return this.making?.alone() ?? false;
  }

  /**
   * Waits for other calls that look for something free here, such as a routing table; those that come later wait until
   * this side is disposed. The Go plugins lock the same file for that.
   */
  takeTurn(): void {
    this.turn ??= this.inside(() => new Turn(OWN_NAMESPACE));
  }

  /** Calls `act` with a file descriptor of the namespace, which is how links are told where to move. */
  withDescriptor<T>(act: (descriptor: number) => T): T {
    if (this.namespace !== undefined) return act(this.namespace.fd);
    using here = currentNamespace();
    return act(here.fd);
  }

  /** Runs `act` in the namespace, for what is not netlink. Synchronous. */
  inside<T>(act: () => T): T {
    return this.namespace === undefined ? act() : inside(this.namespace, act);
  }

  /**
   * Closes the sockets, last of all: where the kernel cannot close that of nf_tables in the background, this waits 12 to
   * 20 ms for a grace period when elements were deleted, through which a link's deletion has waited already.
   */
  [Symbol.dispose](): void {
    this.routeClient?.[Symbol.dispose]();
    this.netfilterClient?.[Symbol.dispose]();
    this.making?.[Symbol.dispose]();
    this.turn?.[Symbol.dispose]();
  }
}

export const openTransport: Open = (protocol, namespace) =>
  openSocket({
    protocol,
    ...(namespace && { namespace }),
    ...(protocol === "netfilter" && { closeInBackground: true }),
  });
