/** The client's state machine against a server that answers as the test says, by a clock that the test moves. */
import { describe, expect, test } from "bun:test";
import { type Client, discover, renew, select } from "../../src/dhcp/client.ts";
import type { Lease } from "../../src/dhcp/lease.ts";
import { type Action, changesLink, LeaseMachine, type Patience } from "../../src/dhcp/machine.ts";
import type { Message } from "../../src/dhcp/message/message.ts";
import { address, type MessageType, messageType, OPTION, TYPE } from "../../src/dhcp/message/options.ts";

const START = 1_000_000;
const SERVER = "10.77.0.1";

const client: Client = {
  mac: "02:00:00:00:00:07",
  id: Uint8Array.of(0, 119, 101, 98),
  provide: [[OPTION.hostName, new TextEncoder().encode("box")]],
  request: [1, 3, 121],
  broadcast: false,
};
const usual: Patience = { timeout: 10_000, resendMax: 62_000, resendTimeout: 208_000, probe: 0 };

const ip = (text: string) => Uint8Array.from(text.split("."), Number);
const u32 = (value: number) => Uint8Array.of(value >>> 24, value >>> 16, value >>> 8, value);

/** A machine in a world of its own: messages that it sends, leases that it reports, and the time. */
class World {
  now = START;
  readonly sent: { type: MessageType; message: Message; unicast: boolean; at: number }[] = [];
  readonly told: Action[] = [];
  machine: LeaseMachine;

  constructor(patience: Partial<Patience> = {}, resumed?: Lease) {
    this.machine = new LeaseMachine(
      client,
      { priority: 0, dns: false },
      { ...usual, ...patience },
      START,
      () => 0.5,
    );
    if (resumed !== undefined) this.machine.resume(resumed, START);
    this.take(this.machine.wake(START));
  }

  take(actions: readonly Action[]): void {
    for (const action of actions) {
      if (action.do === "send") {
        const { message, to } = action;
        const type = messageType(message.options)!;
        this.sent.push({ type, message, unicast: to !== "everyone", at: this.now - START });
      } else this.told.push(action);
    }
  }

  /** Lets time go by. */
  pass(milliseconds: number): void {
    const end = this.now + milliseconds;
    while (this.machine.next <= end) {
      this.now = Math.max(this.now, this.machine.next);
      this.take(this.machine.wake(this.now));
    }
    this.now = end;
  }

  get last() {
    return this.sent.at(-1)!;
  }

  /** A server's answer to the last message. */
  answer(
    type: "offer" | "ack" | "nak",
    more: Partial<Message> = {},
    options: [number, Uint8Array][] = [],
  ): void {
    const message: Message = {
      ...this.last.message,
      op: "reply",
      yourAddress: type === "nak" ? "0.0.0.0" : "10.77.0.50",
      options: new Map([
        [OPTION.messageType, Uint8Array.of(TYPE[type])],
        [OPTION.serverIdentifier, ip(SERVER)],
        [OPTION.subnetMask, ip("255.255.255.0")],
        [OPTION.router, ip("10.77.0.1")],
        [OPTION.leaseTime, u32(1000)],
        ...options,
      ]),
      ...more,
    };
    this.take(this.machine.receive(message, this.now));
  }

  /** Gets a lease of 1000 s at once. */
  bind(options: [number, Uint8Array][] = []): this {
    this.answer("offer", {}, options);
    this.answer("ack", {}, options);
    return this;
  }

  get types(): string[] {
    return this.sent.map(({ type, unicast }) => (unicast ? `${type} to the server` : type));
  }
}

