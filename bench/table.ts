/** The table that is printed: a line a figure, with its ratio and whether the target is met. */
import type { Figure, Row } from "./harness.ts";

/** @returns a Markdown table, padded so that a terminal shows it as well */
export function table(rows: readonly Row[]): string {
  const lines = [["what", "ours", "against", "ratio", "target", "processor", ""], ...rows.map(cells)];
  const widths = lines[0]!.map((_, column) => Math.max(...lines.map((line) => line[column]!.length), 3));
  const shown = lines.map(
    (line) => `| ${line.map((cell, column) => cell.padEnd(widths[column]!)).join(" | ")} |`,
  );
  const rule = `| ${widths.map((width) => "-".repeat(width)).join(" | ")} |`;
  return [shown[0], rule, ...shown.slice(1)].join("\n");
}

function cells({ what, ours, against, target, limit, processor, note = "" }: Row): string[] {
  if (ours === undefined) return [what, "", "", "", "", "", note];
  const ratio = against && ours.value / against.value;
  return [
    what,
    show(ours),
    against ? `${show(against)} ${against.name}` : "",
    ratio === undefined ? "" : ratio.toFixed(2),
    limit === undefined ? atMost(target) : atMost(limit, ours.unit),
    processor === undefined ? "" : showProcessor(processor),
    [verdict(ratio, target), verdict(ours.value, limit), note].filter(Boolean).join("; "),
  ];
}

const atMost = (most: number | undefined, unit = ""): string =>
  most === undefined ? "" : `≤ ${most} ${unit}`.trim();

function verdict(value: number | undefined, most: number | undefined): string {
  if (value === undefined || most === undefined) return "";
  return value <= most ? "ok" : "over target";
}

const show = ({ value, unit }: Figure): string => `${value.toFixed(value < 100 ? 1 : 0)} ${unit}`;

/** Processor time with its ratio: `6.1 / 4.2 ms, 1.45`. */
function showProcessor({ ours, against }: NonNullable<Row["processor"]>): string {
  const show = (value: number) => value.toFixed(value < 100 ? 1 : 0);
  return against === undefined
    ? `${show(ours)} ms`
    : `${show(ours)} / ${show(against)} ms, ${(ours / against).toFixed(2)}`;
}
