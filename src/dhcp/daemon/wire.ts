/** A lease's link and the sockets on it: open only while an answer may come, so that nothing keeps a dead container's namespace. */
import { DecodeError } from "../../../netlink/errors.ts";
import { type Channel, openBroadcast } from "../channel.ts";
import type { Lease } from "../lease.ts";
import { type LinkIdentity, type OpenLink, setState, withLink } from "../link.ts";
import type { Message } from "../message/message.ts";
import { openProbe, type Probe } from "../probe.ts";
import { openToServer, sendOnce } from "../release.ts";

export class Wire {
  private channel: Channel | undefined;
  /** Whether the channel is one to the lease's server only. */
  private unicast = false;
  private probe: Probe | undefined;

  constructor(
    private readonly netns: string,
    private readonly ifname: string,
    private readonly identity: LinkIdentity,
  ) {}

  /** The descriptor that something may come by. */
  get fd(): number | undefined {
    return this.channel?.fd ?? this.probe?.fd;
  }

  /** @throws LinkGone; what `act` throws */
  onLink<T>(act: (open: OpenLink) => T): T {
    return withLink(this.netns, this.ifname, this.identity, act);
  }

  /** Sends a message, and listens for its answer if there can be one. @throws LinkGone, SystemError, KernelError */
  send(message: Message, to: "everyone" | Lease, listens: boolean): void {
    this.onLink((open) => {
      if (to === "everyone") setState(open, "up");
      if (listens) this.channelTo(open, to).send(message);
      else sendOnce(open, message);
    });
  }

  private channelTo(open: OpenLink, to: "everyone" | Lease): Channel {
    const unicast = to !== "everyone";
    if (this.unicast !== unicast) this.stopListening();
    this.unicast = unicast;
    this.channel ??= unicast ? openToServer(open, to) : openBroadcast(open);
    return this.channel;
  }

  /** The messages that have come. @throws SystemError */
  *messages(): Generator<Message> {
    for (let message = this.next(); message !== undefined; message = this.next())
      if (message !== "other") yield message;
  }

  private next(): Message | "other" | undefined {
    try {
      return this.channel?.receive();
    } catch (error) {
      if (error instanceof DecodeError) return "other"; // somebody's nonsense
      throw error;
    }
  }

  /** Asks the link who has an address. @throws LinkGone, SystemError */
  ask(address: string): void {
    this.onLink((open) => {
      this.probe = openProbe(open, address);
    });
  }

  /** Whether somebody has it. @throws SystemError */
  get isTaken(): boolean {
    return this.probe?.answered() ?? false;
  }

  stopListening(): void {
    this.channel?.[Symbol.dispose]();
    this.channel = undefined;
  }

  stopAsking(): void {
    this.probe?.[Symbol.dispose]();
    this.probe = undefined;
  }

  close(): void {
    this.stopListening();
    this.stopAsking();
  }
}
