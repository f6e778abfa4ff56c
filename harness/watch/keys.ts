import type { Input } from '../../foundation/node/io.ts';

export type Key = 'all' | 'failed' | 'end';

/** Keys by character. In raw mode, Ctrl-C and Ctrl-D are characters too. */
const KEYS: Readonly<Record<string, Key>> = {
  '\r': 'all',
  '\n': 'all',
  f: 'failed',
  q: 'end',
  '\u0003': 'end',
  '\u0004': 'end',
};

/** Reports pressed keys of a terminal until the returned function is called. */
export function watchKeys(input: Input, pressed: (key: Key) => void): () => void {
  const read = (chunk: Buffer): void => {
    for (const character of chunk.toString()) if (KEYS[character] !== undefined) pressed(KEYS[character]);
  };
  input.setRawMode?.(true);
  input.on('data', read);
  input.resume();
  return () => {
    input.off('data', read);
    input.setRawMode?.(false);
    input.pause();
  };
}