describe("a first lease", () => {
  test("takes DISCOVER and REQUEST in one transaction", () => {
    const world = new World();
    world.bind();
    expect(world.types).toEqual(["discover", "request"]);
    const [discover, request] = world.sent.map(({ message }) => message);
    expect(request!.transaction).toBe(discover!.transaction);
    expect(address(request!.options, OPTION.requestedAddress)).toBe("10.77.0.50");
    expect(address(request!.options, OPTION.serverIdentifier)).toBe(SERVER);
    expect(world.told).toEqual([
      { do: "begin", lease: expect.objectContaining({ address: "10.77.0.50/24" }) },
    ]);
  });

  test("says who asks, and what for, in every message", () => {
    const world = new World().bind();
    world.pass(500_000);
    for (const { message } of world.sent) {
      expect(message.options.get(OPTION.clientIdentifier)).toEqual(client.id);
      expect(message.options.get(OPTION.hostName)).toEqual(new TextEncoder().encode("box"));
      expect([...message.options.get(OPTION.parameterRequestList)!]).toEqual([1, 3, 121]);
    }
  });

  test("asks for answers by broadcast when it is told to, but not from an address that it has", () => {
    const broadcasting = { ...client, broadcast: true };
    const offer = { address: "10.77.0.50/24", server: SERVER };
    expect(discover(broadcasting, 1, 0).broadcast).toBe(true);
    expect(select(broadcasting, 1, 0, offer).broadcast).toBe(true);
    expect(renew(broadcasting, 1, new World().bind().machine.lease!).broadcast).toBe(false);
    expect(discover(client, 1, 0).broadcast).toBe(false);
  });

  test("is asked for again while nobody answers: soon, then more rarely, then after a pause", () => {
    const world = new World({ timeout: 4000 });
    world.pass(7000);
    expect(world.sent.map(({ at }) => at)).toEqual([0, 500, 1500, 3500, 6000, 6500]);
    expect(world.sent[4]!.message.transaction).toBe(world.sent[0]!.message.transaction); // this random's only number
    expect(world.sent[5]!.message.seconds).toBe(6);
  });

  test("is waited for four short pauses, then pauses that double up to the longest", () => {
    const world = new World({ timeout: 100, resendMax: 20_000 });
    world.pass(208_000);
    const starts = world.sent.map(({ at }) => at);
    const pauses = starts.slice(1).map((at, index) => at - starts[index]! - 100);
    expect(pauses.slice(0, 9)).toEqual([2000, 2000, 2000, 2000, 4000, 8000, 16_000, 20_000, 20_000]);
  });

  test("is given up when the time is over, with the reason", () => {
    const world = new World({ timeout: 1000, resendTimeout: 5000 });
    world.pass(6000);
    expect(world.told).toEqual([{ do: "end", cause: "no server answered", lease: undefined }]);
    expect(world.machine.next).toBe(Number.POSITIVE_INFINITY);
  });

  test("is not taken from an offer without a mask, and the reason is told", () => {
    const world = new World({ timeout: 1000, resendTimeout: 2000 });
    world.answer("offer", {
      options: new Map([
        [53, Uint8Array.of(2)],
        [54, ip(SERVER)],
      ]),
    });
    world.pass(3000);
    expect(world.types).not.toContain("request");
    expect(world.told).toMatchObject([
      { do: "end", cause: expect.stringContaining("without a subnet mask") },
    ]);
  });

  test("is asked for anew after a refusal", () => {
    const world = new World();
    world.answer("offer");
    world.answer("nak");
    world.pass(2500);
    expect(world.types).toEqual(["discover", "request", "discover", "discover"]);
  });

  test.each<[string, Partial<Message>]>([
    ["another transaction", { transaction: 7 }],
    ["another client", { mac: "02:00:00:00:00:08" }],
    ["a client, not a server", { op: "request" }],
  ])("does not come from a message for or of %s", (_, more) => {
    const world = new World();
    world.answer("offer", more);
    expect(world.types).toEqual(["discover"]);
  });

  test("is not begun by the ACK of another server than the chosen", () => {
    const world = new World();
    world.answer("offer");
    world.answer("ack", {}, [[OPTION.serverIdentifier, ip("10.77.0.2")]]);
    expect(world.told).toEqual([]);
    world.answer("ack");
    expect(world.told).toHaveLength(1);
  });

  test("asks the link first whether somebody has the address, when it is told to", () => {
    const world = new World({ probe: 200 });
    world.bind();
    expect(world.told).toEqual([{ do: "probe", address: "10.77.0.50" }]);
    world.pass(200);
    expect(world.told).toHaveLength(2);
  });

  test("declines an address that somebody has, and asks again", () => {
    const world = new World({ probe: 200 });
    world.bind();
    world.take(world.machine.taken(world.now));
    expect(world.last.type).toBe("decline");
    expect(address(world.last.message.options, OPTION.requestedAddress)).toBe("10.77.0.50");
    world.pass(2100);
    expect(world.last.type).toBe("discover");
  });
});

