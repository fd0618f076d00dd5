/** The error that a CNI caller reads: a code of the specification and the sentences that go with it. */

/** The codes of error objects by name (CNI specification, "Error"; 8 and 999 are the reference plugins' own). */
export const codes = {
  /** Also what a delegate that died without an error object passes upward. */
  unknown: 0,
  /** The configuration's version is not spoken, or has no such command. */
  incompatibleVersion: 1,
  unsupportedField: 2,
  /** Tells the runtime that nothing needs to be cleaned up. */
  unknownContainer: 3,
  /** A `CNI_*` variable is missing or invalid, or the command is unknown. */
  invalidEnvironment: 4,
  ioFailure: 5,
  decodeFailure: 6,
  invalidConfig: 7,
  /** The container's network namespace is the plugin's own. */
  invalidNamespace: 8,
  tryAgainLater: 11,
  /** STATUS: an ADD would fail. */
  notAvailable: 50,
  /** STATUS: an ADD would fail, and existing containers may be cut off. */
  limitedConnectivity: 51,
  /** Anything that the specification has no code for. */
  failed: 999,
} as const;

/** What an error is made from. */
export interface Failure {
  readonly code: number;
  /** What was being done: `read`, `allocate an address from`. */
  readonly operation?: string;
  /** What it was done to: `prevResult.ips[0]`, `10.87.1.0/24`. Only beside an operation. */
  readonly subject?: string;
  /** Why it failed. */
  readonly cause: string;
  /** What to do about it. */
  readonly hint?: string | undefined;
  /** What a person needs who looks closer: the kernel's words, an errno, the value that was refused. */
  readonly details?: string | undefined;
}

/** A failure whose code and words go to the caller as they are. */
export class CniError extends Error {
  override readonly name = "CniError";
  readonly code: number;
  /** One sentence: what was being done, to what, why it failed, what to do. */
  readonly msg: string;
  readonly details: string | undefined;

  constructor(
    readonly failure: Failure,
    options?: ErrorOptions,
  ) {
    const { operation, subject, cause, hint, details } = failure;
    const doing = [operation, subject].filter(Boolean).join(" ");
    const msg = (doing ? `${doing}: ` : "") + cause + (hint ? `; ${hint}` : "");
    super(details ? `${msg}; ${details}` : msg, options);
    this.code = failure.code;
    this.msg = msg;
    this.details = details || undefined;
  }
}
