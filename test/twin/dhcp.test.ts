/** The plugin `dhcp` and its daemon beside Go's, against the same server: what they say to it, and what they make of its answers. */
import { expect } from "bun:test";
import { openRoute } from "../../netlink/route/index.ts";
import { inside } from "../../netlink/socket/namespace.ts";
import { decodeMessage, type Message } from "../../src/dhcp/message/message.ts";
import { messageType, OPTION } from "../../src/dhcp/message/options.ts";
import { ETHERTYPE, PacketSocket } from "../../src/sys/packet-socket.ts";
import { needs } from "../needs.ts";
import type { PrintedError } from "../plugins/call.ts";
import { LAN, until, World } from "../plugins/dhcp/world.ts";
import { goPlugins } from "../plugins/executable.ts";

const twin = needs("namespaces", "program:dnsmasq", `file:${goPlugins}/dhcp`);

const MAC = "02:00:00:00:00:07";

const serverOptions = [
  "--dhcp-option=6,10.77.0.2",
  "--dhcp-option=15,example.test",
  "--dhcp-option=33,192.168.5.0,10.77.0.9",
  "--dhcp-option=121,10.99.0.0/16,10.77.0.9,0.0.0.0/0,10.77.0.1,10.98.0.0/16,0.0.0.0,10.1.2.3/32,10.77.0.4",
];

/** What goes by on the bridge to servers. */
function tap(world: World): () => Message[] {
  using route = openRoute({ namespace: world.host.namespace });
  const { index } = route.link.get({ ifname: LAN });
  const socket = inside(world.host.namespace, () => new PacketSocket(LAN, index, ETHERTYPE.ipv4));
  const seen: Message[] = [];
  return () => {
    for (let bytes = socket.receive(); bytes !== undefined; bytes = socket.receive())
      if (new DataView(bytes.buffer, bytes.byteOffset).getUint16(22) === 67)
        seen.push(decodeMessage(bytes.slice(28)));
    return seen;
  };
}

/** What a message says, but for numbers that are drawn at random and times. */
const said = ({ options, clientAddress, broadcast, mac }: Message) => ({
  type: messageType(options),
  clientAddress,
  broadcast,
  mac,
  options: Object.fromEntries(
    [...options]
      .filter(([number]) => number !== OPTION.messageType)
      .map(([number, value]) => [
        number,
        number === OPTION.parameterRequestList ? [...value].sort().join() : value.toHex(),
      ])
      .sort(),
  ),
});

interface Played {
  readonly exit: number;
  readonly printed: unknown;
  readonly messages: ReturnType<typeof said>[];
  readonly removed: number;
}

/** ADD and DEL of one interface. */
async function play(go: boolean, ipam: object, version: string, args: string): Promise<Played> {
  using world = new World();
  await world.dnsmasq("10.77.0.50,10.77.0.50", ...serverOptions);
  if (go) {
    await world.goDaemon();
    world.host.plugins = goPlugins;
  } else await world.daemon();
  const messages = tap(world);
  const container = world.container("eth0", MAC);
  const config = world.config(ipam, version);
  const more = args === "" ? {} : { args };
  const { exit, stdout } = world.call("ADD", "web", container, config, more);
  const removed = world.call("DEL", "web", container, config, more).exit;
  if (exit === 0)
    await until(() => messages().some(({ options }) => messageType(options) === "release"), "RELEASE");
  return { exit, removed, printed: JSON.parse(stdout), messages: messages().map(said) };
}

const plays: readonly [name: string, ipam: object, version?: string, args?: string][] = [
  ["no further keys", {}],
  ["a result of 0.2.0", {}, "0.2.0"],
  ["a result of 0.4.0", {}, "0.4.0"],
  ["routes of classes", { request: [{ option: "33" }] }],
  ["routes with prefixes", { request: [{ option: "121" }] }],
  ["both kinds of routes", { request: [{ option: "33" }, { option: "121" }] }],
  ["an option and nothing that is usual", { request: [{ option: "subnet-mask", skipDefault: true }] }],
  ["no router asked for", { request: [{ option: "1", skipDefault: true }, { option: "15" }] }],
  ["a name", { provide: [{ option: "host-name", value: "box" }] }],
  [
    "every name that options have",
    {
      provide: [
        { option: "host-name", value: "box" },
        { option: "user-class", value: "user" },
        { option: "vendor-class-identifier", value: "vendor" },
        { option: "224", value: "own" },
      ],
      request: [{ option: "routers" }, { option: "224" }],
    },
  ],
  [
    "a name from the arguments",
    { provide: [{ option: "12", fromArg: "K8S_POD_NAME" }] },
    "1.0.0",
    "K8S_POD_NAME=pod",
  ],
  [
    "a name of both, and odd arguments",
    { provide: [{ option: "12", value: "box", fromArg: "NAME" }] },
    "1.0.0",
    "what;NAME=a=b;IgnoreUnknown=1",
  ],
  ["a name from an argument that is not there", { provide: [{ option: "12", fromArg: "NAME" }] }],
  ["a client identifier", { provide: [{ option: "dhcp-client-identifier", value: "me" }] }],
];

/** Go's side as it would be without the differences that are meant. */
const asMeant = (go: Played): Played => ({
  ...go,
  printed: withScopes(withoutEmptyDns(go.printed as Record<string, unknown>)),
  messages: go.messages.map((message) => {
    const { type, options } = message;
    const [discover] = go.messages;
    // As in later releases; servers without it keep to 576 bytes, and leave options out.
    if (type === "discover" || type === "request") return { ...message, options: { ...options, 57: "05dc" } };
    // 1.1.1 gives a lease back under another identifier than it got it under, and the server keeps it.
    return { ...message, options: { ...options, 61: discover!.options[61] } };
  }),
});

/** From 1.0.0 on an empty dns is left out of results, as in later releases. */
function withoutEmptyDns({ dns, ...printed }: Record<string, unknown>): Record<string, unknown> {
  const empty = Object.keys(dns ?? {}).length === 0 && String(printed.cniVersion) >= "1.0.0";
  return empty ? printed : { ...printed, dns };
}

/** A route whose router is 0.0.0.0 is on the link, as in later releases; 1.1.1 does not say so, and the kernel refuses it. */
function withScopes(printed: Record<string, unknown>): Record<string, unknown> {
  if (!Array.isArray(printed.routes)) return printed;
  const scoped = (route: { gw?: string }) => (route.gw === "0.0.0.0" ? { ...route, scope: 253 } : route);
  return { ...printed, routes: printed.routes.map(scoped) };
}

twin.test.each(plays)(
  "%s: the same result, and the same words to the server",
  async (_, ipam, version = "1.0.0", args = "") => {
    const [ours, theirs] = [await play(false, ipam, version, args), await play(true, ipam, version, args)];
    expect(ours).toEqual(asMeant(theirs));
  },
);

twin.test.each<[string, object]>([
  ["an unknown name of an option", { provide: [{ option: "hostname", value: "x" }] }],
  ["a number that is too large", { request: [{ option: "256" }] }],
  ["a value that is too long", { provide: [{ option: "12", value: "x".repeat(256) }] }],
])("%s is refused by both", async (_, ipam) => {
  const [ours, theirs] = [await play(false, ipam, "1.0.0", ""), await play(true, ipam, "1.0.0", "")];
  expect([ours.exit, theirs.exit]).toEqual([1, 1]);
  // What the configuration has wrong is code 7 here, as everywhere.
  expect([(ours.printed as PrintedError).code, (theirs.printed as PrintedError).code]).toEqual([7, 999]);
});
