/**
 * The Linux kernel's network API: netlink without native addons or external programs. All calls are synchronous.
 *
 *     using route = openRoute();
 *     for (const { index, ifname } of route.link.list()) console.log(index, ifname);
 *
 * Further entries: `@flatnet/netlink/route` and `/netfilter` have the requests, to be sent together or kept as data;
 * `/codec` has the words in which messages are described, and loads without Bun.
 */

export { annotateMessages, annotateTranscript } from "./annotate.ts";
/** What goes wrong, as data. */
export {
  DecodeError,
  EncodeError,
  KernelError,
  NetlinkError,
  ProtocolError,
  SystemError,
} from "./errors.ts";
/** Messages of any protocol: requests as data, a client that sends them, and annotated dumps of what travels. */
export { Client } from "./message/client.ts";
export { type Message, messagesIn, NLM_F } from "./message/header.ts";
export { change, dump, type Query, query, type Request } from "./message/request.ts";
export {
  type NetfilterConnection,
  netfilterOver,
  openNetfilter,
  type TransactionOptions,
} from "./netfilter/index.ts";
/** Connections, with a function for each thing that can be asked. */
export { openRoute, type RouteConnection, routeOver } from "./route/index.ts";
export { type FaultPlan, faulty } from "./socket/fault.ts";
export { type LinuxTransport, openSocket, type Protocol, type SocketOptions } from "./socket/linux.ts";
/** Network namespaces: open, make, name and enter them. */
export {
  createNamespace,
  currentNamespace,
  inside,
  Namespace,
  openNamespace,
  openNamespaceOfPid,
  sameNamespace,
} from "./socket/namespace.ts";
export { nameNamespace, removeNamespaceName } from "./socket/namespace-name.ts";
export { pretending } from "./socket/pretend.ts";
export { recording } from "./socket/record.ts";
export { replaying } from "./socket/replay.ts";
/** Sockets, and what stands in for them: record a conversation, replay it, or let it go wrong. */
export type { Datagram, Transport } from "./socket/transport.ts";
