/** STATUS: an error that an ADD would fail of, with the code that says so. */
import { CniError, codes } from "../cni/error.ts";

/** What `ask` gives. @throws CniError with code 50 in place of one that `ask` throws */
export function available<T>(ask: () => T): T {
  try {
    return ask();
  } catch (error) {
    if (!(error instanceof CniError)) throw error;
    throw new CniError({ ...error.failure, code: codes.notAvailable }, { cause: error });
  }
}
