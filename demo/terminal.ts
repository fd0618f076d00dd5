/** Words on a terminal: colour where there is one, columns, and whether all went well. */

const colours = { bold: 1, dim: 2, red: 31, green: 32, cyan: 36 } as const;
type Colour = keyof typeof colours;

const coloured = process.stdout.isTTY === true && !process.env.NO_COLOR;

/** `text` in a colour, on a terminal that is to have any. */
export const paint = (colour: Colour, text: string): string =>
  coloured ? `\x1b[${colours[colour]}m${text}\x1b[0m` : text;

/** Columns for a line, beside the margin: what the terminal has, between 80 and 100. */
export const lineWidth = Math.min(100, Math.max(80, process.stdout.columns ?? 100)) - 2;

/** Columns that `text` takes on the terminal. */
const widthOf = (text: string): number => Bun.stringWidth(text);

/** `text` with spaces behind it up to `width` columns. */
export const pad = (text: string, width: number): string =>
  text + " ".repeat(Math.max(0, width - widthOf(text)));

/** The same with the spaces in front. */
const padStart = (text: string, width: number): string =>
  " ".repeat(Math.max(0, width - widthOf(text))) + text;

/** `text`, cut where it would be wider than `width` columns. */
export const cut = (text: string, width: number): string =>
  text.length > width ? `${text.slice(0, width - 1)}…` : text;

/** The lines of a table, each column as wide as its widest cell. @param numeric columns that end in one line */
export function columns(rows: readonly (readonly string[])[], numeric: readonly number[] = []): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    row.forEach((cell, index) => {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    });
  }
  const place = (cell: string, index: number) =>
    (numeric.includes(index) ? padStart : pad)(cell, widths[index]!);
  return rows.map((row) => row.map(place).join("  ").trimEnd());
}

export const milliseconds = (time: number, digits = 1): string => `${time.toFixed(digits)} ms`;

/** What is shown, and how much of it was not as it should be. */
export class Report {
  private wrong = 0;

  /** The exit code of a program that showed this. */
  get exitCode(): 0 | 1 {
    return this.wrong === 0 ? 0 : 1;
  }

  heading(text: string): void {
    console.log(`\n${paint("bold", text)}\n`);
  }

  lines(lines: readonly string[]): void {
    for (const line of lines) console.log(line === "" ? "" : `  ${line}`);
  }

  note(text: string): void {
    this.lines([paint("dim", text)]);
  }

  /** A mark for something that should be so; what is not is counted. */
  mark(isSo: boolean): string {
    if (!isSo) this.wrong++;
    return isSo ? paint("green", "✓") : paint("red", "✗");
  }

  /** The last words. */
  close(): void {
    const verdict =
      this.wrong === 0
        ? paint("green", "Everything was as it should be.")
        : paint("red", `${this.wrong} ✗ above.`);
    console.log(`\n${paint("bold", verdict)}\n`);
  }
}
