/**
 * A pattern in which * stands for any characters and ? for one, of the whole name. Its time grows with the product of the lengths at worst:
 * patterns also come from annotations, which anybody in the cluster may write, and a regular expression made of them could run for years.
 */
export function glob(pattern: string): (name: string) => boolean {
  if (!/[*?]/.test(pattern)) return (name) => name === pattern;
  const wanted = [...pattern];
  return (name) => {
    const given = [...name];
    let at = 0;
    /** The last star seen, and how far it has been stretched: no earlier one ever needs to be stretched again. */
    let star = -1;
    let stretched = 0;
    for (let index = 0; index < given.length; ) {
      if (wanted[at] === '*') {
        star = at++;
        stretched = index;
      } else if (at < wanted.length && (wanted[at] === '?' || wanted[at] === given[index])) {
        at++;
        index++;
      } else if (star >= 0) {
        at = star + 1;
        index = ++stretched;
      } else return false;
    }
    return wanted.slice(at).every((character) => character === '*');
  };
}
