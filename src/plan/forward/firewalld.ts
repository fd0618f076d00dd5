/** firewalld, spoken to over the message bus of the system: addresses that join a zone, are in it, and leave it. */
import { SystemError } from "../../../netlink/errors.ts";
import { familyOf } from "../../../netlink/wire/address.ts";
import { CniError, codes } from "../../cni/error.ts";
import { Bus, BusError, systemBusPath } from "../../dbus/bus.ts";

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
