/** A conversation with the kernel, or with something that stands in for it. */
export interface Transport {
  /** The port id (`nl_pid`) that the kernel's replies are addressed to. */
  readonly port: number;

  /** Sends one datagram, which may hold several messages. @throws SystemError */
  send(datagram: Uint8Array): void;

  /**
   * Waits for the next datagram.
   * @throws SystemError with code `ETIMEDOUT` when nothing came within the receive timeout, `ENOBUFS` when the
   * kernel had to drop messages
   */
  receive(): Datagram;

  /** Ends the conversation. Closing twice is harmless. */
  close(): void;
}

/** One received datagram. */
export interface Datagram {
  /** The messages. Valid until the next `receive` on the same transport. */
  readonly bytes: Uint8Array;
  /** The sender's port id; 0 is the kernel, anything else is to be ignored. */
  readonly port: number;
  /** True when the datagram was longer than the receive buffer and its end is lost. */
  readonly truncated: boolean;
}
