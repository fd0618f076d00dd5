/** The VRF link: shared by the interfaces that belong to it, made by the first and removed with the last. */
import type { KernelError } from "../../../../netlink/errors.ts";
import { createLink, deleteLink, getLink, type Link, listLinks } from "../../../../netlink/route/links.ts";
import { CniError, codes } from "../../../cni/error.ts";
import { explain } from "../../../cni/explain.ts";
import { kindHint } from "../../../plan/kinds.ts";
import { type Resource, undoable } from "../../../plan/resource.ts";
import type { Side } from "../../../plan/side.ts";

export interface VrfOptions {
  readonly name: string;
  /** 0 for any. */
  readonly table: number;
}

/** A VRF that there is. */
export interface VrfLink {
  readonly index: number;
  readonly table: number;
}

const vrfOf = ({ index, linkinfo }: Link): VrfLink | undefined =>
  linkinfo?.kind === "vrf" ? { index, table: linkinfo.data?.table ?? 0 } : undefined;

/** The VRF of that name; nothing where there is none, or something else. */
export function findVrf(container: Side, name: string): VrfLink | undefined {
  const link = container.route.find(getLink({ ifname: name }));
  return link && vrfOf(link);
}

const unusable = (name: string, cause: string, hint: string): CniError =>
  new CniError({ code: codes.failed, operation: "use the VRF", subject: name, cause, hint });

/** @throws CniError when the name belongs to something else, or the table is another */
function usable(container: Side, { name, table }: VrfOptions): VrfLink | undefined {
  const link = container.route.find(getLink({ ifname: name }));
  if (link === undefined) return undefined;
  const vrf = vrfOf(link);
  if (vrf === undefined)
    throw unusable(name, "the container has a link of this name that is no VRF", 'give another "vrfname"');
  if (table !== 0 && vrf.table !== table)
    throw unusable(name, `it is there with table ${vrf.table}`, `give that as "table", or another "vrfname"`);
  return vrf;
}

/** The first table that no VRF has. Nobody else looks for one meanwhile: the caller has the turn. */
function freeTable(container: Side): number {
  const links = container.route.list(listLinks({ kind: "vrf", extMask: ["skipStats"] }));
  const taken = new Set(links.map((link) => vrfOf(link)?.table));
  let table = 1;
  while (taken.has(table)) table++;
  return table;
}

function explained(refusal: KernelError, { name }: VrfOptions): CniError {
  const { failure } = explain(refusal);
  const hint = refusal.code === "EOPNOTSUPP" ? kindHint("vrf") : failure.hint;
  return new CniError({ ...failure, operation: "make the VRF", subject: name, hint }, { cause: refusal });
}

function removeUnused(container: Side, name: string): void {
  const vrf = findVrf(container, name);
  if (vrf === undefined) return;
  const ports = container.route.list(listLinks({ master: vrf.index, extMask: ["skipStats"] }));
  if (ports.some(({ master }) => master === vrf.index)) return;
  const [refusal] = container.route.attempt([deleteLink({ index: vrf.index })]);
  if (refusal !== undefined && refusal.code !== "ENODEV") throw refusal;
}

export const vrfDevice = (container: Side, options: VrfOptions): Resource => {
  const { name, table } = options;
  const remove = (): void => removeUnused(container, name);
  return {
    describe: () => `VRF ${name}`,
    ensure() {
      if (usable(container, options) !== undefined) return undefined;
      const data = { table: table || freeTable(container) };
      return undoable(() => {
        const [refusal] = container.route.attempt([
          createLink({ ifname: name, flags: ["up"], linkinfo: { kind: "vrf", data } }),
        ]);
        if (refusal === undefined) return;
        // The Go plugin waits for nobody's turn, and may have been faster.
        if (refusal.code !== "EEXIST" || usable(container, options) === undefined)
          throw explained(refusal, options);
      }, remove);
    },
    check() {
      const link = container.route.find(getLink({ ifname: name }));
      if (link === undefined) return ["it is not there"];
      const vrf = vrfOf(link);
      if (vrf === undefined) return ["it is no VRF"];
      return [
        ...(table !== 0 && vrf.table !== table ? [`its table is ${vrf.table}, not ${table}`] : []),
        ...(link.flags.includes("up") ? [] : ["it is down"]),
      ];
    },
    remove,
  };
};
