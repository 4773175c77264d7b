/** One line on a terminal while a long scan runs; nothing at all where standard error is no terminal. */
export const progressLine = (stream: NodeJS.WriteStream, label: string) => {
  const startedAt = Date.now();
  let last = startedAt;
  let shown = false;
  return {
    update({ objects, resource }: { readonly objects: number; readonly resource: string }): void {
      // A short scan ends before anyone could read it.
      if (!stream.isTTY || Date.now() - startedAt < 500 || Date.now() - last < 100) return;
      last = Date.now();
      shown = true;
      const text = `${label}: ${objects.toLocaleString('en')} objects, reading ${resource}`;
      stream.write(`\r\x1b[K${text.slice(0, Math.max(stream.columns - 1, 20))}`);
    },
    done(): void {
      if (shown) stream.write('\r\x1b[K');
    },
  };
};
