/** `tuning`: kernel settings of the container, and attributes of the interface that an earlier plugin made. */
import { removes } from "../../../cni/commands.ts";
import { configured } from "../../../cni/config/configure.ts";
import { ConfigError } from "../../../cni/config/error.ts";
import { attachmentOf, type Call, type Plugin } from "../../../cni/plugin.ts";
import type { Result } from "../../../cni/result.ts";
import { identityOf } from "../../../names.ts";
import {
  attachToChain,
  type Chained,
  compareInChain,
  detachFromChain,
} from "../../../plan/attaching/chain.ts";
import { askedMac } from "../../../plan/attaching/mac.ts";
import { askedSysctl } from "../../../plan/sysctls.ts";
import { type Attributes, Backups } from "./backup.ts";
import { tunedInterface } from "./interface.ts";
import { repeatedKeys } from "./repeated.ts";
import { shapeOfTuning } from "./schema.ts" with { type: "macro" };
import type { Tuning } from "./schema.ts";
import { checkAllowed, settingsOf } from "./settings.ts";

/** The settings of the configuration, and over them those of `args.cni`. */
const sysctlOf = ({ sysctl, args }: Tuning): Readonly<Record<string, string>> => ({
  ...sysctl,
  ...args?.cni?.sysctl,
});

/** @throws CniError with code 4 when CNI_ARGS cannot be read */
function attributesOf(call: Call<Tuning>): Attributes {
  const { config } = call;
  const asked = config.args?.cni;
  const mac = askedMac(call, ["args", "capability", "MAC", "mac"]);
  const promisc = asked?.promisc || config.promisc;
  const mtu = asked?.mtu || config.mtu;
  const allmulti = asked?.allmulti ?? config.allmulti;
  const txQLen = asked?.txQLen ?? config.txQLen;
  return {
    ...(mac !== undefined && { mac }),
    ...(promisc && { promisc }),
    ...(mtu && { mtu }),
    ...(allmulti !== undefined && { allmulti }),
    ...(txQLen !== undefined && { txQLen }),
  };
}

/** @throws ConfigError for a setting that is given twice, since it is not known which value is meant */
function checkRepeated({ rawConfig }: Call<Tuning>): void {
  const repeated = repeatedKeys(rawConfig).filter((path) => /^(args\.cni\.)?sysctl\./i.test(path));
  if (repeated.length === 0) return;
  throw new ConfigError(
    repeated.map((path) => ({ path, problem: "it is there twice", hint: "leave out one of the two" })),
  );
}

/** The interface has another link-layer address than the plugins before found. */
const withMac = (result: Result, ifname: string, mac: string): Result => ({
  ...result,
  interfaces: result.interfaces.map((each) => (each.name === ifname ? { ...each, mac } : each)),
});

function chained(call: Call<Tuning>): Chained {
  const { config, ifname, command } = call;
  const wanted = removes(command) ? {} : attributesOf(call);
  const settings = removes(command) ? [] : settingsOf(sysctlOf(config), ifname);
  return {
    request: call,
    entersContainer: true,
    plan: ({ container }) => [
      ...settings.map((setting) => askedSysctl(container!, setting)),
      tunedInterface(container, {
        attachment: attachmentOf(call),
        wanted,
        backups: new Backups(config.dataDir, config.name),
        log: call.log,
      }),
    ],
    result: (_, previous) => (wanted.mac ? withMac(previous, ifname, wanted.mac) : previous),
  };
}

export const plugin: Plugin<Tuning> = {
  ...identityOf("tuning"),
  configure: configured(() => shapeOfTuning()),
  add(call) {
    checkRepeated(call);
    checkAllowed(Object.keys(sysctlOf(call.config)));
    return attachToChain(chained(call));
  },
  del: (call) => detachFromChain(chained(call)),
  check: (call) => compareInChain(chained(call)),
  gc: ({ config, validAttachments }) => new Backups(config.dataDir, config.name).collect(validAttachments),
  status(call) {
    checkRepeated(call);
    settingsOf(sysctlOf(call.config), "IFNAME");
    checkAllowed(Object.keys(sysctlOf(call.config)));
  },
};
