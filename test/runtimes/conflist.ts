/** What the runtimes of the containers project, Podman and Buildah, are told of networks. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** A CNI network configuration list, as a file of `/etc/cni/net.d` holds it. */
export interface Conflist {
  readonly cniVersion: string;
  readonly name: string;
  readonly plugins: readonly ({ readonly type: string } & Readonly<Record<string, unknown>>)[];
}

/** The network that Podman and Buildah make for themselves when there is no other. */
const OWN_DEFAULT = "podman";

export interface NetworkOptions {
  /** Directory of CNI executables, the only one that is searched. */
  readonly pluginDirectory: string;
  /** The one network of the host; without it the runtimes make their own. */
  readonly conflist?: Conflist;
  /** The OCI runtime. */
  readonly runtime: "crun" | "runc";
}

/** Cgroups and limits are left alone, so that no right beyond root's usual ones is needed. */
const containersConf = (configDirectory: string, network: string, options: NetworkOptions): string => `
[network]
network_backend = "cni"
cni_plugin_dirs = [${JSON.stringify(options.pluginDirectory)}]
network_config_dir = ${JSON.stringify(configDirectory)}
default_network = ${JSON.stringify(network)}
[engine]
cgroup_manager = "cgroupfs"
events_logger = "file"
runtime = "${options.runtime}"
[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
`;

/** Writes the files below `directory`. Gives the path of `containers.conf` and the name of the default network. */
export function configureNetworks(
  directory: string,
  options: NetworkOptions,
): { conf: string; network: string } {
  const { conflist } = options;
  const configDirectory = join(directory, "net.d");
  const network = conflist?.name ?? OWN_DEFAULT;
  mkdirSync(configDirectory);
  if (conflist) writeFileSync(join(configDirectory, `${network}.conflist`), JSON.stringify(conflist));
  const conf = join(directory, "containers.conf");
  writeFileSync(conf, containersConf(configDirectory, network, options));
  return { conf, network };
}