describe("a lease", () => {
  test("is renewed at half of its time, by its server, without naming server or address", () => {
    const world = new World().bind();
    world.pass(487_499);
    expect(world.sent).toHaveLength(2);
    world.pass(1); // 500 s less half of a twentieth, by this random
    expect(world.last).toMatchObject({ type: "request", unicast: true });
    const { message } = world.last;
    expect(message.clientAddress).toBe("10.77.0.50");
    expect([...message.options.keys()]).not.toContain(OPTION.requestedAddress);
    expect([...message.options.keys()]).not.toContain(OPTION.serverIdentifier);
    world.answer("ack");
    expect(world.told.at(-1)).toMatchObject({ do: "keep" });
    expect(world.machine.phase).toBe("bound");
  });

  test("is renewed when the server says so", () => {
    const world = new World();
    world.bind([
      [OPTION.renewalTime, u32(100)],
      [OPTION.rebindingTime, u32(200)],
    ]);
    world.pass(97_500);
    expect(world.last.unicast).toBe(true);
    world.pass(102_500);
    expect(world.last).toMatchObject({ type: "request", unicast: false });
    expect(world.machine.phase).toBe("rebinding");
  });

  test.each([
    [0, 0],
    [900, 800],
    [100, 5000],
  ])("is renewed at the usual times when the server's make no sense (%d, %d)", (renewal, rebinding) => {
    const world = new World();
    world.bind([
      [OPTION.renewalTime, u32(renewal)],
      [OPTION.rebindingTime, u32(rebinding)],
    ]);
    expect(world.machine.lease).toMatchObject({ renewAt: START + 487_500, rebindAt: START + 850_000 });
  });

  test("is asked of everybody, then anew, when its server is silent; and runs out", () => {
    const world = new World().bind();
    world.pass(999_999);
    const later = world.sent
      .filter(({ at }) => at >= 850_000)
      .map(({ type, unicast }) => `${type} ${unicast}`);
    expect(later[0]).toBe("request false");
    expect(later).toContain("discover false");
    expect(world.told).toHaveLength(1);
    world.pass(1);
    expect(world.told.at(-1)).toMatchObject({
      do: "end",
      cause: "no server answered",
      lease: { address: "10.77.0.50/24" },
    });
  });

  test("is replaced after a refusal, at once", () => {
    const world = new World().bind();
    world.pass(500_000);
    world.answer("nak", {}, [[OPTION.message, new TextEncoder().encode("wrong network")]]);
    expect(world.last.type).toBe("discover");
    expect(address(world.last.message.options, OPTION.requestedAddress)).toBe("10.77.0.50");
    world.answer("offer", { yourAddress: "10.77.0.60" });
    world.answer("ack", { yourAddress: "10.77.0.60" });
    const change = world.told.at(-1) as Action & { do: "keep" };
    expect(change).toMatchObject({ do: "keep", lease: { address: "10.77.0.60/24" } });
    expect(changesLink(change)).toBe(true);
  });

  test("that only gets more time changes nothing on the link", () => {
    const world = new World().bind();
    world.pass(500_000);
    world.answer("ack");
    expect(changesLink(world.told.at(-1) as Action & { do: "keep" })).toBe(false);
  });

  test("for ever is never renewed", () => {
    const world = new World();
    world.bind([[OPTION.leaseTime, u32(0xffffffff)]]);
    world.pass(10 ** 12);
    expect(world.sent).toHaveLength(2);
  });

  test("of no time at all does not keep the network busy", () => {
    const world = new World();
    world.bind([[OPTION.leaseTime, u32(0)]]);
    world.pass(1900);
    expect(world.sent).toHaveLength(2);
  });

  test("is given back once, by its address", () => {
    const world = new World().bind();
    world.take(world.machine.stop());
    expect(world.last).toMatchObject({ type: "release", unicast: false });
    expect(world.last.message.clientAddress).toBe("10.77.0.50");
    expect(address(world.last.message.options, OPTION.serverIdentifier)).toBe(SERVER);
    world.pass(10 ** 7);
    expect(world.last.type).toBe("release");
  });

  test("that is not there yet has nothing to give back", () => {
    expect(new World().machine.stop()).toEqual([]);
  });
});

describe("a lease of an earlier daemon", () => {
  const lease: Lease = {
    server: SERVER,
    address: "10.77.0.50/24",
    routes: [],
    dns: {},
    renewAt: START + 1000,
    rebindAt: START + 2000,
    expiresAt: START + 3000,
  };

  test("is renewed when its time comes", () => {
    const world = new World({}, lease);
    expect(world.sent).toEqual([]);
    world.pass(1000);
    expect(world.last).toMatchObject({ type: "request", unicast: true });
  });

  test("is asked of everybody at once when that time has come meanwhile", () => {
    const world = new World({}, { ...lease, renewAt: START - 20, rebindAt: START - 10 });
    world.pass(1);
    expect(world.last).toMatchObject({ type: "request", unicast: false });
  });

  test("is asked for anew when it has run out meanwhile, and ends when nobody gives one", () => {
    const world = new World({ resendTimeout: 5000, timeout: 1000 }, { ...lease, expiresAt: START });
    expect(world.types).toEqual(["discover"]);
    world.pass(6000);
    expect(world.told).toMatchObject([{ do: "end", lease: { address: "10.77.0.50/24" } }]);
  });
});
