/** A message of limited size, made of parts that are either there whole or left out. */

export interface Block {
  /** Made only when it is tried: wrapping ten thousand findings takes seconds. */
  readonly text: () => string;
  /** Is it one finding, to be counted where it is left out? */
  readonly finding: boolean;
}

/** After so many findings that had no room, no other is tried. */
const mostMisfits = 50;

/** As many blocks as have room, in their order, and how many findings have none. `sizeOf` is in the unit of `room`. */
export const fitted = (
  blocks: readonly Block[],
  room: number,
  sizeOf: (text: string) => number,
): { readonly text: string; readonly leftOut: number } => {
  let free = room;
  let leftOut = 0;
  let text = '';
  for (const { text: make, finding } of blocks) {
    const part = finding && leftOut >= mostMisfits ? undefined : make();
    const size = part === undefined ? Number.POSITIVE_INFINITY : sizeOf(part);
    if (size <= free) {
      text += part;
      free -= size;
    } else if (finding) leftOut++;
  }
  return { text, leftOut };
};

const joined = (lines: readonly string[]): string => `${lines.join('\n')}\n`;

/** Lines that are no finding. */
export const block = (lines: () => readonly string[]): Block => ({ text: () => joined(lines()), finding: false });

/** A heading after an empty line, and the findings; nothing where there are none. */
export const section = <F>(heading: string, findings: readonly F[], lines: (finding: F) => readonly string[]): Block[] =>
  findings.length === 0
    ? []
    : [block(() => ['', heading]), ...findings.map((finding): Block => ({ text: () => joined(lines(finding)), finding: true }))];
