/** The configuration's options, by name or number, as the daemon is told of them. */
import { ConfigError } from "../../../cni/config/error.ts";
import { OPTION } from "../../../dhcp/message/options.ts";
import type { Wishes } from "../../../dhcp/schema.ts";
import { utf8 } from "../../../sys/library.ts";
import type { Dhcp } from "./schema.ts";

/** The names that the reference plugin knows. */
const byName: Readonly<Record<string, number>> = {
  "subnet-mask": OPTION.subnetMask,
  routers: OPTION.router,
  "host-name": OPTION.hostName,
  "vendor-class-identifier": OPTION.vendorClass,
  "dhcp-client-identifier": OPTION.clientIdentifier,
  "user-class": OPTION.userClass,
};

const LONGEST_VALUE = 255;

/** @throws ConfigError when there is no such option */
function numberOf(option: string, path: string): number {
  if (Object.hasOwn(byName, option)) return byName[option]!;
  const number = /^\d{1,3}$/.test(option) ? Number(option) : 0;
  if (number > OPTION.pad && number < OPTION.end) return number;
  const problem = `${JSON.stringify(option)} is no option that is known here`;
  const hint = `write a number from 1 to 254, or one of ${Object.keys(byName).join(", ")}`;
  throw new ConfigError([{ path, problem, hint }]);
}

/**
 * The pairs of CNI_ARGS, read as the reference's dhcp plugin does, which refuses nothing: any key may be an option's
 * value, and what is not `KEY=value` is passed over.
 */
function argumentsIn(text: string): Map<string, string> {
  const pairs = text.split(";").filter((pair) => pair.includes("="));
  return new Map(pairs.map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]));
}

function bytesOf(text: string, path: string): string {
  const bytes = utf8(text);
  if (bytes.length <= LONGEST_VALUE) return bytes.toHex();
  const problem = `a value of ${bytes.length} bytes`;
  throw new ConfigError([{ path, problem, hint: `an option has room for ${LONGEST_VALUE}` }]);
}

function provided({ provide = [] }: Dhcp["ipam"], args: string): Wishes["provide"] {
  const given = argumentsIn(args);
  return provide.flatMap(({ option, value, fromArg }, index) => {
    const path = `ipam.provide[${index}]`;
    const number = numberOf(option, `${path}.option`);
    const text = (fromArg === undefined ? undefined : given.get(fromArg)) ?? value;
    return text === undefined ? [] : [{ option: number, value: bytesOf(text, path) }];
  });
}

function requested({ request = [], useDns }: Dhcp["ipam"]): number[] {
  const asked = request.flatMap(({ option }, index) =>
    option === undefined ? [] : [numberOf(option, `ipam.request[${index}].option`)],
  );
  const always = request.some(({ skipDefault }) => skipDefault) ? [] : [OPTION.subnetMask, OPTION.router];
  const names = useDns ? [OPTION.domainNameServer, OPTION.domainName, OPTION.domainSearch] : [];
  return [...new Set([...asked, ...always, ...names])];
}

/** What the daemon shall ask for. @throws ConfigError that names the option */
export const wishesOf = (ipam: Dhcp["ipam"], args: string): Wishes => ({
  provide: provided(ipam, args),
  request: requested(ipam),
  priority: ipam.priority ?? 0,
  dns: ipam.useDns,
});
