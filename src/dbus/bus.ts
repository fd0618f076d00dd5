/** A connection to a message bus: who we are, and calls one after the other, each waited for (D-Bus specification). */
import { ProtocolError, SystemError } from "../../netlink/errors.ts";
import { connectUnix, type UnixConnection } from "../sys/unix-socket.ts";
import { type Answer, callMessage, lengthOf, type Method, readAnswer } from "./message.ts";

/** Where the bus of the system is, unless the environment says otherwise. */
const SYSTEM_BUS = "/run/dbus/system_bus_socket";
/** As long as the reference library waits for an answer. */
const PATIENCE = 25_000;

/** Somebody on the bus answered with an error. */
export class BusError extends Error {
  override readonly name = "BusError";
  /** @param error its name, such as `org.freedesktop.DBus.Error.AccessDenied` */
  constructor(
    readonly error: string,
    readonly said: string,
  ) {
    super(`${error}: ${said}`);
  }
}

/**
 * The path of the system's bus.
 * @param address of the environment, `DBUS_SYSTEM_BUS_ADDRESS`: of its addresses the first with a path counts
 */
export const systemBusPath = (address = ""): string =>
  /unix:(?:[^;]*,)?path=([^,;]+)/.exec(address)?.[1] ?? SYSTEM_BUS;

/** The bus's own methods. */
const ofBus = (member: string): Method => ({
  destination: "org.freedesktop.DBus",
  path: "/org/freedesktop/DBus",
  interface: "org.freedesktop.DBus",
  member,
});

const END_OF_LINE = "\r\n";

export class Bus implements Disposable {
  private readonly connection: UnixConnection;
  private received = new Uint8Array(0);
  private serial = 0;

  /**
   * Connects, and says who we are.
   * @throws SystemError when nobody listens at `path`, ProtocolError when it is no bus, or does not want us
   */
  constructor(private readonly path: string) {
    this.connection = connectUnix(path);
    try {
      this.authenticate();
      this.call(ofBus("Hello"));
    } catch (error) {
      this.connection[Symbol.dispose]();
      throw error;
    }
  }

  /** SASL EXTERNAL: the kernel tells the bus who we are, and we say the same in hexadecimal digits of decimal ones. */
  private authenticate(): void {
    const user = Buffer.from(`${process.geteuid?.() ?? 0}`).toString("hex");
    this.send(new TextEncoder().encode(`\0AUTH EXTERNAL ${user}${END_OF_LINE}`));
    const said = this.line();
    if (!said.startsWith("OK ")) throw this.refused(`it said "${said}"`);
    this.send(new TextEncoder().encode(`BEGIN${END_OF_LINE}`));
  }

  private refused(said: string): ProtocolError {
    return new ProtocolError(`speak to the message bus at ${this.path}`, "EPROTO", said);
  }

  private send(bytes: Uint8Array): void {
    for (let rest = bytes; rest.length > 0; ) {
      const sent = this.connection.send(rest);
      rest = rest.subarray(sent);
      if (sent === 0) this.patiently(true);
    }
  }

  /** Waits for bytes, or for room. @throws SystemError with code `ETIMEDOUT` */
  private patiently(output = false): void {
    if (this.connection.wait(PATIENCE, output)) return;
    throw new SystemError(`wait for the message bus at ${this.path}`, "ETIMEDOUT");
  }

  /** Adds what comes next to what has been received. */
  private receive(): void {
    this.patiently();
    const bytes = this.connection.receive();
    if (bytes === undefined) return;
    if (bytes.length === 0) throw this.refused("it closed the connection");
    const all = new Uint8Array(this.received.length + bytes.length);
    all.set(this.received);
    all.set(bytes, this.received.length);
    this.received = all;
  }

  private taken(length: number): Uint8Array {
    const bytes = this.received.subarray(0, length);
    this.received = this.received.slice(length);
    return bytes;
  }

  private line(): string {
    for (;;) {
      const end = new TextDecoder("latin1").decode(this.received).indexOf(END_OF_LINE);
      if (end !== -1) return new TextDecoder().decode(this.taken(end + END_OF_LINE.length)).trim();
      if (this.received.length > 1000) throw this.refused("it is no message bus");
      this.receive();
    }
  }

  private message(): Answer {
    for (;;) {
      const length = lengthOf(this.received);
      if (length !== undefined && this.received.length >= length) return readAnswer(this.taken(length));
      this.receive();
    }
  }

  /**
   * Calls a method whose arguments are texts, and waits for the answer. Nobody is started for it.
   * @returns the answer's first argument, where that is a text or a truth value
   * @throws BusError what was answered; SystemError, ProtocolError
   */
  call(method: Method, ...args: readonly string[]): string | boolean | undefined {
    const serial = ++this.serial;
    this.send(callMessage(serial, method, args));
    for (;;) {
      const { type, replySerial, errorName, value } = this.message();
      if (replySerial !== serial) continue;
      if (type === "return") return value;
      if (type === "error") throw new BusError(errorName ?? "an error without a name", `${value ?? ""}`);
    }
  }

  /** Whether somebody has this name on the bus. */
  hasOwner(name: string): boolean {
    return this.call(ofBus("NameHasOwner"), name) === true;
  }

  [Symbol.dispose](): void {
    this.connection[Symbol.dispose]();
  }
}
