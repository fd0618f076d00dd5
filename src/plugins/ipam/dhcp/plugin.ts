/** `dhcp`: addresses of DHCP servers, by a daemon that gets and renews them. */
import { configured } from "../../../cni/config/configure.ts";
import { CniError, codes } from "../../../cni/error.ts";
import { explain } from "../../../cni/explain.ts";
import type { Attachment, Call, Plugin } from "../../../cni/plugin.ts";
import { type Lease, resultOf } from "../../../dhcp/lease.ts";
import { fileName, named } from "../../../dhcp/owner.ts";
import { USUAL_SOCKET } from "../../../dhcp/places.ts";
import { releaseStored } from "../../../dhcp/release.ts";
import type { Answer, Owner, Question, Stored } from "../../../dhcp/schema.ts";
import { Store } from "../../../dhcp/store.ts";
import { identityOf } from "../../../names.ts";
import { ask, NoDaemon } from "./ask.ts";
import { wishesOf } from "./options.ts";
import { shapeOfDhcp } from "./schema.ts" with { type: "macro" };
import type { Dhcp } from "./schema.ts";

const ownerOf = ({ config, containerId, ifname }: Call<Dhcp>): Owner => ({
  network: config.name,
  containerId,
  ifname,
});

/** DEL and GC come with configurations that ADD refuses. */
const socketOf = ({ config }: Call<Dhcp>): string =>
  (config.ipam as Dhcp["ipam"] | undefined)?.daemonSocketPath ?? USUAL_SOCKET;

/** The daemon is another process, with another working directory. */
const absolute = (path: string): string =>
  path.startsWith("/") || path === "" ? path : `${process.cwd()}/${path}`;

function leaseIn({ lease }: Answer, socket: string): Lease {
  if (lease !== undefined) return lease;
  throw new CniError({
    code: codes.failed,
    operation: "read the answer of the DHCP daemon at",
    subject: socket,
    cause: "it has no lease",
    hint: "restart the daemon after flatnet was replaced",
  });
}

/**
 * Has the daemon give leases back; without a daemon does it in its place. The next daemon then knows nothing of them.
 * @param ours which leases are meant
 */
function giveBack(
  call: Call<Dhcp>,
  question: Omit<Question, "flatnetDhcp">,
  ours: (stored: Stored) => boolean,
): void {
  const socket = socketOf(call);
  try {
    ask(socket, question);
  } catch (error) {
    if (!(error instanceof NoDaemon)) throw error;
    const store = new Store(socket, call.log);
    for (const stored of store.all()) {
      if (!ours(stored)) continue;
      store.remove(stored.owner);
      tellServer(stored, call);
    }
  }
}

/** What the server does not hear of it finds out when the lease runs out. */
function tellServer(stored: Stored, call: Call<Dhcp>): void {
  try {
    if (stored.ended === undefined) releaseStored(stored);
  } catch (error) {
    call.log(`the lease of ${named(stored.owner)} could not be given back: ${explain(error).message}`);
  }
}

/** @throws CniError when the lease has another address than the result says */
function compare(lease: Lease, { prevResult, containerId, ifname }: Call<Dhcp>): void {
  if (prevResult === undefined || prevResult.ips.some(({ address }) => address === lease.address)) return;
  throw new CniError({
    code: codes.failed,
    operation: "check the lease of",
    subject: `${ifname} of ${containerId}`,
    cause: `it is of ${lease.address}, which prevResult does not have`,
    hint: "the server has changed it; DEL and ADD tell the runtime",
  });
}

/** @throws CniError with code 50 when the daemon does not answer */
function reachable(socket: string): void {
  try {
    ask(socket, { command: "status" });
  } catch (error) {
    const { failure } = explain(error);
    throw new CniError({ ...failure, code: codes.notAvailable }, { cause: error });
  }
}

export const plugin: Plugin<Dhcp> = {
  ...identityOf("dhcp"),
  configure: configured(() => shapeOfDhcp()),

  add(call) {
    const socket = socketOf(call);
    const wishes = wishesOf(call.config.ipam, call.args);
    const question = { owner: ownerOf(call), netns: absolute(call.netns), wishes };
    return resultOf(leaseIn(ask(socket, { command: "allocate", ...question }), socket));
  },

  del(call) {
    const owner = ownerOf(call);
    const name = fileName(owner);
    giveBack(call, { command: "release", owner }, (stored) => fileName(stored.owner) === name);
  },

  check(call) {
    const socket = socketOf(call);
    wishesOf(call.config.ipam, call.args);
    compare(leaseIn(ask(socket, { command: "check", owner: ownerOf(call) }), socket), call);
  },

  gc(call) {
    const { name: network } = call.config;
    const valid: Attachment[] = [...call.validAttachments];
    const kept = new Set(
      valid.map(({ containerID, ifname }) => fileName({ network, containerId: containerID, ifname })),
    );
    giveBack(
      call,
      { command: "collect", network, valid },
      ({ owner }) => owner.network === network && !kept.has(fileName(owner)),
    );
  },

  status(call) {
    wishesOf(call.config.ipam, call.args);
    reachable(socketOf(call));
  },
};
