/** The link-layer address that a container asks for, from the three places where it may stand. */
import { parseArguments } from "../../cni/arguments.ts";
import { removes } from "../../cni/commands.ts";
import { formats } from "../../cni/config/formats.ts";
import { CniError, codes } from "../../cni/error.ts";
import type { Call, NetworkConfig } from "../../cni/plugin.ts";

interface Asking extends NetworkConfig {
  readonly runtimeConfig?: { readonly mac?: string | undefined } | undefined;
  readonly args?: { readonly cni?: { readonly mac?: string | undefined } | undefined } | undefined;
}

/**
 * The address in the kernel's spelling, lower case; undefined when none is asked for, and for commands that remove. The
 * capability goes before `args.cni`, and both before `MAC` in CNI_ARGS.
 * @param others what else may stand in CNI_ARGS
 * @throws CniError with code 4 when CNI_ARGS cannot be read
 */
export function askedMac(
  { command, config, args }: Call<Asking>,
  others: readonly string[] = [],
): string | undefined {
  if (removes(command)) return undefined;
  const { MAC } = parseArguments(args, ["MAC", ...others]);
  if (MAC && !formats.mac(MAC)) {
    throw new CniError({
      code: codes.invalidEnvironment,
      operation: "read CNI_ARGS",
      cause: `MAC is "${MAC}"`,
      hint: "write an address such as MAC=02:42:ac:11:00:02",
    });
  }
  return (config.runtimeConfig?.mac ?? config.args?.cni?.mac ?? (MAC || undefined))?.toLowerCase();
}
