/** The one place where whatever was thrown becomes the error object that a CNI caller reads. */
import { KernelError, NetlinkError, SystemError } from "../../netlink/errors.ts";
import { ConfigError } from "./config/error.ts";
import { CniError, codes } from "./error.ts";

/** An error as it is printed (CNI specification, "Error"). */
export interface ErrorObject {
  readonly code: number;
  readonly msg: string;
  readonly details?: string | undefined;
}

/** What to do about a system call's errno. */
const systemHints: Readonly<Record<string, string>> = {
  EPERM: "run as root",
  EACCES: "run as root, or with CAP_DAC_OVERRIDE",
  EROFS: "make the file system writable for the plugin",
  ENOSPC: "free space or inodes on the file system",
  EDQUOT: "free space, or raise the quota",
  EISDIR: "a directory is where a file should be: move it away",
  ENOTDIR: "a file is where a directory should be: move it away",
  EEXIST: "something else is in its place: move it away",
  ENAMETOOLONG: "choose shorter names",
  EMFILE: "raise the limit of open files (ulimit -n)",
  EBADF: "the caller has closed it",
  EPIPE: "the caller has closed it",
  EAFNOSUPPORT: "the kernel lacks this kind of socket: load or build its module",
  EPROTONOSUPPORT: "the kernel lacks this netlink family: load or build its module",
};

/** What to do about the errno of a refused request. */
const kernelHints: Readonly<Record<string, string>> = {
  EPERM: "CAP_NET_ADMIN is needed, in the user namespace that owns the network namespace",
  EOPNOTSUPP: "the kernel lacks this feature: load or build its module",
  ENETDOWN: "set the link up that it needs: a VLAN needs its master",
};

/** setns(2), unshare(2) and mount(2) ask for one capability. */
function systemHint({ code, operation }: SystemError): string | undefined {
  return code === "EPERM" && /namespace|mount/.test(operation)
    ? "CAP_SYS_ADMIN is needed"
    : systemHints[code];
}

function fromKernel(error: KernelError): CniError {
  const details = [
    `errno ${error.code}`,
    error.said && `kernel: ${error.said}`,
    error.at && `attribute ${error.at}`,
    error.policy && `accepted there: ${error.policy}`,
  ];
  return new CniError({
    code: codes.failed,
    operation: error.operation,
    cause: error.said || error.code,
    hint: kernelHints[error.code],
    details: details.filter(Boolean).join("; "),
  });
}

function fromSystem(error: SystemError): CniError {
  return new CniError({
    code: codes.failed,
    operation: error.operation,
    cause: error.code,
    hint: systemHint(error),
    details: `errno ${error.code}`,
  });
}

function fromConfig(error: ConfigError): CniError {
  return new CniError({
    code: codes.invalidConfig,
    operation: "read the configuration",
    cause: error.message,
    details: error.problems.map((problem) => problem.path).join(", "),
  });
}

/** The first of several errors is what happened; the others are what could not be taken back after it. */
function fromSeveral({ errors: [first, ...others] }: AggregateError): CniError {
  const { failure } = explain(first);
  const left = others.map((error) => explain(error).message).join("; ");
  const details = [failure.details, `could not be taken back: ${left}`].filter(Boolean).join("; ");
  return new CniError({ ...failure, details, hint: [failure.hint, "call DEL"].filter(Boolean).join("; ") });
}

/** Several errors at once, what happened first; nothing when `thrown` is one. `using` makes a SuppressedError. */
function several(thrown: unknown): AggregateError | undefined {
  if (thrown instanceof SuppressedError) return new AggregateError([thrown.suppressed, thrown.error]);
  return thrown instanceof AggregateError ? thrown : undefined;
}

/** Whether `thrown` is a defect of this program and not something that a caller can mend. */
export function isDefect(thrown: unknown): boolean {
  const all = several(thrown);
  if (all !== undefined) return all.errors.some(isDefect);
  return !(thrown instanceof CniError || thrown instanceof NetlinkError || thrown instanceof ConfigError);
}

/** The typed error of anything thrown; a CniError is itself. */
export function explain(thrown: unknown): CniError {
  if (thrown instanceof CniError) return thrown;
  const all = several(thrown);
  if (all !== undefined) return fromSeveral(all);
  if (thrown instanceof ConfigError) return fromConfig(thrown);
  if (thrown instanceof KernelError) return fromKernel(thrown);
  if (thrown instanceof SystemError) return fromSystem(thrown);
  if (thrown instanceof NetlinkError) {
    return new CniError(
      { code: codes.failed, cause: thrown.message, details: thrown.code },
      { cause: thrown },
    );
  }
  const cause = thrown instanceof Error ? thrown.message : String(thrown);
  return new CniError(
    { code: codes.failed, operation: "internal error", cause, hint: "the stack on stderr shows where" },
    { cause: thrown },
  );
}

/** What a log says of anything thrown: the stack of a defect, else the sentence. */
export const wordsOf = (thrown: unknown): string =>
  isDefect(thrown) && thrown instanceof Error ? (thrown.stack ?? thrown.message) : explain(thrown).message;

/** The error object of anything thrown, without a stack. */
export function errorObject(thrown: unknown): ErrorObject {
  const { code, msg, details } = explain(thrown);
  return { code, msg, details };
}
