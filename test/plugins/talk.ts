/** Servers that say who they are and whom they hear, and clients that ask them, in any network namespace. */
import { inside, type Namespace } from "../../netlink/socket/namespace.ts";
import { familyOf } from "../../netlink/wire/address.ts";

export interface Server {
  readonly protocol?: "tcp" | "udp";
  readonly port: number;
  /** What it says of itself. */
  readonly name: string;
}

/** What a server answered. */
export interface Answer {
  /** Who answered. */
  readonly from: string;
  /** The address under which the server sees the client. */
  readonly client: string;
}

/** IPv4 addresses seen through an IPv6 socket. */
const plain = (address: string): string => address.replace(/^::ffff:/, "");

/** The call is made in the namespace; what it waits for is not. */
const begun = <T>(namespace: Namespace, begin: () => Promise<T>): Promise<T> =>
  inside(namespace, () => ({ begun: begin() })).begun;

/** Sends a datagram. That an earlier one found nobody, which the kernel says now, is no matter. */
function sendTo(socket: Bun.udp.Socket<"buffer">, text: string, port: number, address: string): void {
  try {
    socket.send(text, port, address);
  } catch (error) {
    if ((error as { code?: string }).code !== "ECONNREFUSED") throw error;
  }
}

/** Serves both families until disposed. */
export async function serve(at: Namespace, { protocol = "tcp", port, name }: Server): Promise<Disposable> {
  const says = (client: string): string => JSON.stringify({ from: name, client: plain(client) });
  if (protocol === "tcp") {
    const socket = { open: (client: Bun.Socket) => void client.end(says(client.remoteAddress)), data() {} };
    const listener = inside(at, () => Bun.listen({ hostname: "::", port, socket }));
    return { [Symbol.dispose]: () => listener.stop(true) };
  }
  const data = (socket: Bun.udp.Socket<"buffer">, _: Buffer, clientPort: number, client: string) =>
    sendTo(socket, says(client), clientPort, client);
  const bound = await begun(at, () => Bun.udpSocket({ hostname: "::", port, socket: { data } }));
  return { [Symbol.dispose]: () => bound.close() };
}

export interface Question {
  readonly protocol?: "tcp" | "udp";
  readonly address: string;
  readonly port: number;
  /** Milliseconds to wait for an answer. */
  readonly patience?: number;
}

/** What is answered, or undefined when nobody does: refused, or silent for two seconds. */
export function ask(from: Namespace, question: Question): Promise<Answer | undefined> {
  return question.protocol === "udp" ? askUdp(from, question) : askTcp(from, question);
}

function parsed(text: string): Answer | undefined {
  return text === "" ? undefined : (JSON.parse(text) as Answer);
}

async function askTcp(
  from: Namespace,
  { address, port, patience = 2000 }: Question,
): Promise<Answer | undefined> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let text = "";
  const socket = {
    data(_: Bun.Socket, data: Buffer) {
      text += data.toString();
    },
    close: () => resolve(text),
    connectError: () => resolve(""),
  };
  const timer = setTimeout(() => resolve(""), patience);
  const connecting = begun(from, () => Bun.connect({ hostname: address, port, socket }));
  connecting.catch(() => resolve(""));
  const answer = await promise;
  clearTimeout(timer);
  connecting.then((open) => open.terminate()).catch(() => undefined);
  return parsed(answer);
}

/** A client that keeps its UDP port, so that the kernel sees all its questions as one flow. */
export async function udpClient(from: Namespace, { address, port }: Question) {
  let heard = (_: string): void => undefined;
  const data = (_: unknown, bytes: Buffer, __: number, source: string): void => {
    // Only the address that was asked may answer: a program with a connected socket hears no other.
    if (source === address) heard(bytes.toString());
  };
  const hostname = familyOf(address) === 4 ? "0.0.0.0" : "::";
  // Nobody may be there yet: the kernel says so by an error, which is no answer.
  const error = (): void => undefined;
  const open = await begun(from, () => Bun.udpSocket({ hostname, socket: { data, error } }));
  const send = (): void => {
    try {
      open.send("who is there?", port, address);
    } catch {}
  };
  return {
    /** Sends every 50 ms until something is answered; undefined when nothing is. */
    async ask(patience = 2000): Promise<Answer | undefined> {
      const { promise, resolve } = Promise.withResolvers<string>();
      heard = resolve;
      send();
      const repeat = setInterval(send, 50);
      const timer = setTimeout(() => resolve(""), patience);
      const answer = await promise;
      clearInterval(repeat);
      clearTimeout(timer);
      return parsed(answer);
    },
    [Symbol.dispose]: () => open.close(),
  };
}

async function askUdp(from: Namespace, question: Question): Promise<Answer | undefined> {
  using client = await udpClient(from, question);
  return await client.ask(question.patience);
}
