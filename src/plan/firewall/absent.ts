/** Kernels without nf_tables, or without a part of it that the firewall needs: how they answer, and what to do. */
import { KernelError, SystemError } from "../../../netlink/errors.ts";
import { CniError, codes } from "../../cni/error.ts";

const hasCode = (error: unknown, ...known: string[]): boolean =>
  (error instanceof KernelError || error instanceof SystemError) && known.includes(error.code);

/** Whether the kernel refused something with this code. */
export const refusedWith = (error: unknown, code: string): error is KernelError =>
  error instanceof KernelError && error.code === code;

/** There are no netlink sockets for netfilter. */
const NO_NFNETLINK = ["EPROTONOSUPPORT", "EAFNOSUPPORT"];

/** What `ask` gives; nothing where there is no such table, and where the kernel has no netfilter to ask. */
export function ifThere<T>(ask: () => T): T | undefined {
  try {
    return ask();
  } catch (error) {
    // EINVAL is how nfnetlink answers a question to a part of netfilter that is not there (nfnetlink_rcv_msg).
    if (hasCode(error, "ENOENT", "EINVAL", ...NO_NFNETLINK)) return undefined;
    throw error;
  }
}

const HINT =
  "load the modules nf_tables, nft_chain_nat, nft_nat, nft_masq and nft_fib_inet, " +
  'or set "ipMasq" to false and publish no ports';

/** What to tell of a refused transaction: an error that names what the kernel lacks, where that is why, else `error`. */
export function explained(error: unknown): unknown {
  // A batch is refused as a whole with EOPNOTSUPP (nfnetlink_rcv_batch), as is a table of a family that is not there;
  // a rule with an expression that is not there gets ENOENT (nf_tables_expr_parse).
  if (!hasCode(error, "EOPNOTSUPP", "ENOENT", ...NO_NFNETLINK)) return error;
  const { code, message } = error as KernelError | SystemError;
  const cause = NO_NFNETLINK.includes(code)
    ? "this kernel has no nfnetlink"
    : "this kernel has no nf_tables, or not all of it";
  const failure = {
    code: codes.failed,
    operation: "set up the firewall",
    cause,
    hint: HINT,
    details: message,
  };
  return new CniError(failure, { cause: error });
}
