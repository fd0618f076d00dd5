/** The errors that leave this library: the kernel refused, the system call failed, or bytes or values do not fit. */

/** What every error of this library has: data first, the sentence made from it. */
export abstract class NetlinkError extends Error {
  /** A word to decide on: an errno's name, or the library's own (`EDECODE`, `EENCODE`). */
  abstract readonly code: string;
}

/** A system call failed. */
export class SystemError extends NetlinkError {
  override readonly name = "SystemError";
  /**
   * @param operation what was being done, with its subject: `open /run/netns/blue`
   * @param code the errno's name: `ENOENT`
   */
  constructor(
    readonly operation: string,
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(`${operation}: ${code}`, options);
  }
}

/** The kernel answered a request with an error. */
export class KernelError extends NetlinkError {
  override readonly name = "KernelError";
  /**
   * @param operation the request and its subject: `link.create veth1a2b`
   * @param code the errno's name: `EEXIST`
   * @param said the kernel's own sentence from the extended ack, if it gave one
   * @param at the attribute that the kernel pointed at, by its path in our request: `linkinfo.data.id`
   * @param policy what the kernel would have accepted there, if it said so
   */
  constructor(
    readonly operation: string,
    readonly code: string,
    readonly said?: string,
    readonly at?: string,
    readonly policy?: string,
  ) {
    super(
      [
        `${operation}: ${code}`,
        said && `kernel: ${said}`,
        at && `at ${at}`,
        policy && `accepted there: ${policy}`,
      ]
        .filter(Boolean)
        .join("; "),
    );
  }
}

/** The kernel's reply broke the rules of the protocol, or a dump stayed inconsistent. */
export class ProtocolError extends NetlinkError {
  override readonly name = "ProtocolError";
  /** @param code `EPROTO`, or `EINTR` for a dump that stayed inconsistent, or `EMSGSIZE` for a truncated reply */
  constructor(
    readonly operation: string,
    readonly code: "EPROTO" | "EINTR" | "EMSGSIZE",
    readonly said: string,
  ) {
    super(`${operation}: ${said}`);
  }
}

/** A place inside a value or a message, collected from the inside out while an error travels up. */
abstract class PathError extends NetlinkError {
  private readonly path: string[] = [];

  constructor(
    readonly problem: string,
    private readonly where: string,
  ) {
    super(problem);
  }

  /** The path of the attribute or member, outermost first: `linkinfo.data.egressQos.mapping`. */
  get at(): string {
    return this.path.join(".");
  }

  /** Notes that the error happened inside `key`; returns itself, to be thrown on. */
  inside(key: string | number): this {
    this.path.unshift(String(key));
    this.message = `${this.at}: ${this.problem}${this.where}`;
    return this;
  }
}

/** Received bytes do not fit their description. */
export class DecodeError extends PathError {
  override readonly name = "DecodeError";
  readonly code = "EDECODE";
  /** @param byte the offset in the message at which reading stopped */
  constructor(
    problem: string,
    readonly byte: number,
  ) {
    super(problem, ` (byte ${byte})`);
    this.message = `${problem} (byte ${byte})`;
  }
}

/** A value does not fit its description: out of range, of the wrong length, an unknown name. */
export class EncodeError extends PathError {
  override readonly name = "EncodeError";
  readonly code = "EENCODE";
  constructor(problem: string) {
    super(problem, "");
  }
}
