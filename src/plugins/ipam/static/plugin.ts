/** `static`: gives an attachment the addresses that its configuration or its arguments name, and keeps nothing. */
import { isAddress } from "../../../../netlink/wire/address.ts";
import { overlap, parseCidr } from "../../../../netlink/wire/cidr.ts";
import { canonicalAddress, canonicalCidr } from "../../../cni/address.ts";
import { parseArguments } from "../../../cni/arguments.ts";
import { configured } from "../../../cni/config/configure.ts";
import { formats } from "../../../cni/config/formats.ts";
import { CniError, codes } from "../../../cni/error.ts";
import { attachmentOf, type Call, type Plugin } from "../../../cni/plugin.ts";
import type { IpConfig, Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import { attachmentText, badArgument, checkRoom, routesOf } from "../../../plan/ipam.ts";
import { shapeOfStatic } from "./schema.ts" with { type: "macro" };
import type { Static } from "./schema.ts";

/** The values of a list in CNI_ARGS: `10.1.0.5/16, 10.2.0.5/16`. */
function listIn(
  key: string,
  text: string | undefined,
  fits: (each: string) => boolean,
  hint: string,
): string[] {
  if (!text) return [];
  const values = text.split(",").map((each) => each.trim());
  const wrong = values.find((each) => !fits(each));
  if (wrong !== undefined) throw badArgument(key, wrong, hint);
  return values;
}

const withinNetwork = (gateway: string, { address }: IpConfig): boolean => {
  const { bytes } = parseCidr(`${gateway}/0`);
  return overlap(parseCidr(address), { bytes, prefix: 8 * bytes.length });
};

/**
 * `IP` and `GATEWAY` of CNI_ARGS: each gateway goes to the addresses of `IP` in whose network it is, the last one wins.
 * Those in `ipam` have their own. `MAC` is for the plugin that delegates to this one.
 * @throws CniError with code 4
 */
function addressesInArguments(args: string): IpConfig[] {
  const { IP, GATEWAY } = parseArguments(args, ["IP", "GATEWAY", "MAC"]);
  const addresses = listIn(
    "IP",
    IP,
    formats.network,
    "write addresses with prefix lengths: IP=10.1.0.5/16,fd00::5/64",
  );
  const gateways = listIn("GATEWAY", GATEWAY, isAddress, "write addresses: GATEWAY=10.1.0.1,fd00::1");
  return addresses.map((text) => {
    const ip: IpConfig = { address: canonicalCidr(text) };
    const gateway = gateways.map(canonicalAddress).findLast((each) => withinNetwork(each, ip));
    return gateway === undefined ? ip : { ...ip, gateway };
  });
}

/** The first list that is not empty of those that stand in place of all addresses. */
function replacing({ args, runtimeConfig }: Static): readonly string[] | undefined {
  return [runtimeConfig?.ips, args?.cni?.ips].find((list) => list !== undefined && list.length > 0);
}

/** @throws CniError with code 4 for CNI_ARGS, ConfigError when the version has no room for all */
function addressesOf({ config, args, version }: Call<Static>): IpConfig[] {
  const given = [
    ...(config.ipam.addresses ?? []).map(({ address, gateway }) => ({
      address: canonicalCidr(address),
      gateway: gateway === undefined ? undefined : canonicalAddress(gateway),
    })),
    ...addressesInArguments(args),
  ];
  const ips = replacing(config)?.map((text) => ({ address: canonicalCidr(text) })) ?? given;
  const families = ips.map(({ address }) => (address.includes(":") ? 6 : 4));
  checkRoom(families, "address", version);
  return ips;
}

/** How the result of an ADD differs from the addresses. A gateway that none was asked for may be anyone's. */
function differences(ips: readonly IpConfig[], result: Result): string[] {
  return ips.flatMap(({ address, gateway }) => {
    const found = result.ips.filter((ip) => ip.address === address);
    if (found.length === 0) return [`prevResult has no ${address}`];
    if (gateway === undefined || found.some((ip) => ip.gateway === gateway)) return [];
    return [`prevResult has ${found[0]!.gateway ?? "nothing"} as gateway of ${address}, not ${gateway}`];
  });
}

function checkResult(call: Call<Static>): void {
  const failed = (code: number, cause: string, hint: string) =>
    new CniError({
      code,
      operation: "check the addresses of",
      subject: attachmentText(attachmentOf(call)),
      cause,
      hint,
    });
  if (call.prevResult === undefined) {
    throw failed(codes.invalidConfig, "the configuration has no prevResult", "CHECK needs the result of ADD");
  }
  const found = differences(addressesOf(call), call.prevResult);
  if (found.length > 0) throw failed(codes.failed, found.join("; "), "DEL and ADD make it anew");
}

export const plugin: Plugin<Static> = {
  ...identityOf("static"),
  configure: configured(() => shapeOfStatic()),
  add: (call) => ({
    interfaces: [],
    ips: addressesOf(call),
    routes: routesOf(call.config.ipam.routes),
    dns: call.config.ipam.dns ?? {},
  }),
  // Nothing is kept, so nothing is to be removed.
  del() {},
  gc() {},
  check: checkResult,
  status: (call) => void addressesOf(call),
};
