/** How long bytes take from one network namespace to another over TCP. */
import { inside, type Namespace } from "../../../netlink/socket/namespace.ts";

const CHUNK = new Uint8Array(16_384);

/** Writes until the socket takes no more; `left` counts what is still to be written. */
function pump(socket: Bun.Socket<{ left: number }>): void {
  const { data } = socket;
  while (data.left > 0) {
    const written = socket.write(CHUNK.subarray(0, Math.min(CHUNK.length, data.left)));
    if (written <= 0) return;
    data.left -= written;
  }
  socket.end();
}

/** Seconds from the first to the last of `bytes` that are sent from `from` and read in `to`, at `address`. */
export async function secondsFor(
  bytes: number,
  { from, to, address }: { from: Namespace; to: Namespace; address: string },
): Promise<number> {
  const { promise: done, resolve, reject } = Promise.withResolvers<number>();
  let read = 0;
  let begun = 0;
  const listener = inside(to, () =>
    Bun.listen({
      hostname: address,
      port: 5001,
      socket: {
        open() {
          begun = performance.now();
        },
        data(_, data) {
          read += data.length;
          if (read === bytes) resolve((performance.now() - begun) / 1000);
        },
      },
    }),
  );
  const connecting = inside(from, () => ({
    begun: Bun.connect<{ left: number }>({
      hostname: address,
      port: 5001,
      data: { left: bytes },
      socket: { open: pump, drain: pump, data() {}, connectError: (_, error) => reject(error) },
    }),
  }));
  try {
    await connecting.begun;
    return await done;
  } finally {
    listener.stop(true);
  }
}
