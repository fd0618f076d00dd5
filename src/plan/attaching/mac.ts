/** The link-layer address that a container asks for, from the places where it may stand. */
import { parseArguments } from "../../cni/arguments.ts";
import { removes } from "../../cni/commands.ts";
import { formats } from "../../cni/config/formats.ts";
import { CniError, codes } from "../../cni/error.ts";
import type { Call, NetworkConfig } from "../../cni/plugin.ts";

interface Asking extends NetworkConfig {
  readonly mac?: string | undefined;
  readonly runtimeConfig?: { readonly mac?: string | undefined } | undefined;
  readonly args?: { readonly cni?: { readonly mac?: string | undefined } | undefined } | undefined;
}

/** Where an address may stand: the key `mac`, `MAC` in CNI_ARGS, `args.cni.mac`, and the capability. */
export type MacPlace = "mac" | "MAC" | "args" | "capability";

/** @throws CniError with code 4 when CNI_ARGS cannot be read */
function macInArguments(args: string, others: readonly string[]): string | undefined {
  const { MAC } = parseArguments(args, ["MAC", ...others]);
  if (!MAC || formats.mac(MAC)) return MAC || undefined;
  throw new CniError({
    code: codes.invalidEnvironment,
    operation: "read CNI_ARGS",
    cause: `MAC is "${MAC}"`,
    hint: "write an address such as MAC=02:42:ac:11:00:02",
  });
}

/**
 * The address in the kernel's spelling, lower case; undefined when none is asked for, and for commands that remove.
 * @param places the places where the plugin looks; the first that has one counts
 * @param others what else may stand in CNI_ARGS
 * @throws CniError with code 4 when CNI_ARGS cannot be read
 */
export function askedMac(
  { command, config, args }: Call<Asking>,
  places: readonly MacPlace[],
  others: readonly string[] = [],
): string | undefined {
  if (removes(command)) return undefined;
  const found: Readonly<Record<MacPlace, string | undefined>> = {
    mac: config.mac,
    MAC: macInArguments(args, others),
    args: config.args?.cni?.mac,
    capability: config.runtimeConfig?.mac,
  };
  return places
    .map((place) => found[place])
    .find((mac) => mac !== undefined)
    ?.toLowerCase();
}
