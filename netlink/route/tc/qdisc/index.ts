/** Queueing disciplines by their kinds, and the classes of those that have some. */
import { NoData } from "../../no-data.ts";
import { Fifo, Prio } from "./fifo.ts";
import { FqCodel } from "./fq-codel.ts";
import { Htb } from "./htb.ts";
import { Tbf } from "./tbf.ts";

/** The kinds that are described here, by the kernel's names. Others keep their name, and their options unread. */
export const qdiscKinds = {
  tbf: Tbf,
  htb: Htb,
  fq_codel: FqCodel,
  pfifo: Fifo,
  bfifo: Fifo,
  pfifo_fast: Prio,
  prio: Prio,
  noqueue: NoData,
  ingress: NoData,
  clsact: NoData,
};

/** The kinds of classes. */
export const classKinds = { htb: Htb };
