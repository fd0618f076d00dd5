/** The link-layer address that a container asks for, from the three places where it may stand. */
import { formats } from "../../cni/config/formats.ts";
import { CniError, codes } from "../../cni/error.ts";

interface Asking {
  readonly runtimeConfig?: { readonly mac?: string | undefined } | undefined;
  readonly args?: { readonly cni?: { readonly mac?: string | undefined } | undefined } | undefined;
}

/**
 * The address in the kernel's spelling, lower case; undefined when none is asked for.
 * @param config whose capability goes before `args.cni`, and both before CNI_ARGS
 * @param argument the value of `MAC` in CNI_ARGS, which no schema has checked
 * @throws CniError with code 4 when that value is no such address
 */
export function askedMac({ runtimeConfig, args }: Asking, argument: string | undefined): string | undefined {
  if (argument && !formats.mac(argument)) {
    throw new CniError({
      code: codes.invalidEnvironment,
      operation: "read CNI_ARGS",
      cause: `MAC is "${argument}"`,
      hint: "write an address such as MAC=02:42:ac:11:00:02",
    });
  }
  return (runtimeConfig?.mac ?? args?.cni?.mac ?? (argument || undefined))?.toLowerCase();
}
