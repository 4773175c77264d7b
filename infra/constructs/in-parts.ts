/**
 * A list of ARNs in parts, each for a statement of its own: the CDK moves statements of a policy that is too large to further policies of the
 * same role, but cannot divide one. Short ones, as it fills a policy by its own guess at their size and leaves what the next would not fit in.
 */
export function inParts(arns: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(arns.length / partSize) }, (_, index) => arns.slice(index * partSize, (index + 1) * partSize));
}

export const partSize = 10;
