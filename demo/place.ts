/** Places that ask and answer over TCP: in the demo each is a network namespace, with Bun's own sockets in it. */
import { inside, type Namespace } from "../netlink/socket/namespace.ts";

/** What somebody who was asked said. */
export interface Answer {
  /** The name of who answered. */
  readonly name: string;
  /** The address that the question came from, as who answered saw it. */
  readonly asker?: string;
  /** From the question to the end of the answer. */
  readonly milliseconds?: number;
}

/** Where questions can be asked from. */
export interface Place {
  readonly name: string;
  /** What who listens at `address` and `port` says; undefined when nobody answers. */
  ask(address: string, port: number): Promise<Answer | undefined>;
}

/** Longer than any answer takes that comes at all. */
const PATIENCE = 2000;

/** A network namespace as a place. A socket that is opened inside a namespace stays in it. */
export class NamespacePlace implements Place {
  constructor(
    readonly name: string,
    readonly namespace: Namespace,
  ) {}

  /** Answers every TCP connection to `port` with the name of the place, and with whom it takes the asker for. */
  serve(port: number): void {
    const { name } = this;
    const socket = {
      open: (asker: Bun.Socket) => void asker.end(`${name} ${asker.remoteAddress}`),
      data: () => undefined,
    };
    inside(this.namespace, () => Bun.listen({ hostname: "0.0.0.0", port, socket }));
  }

  ask(address: string, port: number): Promise<Answer | undefined> {
    const start = performance.now();
    const { promise, resolve } = Promise.withResolvers<Answer | undefined>();
    let heard = "";
    const socket = {
      data: (_: Bun.Socket, part: Uint8Array) => {
        heard += new TextDecoder().decode(part);
      },
      close: () => resolve(answerIn(heard, performance.now() - start)),
      connectError: () => resolve(undefined),
    };
    inside(this.namespace, () => {
      Bun.connect({ hostname: address, port, socket }).catch(() => resolve(undefined));
    });
    setTimeout(resolve, PATIENCE).unref();
    return promise;
  }
}

function answerIn(heard: string, milliseconds: number): Answer | undefined {
  const [name, asker] = heard.split(" ");
  return name && asker ? { name, asker, milliseconds } : undefined;
}
