/** Addresses of containers in a zone of firewalld, which lets them through by rules of its own. */
import { SystemError } from "../../../netlink/errors.ts";
import { familyOf } from "../../../netlink/wire/address.ts";
import { withoutPrefix } from "../../../netlink/wire/cidr.ts";
import { CniError, codes } from "../../cni/error.ts";
import { explain } from "../../cni/explain.ts";
import { Bus, BusError, systemBusPath } from "../../dbus/bus.ts";
import { type Owner, ownerComment } from "../owner.ts";
import type { Resource, Undo } from "../resource.ts";
import type { Side } from "../side.ts";
import { addressesOwned, ownerOfAddress } from "./admitted.ts";

const FIREWALLD = "org.fedoraproject.FirewallD1";

/** The system's message bus; undefined where there is none. @throws ProtocolError, SystemError when it fails otherwise */
function busIfThere(address: string | undefined): Bus | undefined {
  try {
    return new Bus(systemBusPath(address));
  } catch (error) {
    if (error instanceof SystemError && ["ENOENT", "ECONNREFUSED", "ENOTDIR"].includes(error.code))
      return undefined;
    throw error;
  }
}

/** firewalld as it runs. */
export class Firewalld implements Disposable {
  private constructor(private readonly bus: Bus) {}

  /**
   * firewalld, if it is running: if somebody has its name on the bus.
   * @param busAddress DBUS_SYSTEM_BUS_ADDRESS of the environment
   */
  static find(busAddress: string | undefined): Firewalld | undefined {
    const bus = busIfThere(busAddress);
    if (bus?.hasOwner(FIREWALLD)) return new Firewalld(bus);
    bus?.[Symbol.dispose]();
    return undefined;
  }

  /** A method of the interface for zones. @throws BusError what firewalld says */
  private ask(member: string, ...args: readonly string[]): string | boolean | undefined {
    const path = "/org/fedoraproject/FirewallD1";
    return this.bus.call({ destination: FIREWALLD, path, interface: `${FIREWALLD}.zone`, member }, ...args);
  }

  /** @returns false when the address is in the zone already. @throws CniError */
  add(zone: string, address: string): boolean {
    try {
      this.ask("addSource", zone, sourceOf(address));
      return true;
    } catch (error) {
      if (says(error, "ZONE_ALREADY_SET")) return false;
      if (says(error, "ZONE_CONFLICT")) throw inOtherZone({ zone, address }, this.zoneOf(address));
      throw failed(error, { zone, address });
    }
  }

  /** The zone that an address is in. */
  private zoneOf(address: string): string {
    return `${this.ask("getZoneOfSource", sourceOf(address)) ?? ""}`;
  }

  /** Whether the address is in the zone; not if there is no such zone. @throws CniError */
  has(zone: string, address: string): boolean {
    try {
      return this.ask("querySource", zone, sourceOf(address)) === true;
    } catch (error) {
      if (says(error, "INVALID_ZONE")) return false;
      throw failed(error, { zone, address });
    }
  }

  /** Takes an address out of the zone; one that is not in it, or in another, is left. @throws CniError */
  remove(zone: string, address: string): void {
    if (!this.has(zone, address)) return;
    try {
      this.ask("removeSource", zone, sourceOf(address));
    } catch (error) {
      if (!says(error, "UNKNOWN_SOURCE")) throw failed(error, { zone, address });
    }
  }

  [Symbol.dispose](): void {
    this.bus[Symbol.dispose]();
  }
}

/** As the reference plugin writes it. */
const sourceOf = (address: string): string => `${address}/${familyOf(address) === 4 ? 32 : 128}`;

/** Whether it is an error of firewalld with this code, with which its sentences begin. */
const says = (error: unknown, code: string): boolean =>
  error instanceof BusError && error.said.startsWith(code);

interface Source {
  readonly zone: string;
  readonly address: string;
}

const subjectOf = ({ zone, address }: Source) => ({
  code: codes.failed,
  operation: "use firewalld's zone",
  subject: `${zone} for ${address}`,
});

const inOtherZone = (source: Source, other: string): CniError =>
  new CniError({
    ...subjectOf(source),
    cause: `the address is in the zone ${other}`,
    hint: `take it out there: firewall-cmd --zone=${other} --remove-source=${sourceOf(source.address)}`,
  });

/** What to throw where firewalld refused; anything else is thrown as it is. */
function failed(error: unknown, source: Source): unknown {
  if (!(error instanceof BusError)) return error;
  const hint = says(error, "INVALID_ZONE")
    ? 'firewall-cmd --get-zones lists the zones for "firewalldZone"'
    : "see what firewalld says in its log: journalctl -u firewalld";
  return new CniError(
    { ...subjectOf(source), cause: error.said, hint, details: error.error },
    { cause: error },
  );
}

/** What the sources of an attachment depend on. */
export interface Sources {
  readonly owner: Owner;
  readonly zone: string;
  /** With or without prefix lengths; DEL without the result has none, and finds them among the addresses let through. */
  readonly cidrs: readonly string[];
  /** Writes a line for people. */
  tell(line: string): void;
}

/**
 * The container's addresses are in the zone. Whose they are firewalld cannot keep; the elements of `admittedAddresses` do,
 * which come before in a plan.
 */
export function sourcesInZone(
  host: Side,
  firewalld: Firewalld,
  { owner, zone, cidrs, tell }: Sources,
): Resource {
  const own = ownerComment(owner);
  const addresses = [...new Set(cidrs.map(withoutPrefix))];
  const isOthers = (address: string): boolean => {
    const found = ownerOfAddress(host, address);
    return found !== undefined && found !== own;
  };
  return {
    describe: () => `addresses in firewalld's zone ${zone}: ${addresses.join(", ")}`,
    ensure() {
      const added: string[] = [];
      const undo: Undo = () => {
        for (const address of added) firewalld.remove(zone, address);
      };
      try {
        for (const address of addresses) if (firewalld.add(zone, address)) added.push(address);
      } catch (error) {
        undo();
        throw error;
      }
      return undo;
    },
    check: () =>
      addresses
        .filter((address) => !firewalld.has(zone, address))
        .map((address) => `${address} is not in it`),
    remove() {
      const all = addresses.length > 0 ? addresses : addressesOwned(host, (text) => text === own);
      for (const address of all.filter((each) => !isOthers(each))) {
        try {
          firewalld.remove(zone, address);
        } catch (error) {
          // A firewalld that is in trouble must not keep containers from being removed.
          tell(`warning: ${explain(error).message}`);
        }
      }
    },
  };
}

/** GC: addresses of owners that `stale` picks leave the zone. To be done before their elements go. */
export function removeStaleSources(
  host: Side,
  firewalld: Firewalld,
  zone: string,
  stale: (owner: string) => boolean,
): void {
  for (const address of addressesOwned(host, stale)) firewalld.remove(zone, address);
}
